/** One host's part in the paths of the inventory: as an end whose kernel probes idle connections, or as a middlebox that forgets them. */
export interface PathsWant {
  readonly ends: readonly PathEnd[]
  readonly boxes: readonly PathBox[]
  /** What this run wants of the kernel parameters that paths turn on: they will hold, whatever is live. */
  readonly wanted: Readonly<Record<string, string>>
}

export interface PathEnd {
  readonly path: string
  /** The hop that forgets an idle connection first: `AWS GWLB`. */
  readonly hop: string
  /** Seconds after which it does. */
  readonly idle: number
  /** The most that tcp_keepalive_time and tcp_keepalive_intvl may be: idle without its margin. */
  readonly limit: number
}

export interface PathBox {
  readonly path: string
  /** Seconds between the probes of the path's ends, where this run says so, and the least that this host must remember. */
  readonly keepalive: number
  readonly least: number
}
