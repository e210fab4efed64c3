import type { HostPlan } from '../plan.js'
import { nameRivals, rivalWords } from '../rivals.js'
import { rivalScript } from '../script/rivals.js'
import type { Target } from '../types.js'
import type { Session } from './session.js'
import { runScript } from './trips.js'

/** The plan with the probable rival beside what is contested; one exec more, and only on a host where something is. */
export async function withRivals(plan: HostPlan, session: Session, target: Target, timeout: number): Promise<HostPlan> {
  const words = rivalWords(plan)
  if (words.length === 0) return plan
  return nameRivals(plan, await runScript(session, target, timeout, (mark) => rivalScript(words, mark)))
}
