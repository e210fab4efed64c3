import type { HostResult } from './shown.js'
import type { HostWant, Target } from './types.js'

/** One host of a run: how it is reached, and what it should hold. */
export interface FleetHost {
  readonly target: Target
  readonly want: HostWant
}

/** Where a host is on its way. */
export type Stage = 'connect' | 'look' | 'rehearse' | 'act' | 'settle' | 'undo' | 'done'

/** Brings one host to what is wanted, or says what that would take; rejects only for a bug. An abort of `signal` means stop now. */
export type Converge = (
  host: FleetHost,
  watch: { readonly onStage: (stage: Stage) => void; readonly signal: AbortSignal },
) => Promise<HostResult>
