import { describe, expect, it } from 'vitest'
import { exitCode, type StopSignal } from '../../src/fleet/exit.js'
import type { Outcome } from '../../src/types.js'

const rows: readonly [outcomes: string, code: number, signal?: StopSignal | undefined, bug?: boolean][] = [
  ['', 0],
  ['in-sync', 0],
  ['changed in-sync', 0],
  ['pending in-sync', 2],
  ['stale pending', 6],
  ['unreachable stale pending', 4],
  ['failed unreachable stale', 3],
  ['unsettled unreachable', 3],
  ['skipped changed', 3],
  ['skipped unreachable', 3],
  ['rolled-back failed unreachable stale', 5],
  ['changed rolled-back', 5],
  ['skipped rolled-back', 130, 'SIGINT'],
  ['in-sync', 130, 'SIGINT'],
  ['failed', 143, 'SIGTERM'],
  ['failed', 143, 'SIGHUP'],
  ['rolled-back', 70, 'SIGINT', true],
  ['in-sync', 70, undefined, true],
]

describe('exit codes', () => {
  it.each(rows)('%s -> %i (%s, bug %s)', (outcomes, code, signal, bug) => {
    const hosts = outcomes
      .split(' ')
      .filter(Boolean)
      .map((outcome) => ({ outcome: outcome as Outcome }))
    expect(exitCode({ hosts, ...(signal ? { signal } : {}), ...(bug ? { bug: new Error('x') } : {}) })).toBe(code)
  })
})
