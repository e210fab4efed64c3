import type { HostWant, Planned, Seen } from '../types.js'

/** One wanted thing as the record remembers it. */
export interface WantedItem {
  /** Unique in its resource: `net.ipv4.tcp_rfc1337`, `downstream-proxy`. */
  readonly id: string
  readonly playbook: string
  /** The play that names it: its on_change runs after a change. */
  readonly play?: string
  /** Text whose digest tells a change of intent from drift. */
  readonly want: string
  /** What a later removal needs; see RecordItem. */
  readonly where?: readonly string[]
}

/**
 * A kind of thing that is converged, in both layers. Pure: text in, text out.
 * `Want` is plain data, so that a kept plan can hold it.
 */
export interface Resource<Want> {
  /** The key of a play under which it is written: `sysctl`, `iptables`. */
  readonly name: string
  /** sh that prints this resource's sections with the helpers of script/prelude.ts; must not change anything on the host. */
  probe(want: Want, host: HostWant): string
  /** All differences of both layers; no steps = in sync. */
  plan(want: Want, seen: Seen, host: HostWant): Planned
  /** What the record remembers of a want, and under which `at`s its changes come. */
  items(want: Want): readonly WantedItem[]
  /** The part of a want that these ids name. */
  narrow(want: Want, ids: ReadonlySet<string>): unknown
}
