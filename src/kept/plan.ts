import { type Access, extrasOf, plainOf } from '../load/access.js'
import type { MadeFrom } from '../shown.js'
import type { HostWant, Outcome, Step, Target } from '../types.js'

/** A plan as `plan --out` keeps it (schemas/plan.schema.json). Whoever may apply it needs nothing else but the hosts. */
export interface KeptPlan {
  readonly format: 1
  /** The version of the tool that made it. */
  readonly tool: string
  readonly run: string
  /** `kim@jump1`. */
  readonly by: string
  /** ISO times, UTC. */
  readonly made: string
  readonly validUntil: string
  /** Seconds. */
  readonly confirmTimeout: number
  readonly hosts: readonly KeptHost[]
}

export type KeptHost = KeptReady | KeptNot

/** How a host is reached: never with its password. */
export type KeptTarget = Omit<Target, 'password'> & Pick<Access, 'unsaid'> & { readonly passwordFrom?: 'inventory' }

interface KeptAny {
  readonly host: string
  readonly groups: readonly string[]
  readonly target: KeptTarget
  readonly outcome: Outcome
}

/** A host that was looked at: `pending` or `in-sync`. */
export interface KeptReady extends KeptAny {
  readonly version?: string
  readonly want: HostWant
  readonly steps: readonly Step[]
  readonly madeFrom: MadeFrom
}

/** A host of which nothing could be planned: it is not touched. */
export interface KeptNot extends KeptAny {
  readonly reason?: string
}

/** Whether there is a plan for the host. */
export const isReady = (host: KeptHost): host is KeptReady => 'want' in host

/** The target without its secrets, and without what the inventory is read again for anyhow. */
export function keptTarget(target: Access): KeptTarget {
  const plain = plainOf(target)
  return Object.keys(extrasOf(target)).length === 0 && target.password === undefined ? plain : { ...plain, passwordFrom: 'inventory' }
}
