import type { Outcome } from '../types.js'

export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

/** What the exit code of a run is made from. */
export interface Ending {
  readonly hosts: readonly { readonly outcome: Outcome }[]
  /** An error that nobody expected. */
  readonly bug?: unknown
  readonly signal?: StopSignal
}

/** The first that applies wins. */
const codes: readonly { readonly code: number; readonly outcomes: readonly Outcome[] }[] = [
  { code: 5, outcomes: ['rolled-back'] },
  { code: 3, outcomes: ['failed', 'unsettled', 'skipped'] },
  { code: 4, outcomes: ['unreachable'] },
  { code: 6, outcomes: ['stale'] },
  { code: 2, outcomes: ['pending'] },
]

/** The exit code of a run: 70 a bug, 130/143 a signal, then the worst outcome of its hosts; 0 in sync or converged. */
export function exitCode({ hosts, bug, signal }: Ending): number {
  if (bug !== undefined) return 70
  if (signal) return signal === 'SIGINT' ? 130 : 143
  return codes.find(({ outcomes }) => hosts.some(({ outcome }) => outcomes.includes(outcome)))?.code ?? 0
}
