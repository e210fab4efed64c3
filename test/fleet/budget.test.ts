import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countsAsFailure, overBudget } from '../../src/fleet/budget.js'

describe('the failure budget', () => {
  it.each([
    // failed, batch, percentage, stops
    [0, 10, 0, false],
    [1, 10, 0, true],
    [2, 10, 20, false], // must be exceeded, not equalled
    [3, 10, 20, true],
    [3, 10, 30, false],
    [1, 3, 33, true],
    [1, 3, 34, false],
    [10, 10, 99.5, true],
    [10, 10, 100, false], // also a batch that wholly failed (ansible#82267 stops there)
    [0, 10, undefined, false],
    [9, 10, undefined, false],
    [10, 10, undefined, true],
    [1, 1, undefined, true],
  ])('%i of %i failed, --max-fail-percentage %s: stops %s', (failed, size, max, stops) => {
    expect(overBudget(failed, size, max) !== undefined).toBe(stops)
  })

  it.each([
    ['failed', true],
    ['unreachable', true],
    ['rolled-back', true],
    ['unsettled', true],
    ['stale', false],
    ['skipped', false],
    ['pending', false],
    ['changed', false],
    ['in-sync', false],
  ] as const)('%s counts: %s', (outcome, counts) => expect(countsAsFailure(outcome)).toBe(counts))

  it('is kept by the fleet where every batch keeps it', () => {
    const batch = fc.tuple(fc.nat(20), fc.integer({ min: 1, max: 20 })).filter(([failed, size]) => failed <= size)
    fc.assert(
      fc.property(fc.array(batch, { minLength: 1 }), fc.nat(100), (batches, max) => {
        fc.pre(batches.every(([failed, size]) => !overBudget(failed, size, max)))
        const sum = (at: 0 | 1): number => batches.reduce((total, row) => total + row[at], 0)
        expect(overBudget(sum(0), sum(1), max)).toBeUndefined()
      }),
    )
  })
})
