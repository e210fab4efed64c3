import type { Aim } from '../aim.js'
import type { FleetHost, Stage } from '../engine.js'
import type { HostPlan } from '../plan.js'
import type { ScriptInput } from '../script/act.js'
import type { HostResult } from '../shown.js'
import type { Change, Outcome, Seen, Target } from '../types.js'
import type { Session } from './session.js'

export interface ConvergeOptions {
  readonly run: string
  readonly apply: boolean
  /** A plan that is kept says what it was made from. */
  readonly keeps?: boolean
  /** Who holds the lock on a host, for whoever meets it: `kim@jump1`. */
  readonly who: string
  /** Seconds. */
  readonly confirmTimeout: number
  readonly lockTimeout: number
  readonly connectTimeout: number
  readonly commandTimeout: number
  readonly connect: (target: Target) => Promise<Session>
  readonly onStage: (host: string, stage: Stage) => void
  readonly signal: AbortSignal
}

/** One host's way through a run. */
export interface Way {
  readonly item: FleetHost
  readonly options: ConvergeOptions
  readonly aim: Aim
  readonly input: (plan: HostPlan, seen: Seen) => ScriptInput
}

/** What is carried out on one host, and what is said of it whatever becomes of it. */
export interface Task {
  readonly way: Way
  readonly seen: Seen
  readonly plan: HostPlan
  readonly input: ScriptInput
  readonly base: Partial<HostResult>
}

/** The end of a host: its outcome, and what is said beside. */
export function ended({ item }: Pick<Way, 'item'>, outcome: Outcome, more: Partial<HostResult> = {}): HostResult {
  return { host: item.target.host, outcome, changes: [], ...more }
}

/** All changes of a plan, in the order of its steps. */
export function changesOf(plan: HostPlan): readonly Change[] {
  return plan.steps.flatMap((step) => step.changes)
}

/** `base` with further warnings. */
export function warned(base: Partial<HostResult>, more: readonly string[]): Partial<HostResult> {
  const warnings = [...(base.warnings ?? []), ...more]
  return warnings.length === 0 ? base : { ...base, warnings }
}

/** Waits that many milliseconds. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, milliseconds)))
}
