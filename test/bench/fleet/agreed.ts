/** How a host of the simulated fleet behaves, by the port of its address. */
export const ports = { inSync: 2201, pending: 2202, slow: 2203 } as const

/** Nobody listens there: the connection is refused. */
export const nobody = 2299

/** How long a slow host thinks before it answers. */
export const slowSeconds = 3

/** Looks of a real host, byte for byte (latin1), their mark taken out; the fleet answers with them. */
export interface Recording {
  readonly inSync: string
  /** One key drifted. */
  readonly pending: string
}

/** The word that stands in a recording for the mark of whoever asks. */
export const markWord = '@holdfast-recorded'
