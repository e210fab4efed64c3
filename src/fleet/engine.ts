import type { HostReport, HostWant, Step, Target } from '../types.js'

/** One host of a run: how it is reached, and what it should hold. */
export interface FleetHost {
  readonly target: Target
  readonly want: HostWant
}

/** Where a host is on its way. */
export type Stage = 'connect' | 'look' | 'rehearse' | 'act' | 'settle' | 'undo' | 'done'

/** What people are shown of a plan beside its changes. */
export interface ShownPlan {
  readonly steps?: readonly Step[]
  /** What would run, in order: `act`, `settle`. */
  readonly scripts?: readonly { readonly name: string; readonly text: string }[]
}

/** What became of one host, with what people are shown beside the report. */
export interface HostResult extends HostReport {
  readonly plan?: ShownPlan
  /** The product's version at the last settled run, where it was another. */
  readonly previousVersion?: string
}

/** Brings one host to what is wanted, or says what that would take; never rejects but for a bug. An abort of `signal` means stop now. */
export type Converge = (
  host: FleetHost,
  watch: { readonly onStage: (stage: Stage) => void; readonly signal: AbortSignal },
) => Promise<HostResult>
