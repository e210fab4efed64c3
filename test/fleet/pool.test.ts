import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { runPool } from '../../src/fleet/pool.js'

describe('the pool', () => {
  it.each([
    [1, 1],
    [3, 3],
    [50, 20],
  ])('works on at most %i at once (%i seen)', async (limit, most) => {
    let active = 0
    let seen = 0
    const order: number[] = []
    const items = Array.from({ length: 20 }, (_, at) => at)
    await runPool(
      items,
      limit,
      async (item) => {
        order.push(item)
        seen = Math.max(seen, ++active)
        await sleep(1 + (item % 3))
        active--
      },
      () => true,
    )
    expect(seen).toBe(most)
    expect(order).toEqual(items)
  })

  it('begins none after the word, and waits for those begun', async () => {
    const begun: number[] = []
    const ended: number[] = []
    await runPool(
      [0, 1, 2, 3, 4],
      2,
      async (item) => {
        begun.push(item)
        await sleep(item === 0 ? 20 : 5)
        ended.push(item)
      },
      () => ended.length === 0,
    )
    expect(begun).toEqual([0, 1])
    expect(ended).toEqual([1, 0])
  })

  it('does nothing with no items', () =>
    expect(
      runPool(
        [],
        5,
        () => Promise.reject(new Error('no')),
        () => true,
      ),
    ).resolves.toBeUndefined())
})
