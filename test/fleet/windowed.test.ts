import { describe, expect, it } from 'vitest'
import type { Converge, FleetHost } from '../../src/engine.js'
import { withinWindows } from '../../src/fleet/windowed.js'
import type { Outcome } from '../../src/types.js'
import { readWindow } from '../../src/windows.js'

const window = readWindow('Sat 02:00-04:00', 'UTC')
if (typeof window === 'string') throw new Error(window)
const saying =
  (outcome: Outcome): Converge =>
  async ({ target: { host } }) => ({ host, outcome, changes: [] })
const host = { target: { host: 'web1' } } as FleetHost
const watch = { onStage: () => {}, signal: new AbortController().signal }

describe('change windows', () => {
  it.each([
    ['2026-01-17T01:59:59Z', true, 'pending'],
    ['2026-01-17T02:00:00Z', true, 'changed'],
    ['2026-01-17T03:58:00Z', true, 'changed'],
    ['2026-01-17T03:58:01Z', true, 'pending'], // a change begun now might end outside
    ['2026-01-17T04:00:00Z', true, 'pending'],
    ['2026-01-18T03:00:00Z', true, 'pending'],
    ['2026-01-18T03:00:00Z', false, 'changed'],
  ])('at %s, with windows: %s, a host is %s', async (now, has, outcome) => {
    const windowsOf = () => (has ? [window] : [])
    const order = { apply: saying('changed'), plan: saying('pending'), windowsOf, now: () => Date.parse(now), margin: 120_000 }
    const result = await withinWindows(order)(host, watch)
    expect(result.outcome).toBe(outcome)
    const next = now < '2026-01-17T02' ? '2026-01-17' : '2026-01-24'
    expect(result.warnings).toEqual(
      outcome === 'pending'
        ? [`outside its change windows, nothing was changed; the next opens at ${next}T02:00:00.000Z (Sat 02:00-04:00)`]
        : undefined,
    )
  })

  it('says nothing of windows where nothing is to be changed', async () => {
    const order = { apply: saying('changed'), plan: saying('in-sync'), windowsOf: () => [window], now: () => 0, margin: 0 }
    expect((await withinWindows(order)(host, watch)).warnings).toBeUndefined()
  })
})
