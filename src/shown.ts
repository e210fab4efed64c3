import type { Shard } from './shard.js'
import type { Backend, HostRecord, HostReport, Init, Outcome, RunReport, Step } from './types.js'

/** Fingerprints of what a plan was made from. */
export interface MadeFrom {
  readonly version?: string
  readonly backend?: Backend
  readonly init: Init
  /** Digests by name: `/proc/sys/...`, `ipv4 filter INPUT`, `/etc/sysctl.conf`. Counters are in none of them. */
  readonly parts: Readonly<Record<string, string>>
}

/** What people are shown of a plan beside its changes. */
export interface ShownPlan {
  readonly steps?: readonly Step[]
  /** What would run, in order: `act`, `settle`. */
  readonly scripts?: readonly { readonly name: string; readonly text: string }[]
  /** What the host held when the plan was made. */
  readonly madeFrom?: MadeFrom
}

/** What a host will lose by an upgrade that others of its group have had. */
export interface Prediction {
  readonly from: string
  readonly to: string
  /** `sysctl net.ipv4.tcp_rfc1337 (live, boot)`. */
  readonly lost: readonly string[]
  /** The hosts that it was seen on. */
  readonly asOn: readonly string[]
}

/** What became of one host, with what people are shown beside the report. */
export interface HostResult extends HostReport {
  readonly plan?: ShownPlan
  /** The product's version at the last settled run, where it was another. */
  readonly previousVersion?: string
  /** What is remembered of the host after this run; only of one that is in sync or was settled. */
  readonly record?: HostRecord
  /** What the host remembered of its last run when it was looked at; for on_change alone. */
  readonly before?: HostRecord
  /** What the look read beside what it was asked for: see held.ts. */
  readonly held?: Readonly<Record<string, string>>
  /** With --predict-upgrade. */
  readonly predictions?: readonly Prediction[]
  /** With --wide: see wide.ts. */
  readonly wide?: Readonly<Record<string, string | null>>
}

/** A run as people are shown it. */
export interface ShownRun extends RunReport {
  /** The part of the fleet that it is of. */
  readonly shard?: Shard
  readonly hosts: readonly HostResult[]
}

/** How many hosts ended with each outcome; outcomes that no host has are absent. */
export function countOutcomes(hosts: readonly HostReport[]): Readonly<Partial<Record<Outcome, number>>> {
  const counts: Partial<Record<Outcome, number>> = {}
  for (const { outcome } of hosts) counts[outcome] = (counts[outcome] ?? 0) + 1
  return counts
}
