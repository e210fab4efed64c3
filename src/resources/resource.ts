import type { HostWant, Planned, Seen } from '../types.js'

/**
 * A kind of thing that is converged, in both layers. Pure: text in, text out.
 * `Want` is plain data, so that a kept plan can hold it.
 */
export interface Resource<Want> {
  /** The key of a play under which it is written: `sysctl`, `iptables`. */
  readonly name: string
  /** sh that prints this resource's sections with the helpers of host/look.ts; must not change anything on the host. */
  probe(want: Want, host: HostWant): string
  /** All differences of both layers; no steps = in sync. */
  plan(want: Want, seen: Seen, host: HostWant): Planned
}
