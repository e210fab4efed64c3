import type { Outcome } from '../types.js'

const failures: readonly Outcome[] = ['failed', 'unreachable', 'rolled-back', 'unsettled']

/** Whether an outcome is counted against the failure budget: unlike Ansible's, it counts unreachable hosts too (ansible#56265). */
export const countsAsFailure = (outcome: Outcome): boolean => failures.includes(outcome)

/**
 * Why no further host may start after `failed` of a batch of `size` hosts; undefined while the budget holds.
 * As Ansible: the percentage is of the batch and must be exceeded, not equalled; without one, only a batch that wholly failed stops the run.
 * No budget over the fleet is needed beside it: where no batch exceeds a percentage, their sum does not either.
 */
export function overBudget(failed: number, size: number, maxFailPercentage: number | undefined): string | undefined {
  if (maxFailPercentage === undefined) return failed > 0 && failed === size ? `the whole batch (${size}) failed` : undefined
  if ((failed / size) * 100 <= maxFailPercentage) return undefined
  return `${failed} of the batch's ${size} failed, more than ${maxFailPercentage}%`
}
