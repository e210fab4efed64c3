import type { Origin } from '../../types.js'

/** One wanted kernel parameter. */
export interface SysctlKey {
  /** Canonical place: `/proc/sys/net/ipv4/conf/eth0.7/rp_filter`. Both spellings of the YAML end here. */
  readonly path: string
  /** As people read it, dots and, for a dot in a name, a slash: `net.ipv4.conf.eth0/7.rp_filter`. The `at` of a change. */
  readonly key: string
  /** The author's spelling, words parted by single blanks: `4096 87380 6291456`. */
  readonly value: string
  readonly origin: Origin
}

export interface SysctlWant {
  readonly keys: readonly SysctlKey[]
  /** Lower the remaining time of existing conntrack entries to the wanted timeout (never raise it). */
  readonly reage: boolean
}
