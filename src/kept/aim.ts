import { type Aim, aimOf } from '../aim.js'
import type { HostPlan, Recall } from '../plan.js'
import type { Seen } from '../types.js'
import { whatMoved } from './moved.js'
import type { KeptReady } from './plan.js'

/** The aim of an approved plan: what it wants, but only by the steps that were approved and on what they were made from. */
export function keptAim(kept: KeptReady, recall?: Recall): Aim {
  const aim = aimOf(kept.want, recall)
  return { ...aim, moved: (seen: Seen, plan: HostPlan) => whatMoved(kept, plan.steps, aim.madeFrom(seen, plan)) }
}
