import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Converge, FleetHost } from '../../src/engine.js'
import { readSerial } from '../../src/fleet/batches.js'
import { type FleetOrder, startFleet } from '../../src/fleet/run.js'
import type { Outcome } from '../../src/types.js'

const host = (name: string): FleetHost => ({
  target: { host: name, address: '192.0.2.1', port: 22, user: 'root', become: false, becomeUser: 'root' },
  want: {
    host: name,
    resources: {},
    playbooks: [],
    mayRemove: true,
    prune: false,
    bootLoader: 'auto',
    beside: [],
    reach: [],
    onChange: [],
  },
})

/** The outcome stands in the host's name: `2-failed`. */
const byName: Converge = async ({ target: { host } }, { onStage }) => {
  onStage('look')
  await sleep(1)
  return { host, outcome: host.replace(/^\d+-/, '') as Outcome, changes: [] }
}

function fleet(names: string, order: Partial<FleetOrder> = {}) {
  const told: string[] = []
  const run = startFleet({
    hosts: names.split(' ').map(host),
    forks: 1,
    serial: [],
    converge: byName,
    events: {
      batch: (at, of) => told.push(`batch ${at}/${of}`),
      stage: (name, stage) => told.push(`${name} ${stage}`),
      done: ({ host }) => told.push(`${host} done`),
    },
    stop: new AbortController().signal,
    abort: new AbortController().signal,
    ...order,
  })
  return {
    run,
    told,
    outcomes: () =>
      run
        .results()
        .map(({ outcome }) => outcome)
        .join(' '),
  }
}

describe('a run over the fleet', () => {
  it('keeps of a result what it is told to keep, once all of it was told', async () => {
    const told: unknown[] = []
    const { run } = fleet('1-changed', {
      keep: ({ host, outcome }) => ({ host, outcome, changes: [] }),
      converge: async (item, watch) => ({ ...(await byName(item, watch)), held: { 'sysctl a': '1' } }),
      events: { batch: () => {}, stage: () => {}, done: (result) => told.push(result.held) },
    })
    await run.done
    expect(told).toEqual([{ 'sysctl a': '1' }])
    expect(run.results()).toEqual([{ host: '1-changed', outcome: 'changed', changes: [] }])
  })

  it("tells what goes on and reports in the inventory's order", async () => {
    const { run, told } = fleet('1-changed 2-in-sync', {
      forks: 2,
      converge: (item, watch) => sleep(item.target.host === '1-changed' ? 300 : 0).then(() => byName(item, watch)),
    })
    await run.done
    expect(run.results().map((result) => result.host)).toEqual(['1-changed', '2-in-sync'])
    expect(told).toEqual([
      'batch 1/1',
      '1-changed connect',
      '2-in-sync connect',
      '2-in-sync look',
      '2-in-sync done',
      '1-changed look',
      '1-changed done',
    ])
  })

  it.each([
    ['1-changed 2-changed 3-changed', '1', undefined, 'changed changed changed'],
    ['1-failed 2-changed 3-changed', '1', undefined, 'failed skipped skipped'], // a canary that fails
    ['1-unreachable 2-changed', '1', undefined, 'unreachable skipped'],
    ['1-rolled-back 2-changed', '1', undefined, 'rolled-back skipped'],
    ['1-unsettled 2-changed', '1', undefined, 'unsettled skipped'],
    ['1-stale 2-changed', '1', undefined, 'stale changed'],
    ['1-failed 2-changed 3-changed 4-changed', '2', undefined, 'failed changed changed changed'],
    ['1-failed 2-changed 3-changed 4-changed', '2', 50, 'failed changed changed changed'],
    ['1-failed 2-changed 3-changed 4-changed', '2', 49, 'failed skipped skipped skipped'],
    ['1-failed 2-failed 3-changed 4-changed', '2', 100, 'failed failed changed changed'],
    ['1-failed 2-failed 3-failed', '0', undefined, 'failed failed failed'],
    ['1-changed 2-failed 3-changed', '0', 0, 'changed failed skipped'],
  ])('%s --serial %s --max-fail-percentage %s: %s', async (names, serial, max, expected) => {
    const { run, outcomes } = fleet(names, {
      serial: readSerial(serial) as never,
      ...(max === undefined ? {} : { maxFailPercentage: max }),
    })
    await run.done
    expect(outcomes()).toBe(expected)
  })

  it('says why a host was not started', async () => {
    const { run } = fleet('1-unreachable 2-changed', { maxFailPercentage: 10 })
    await run.done
    expect(run.results()[1]!.reason).toBe("not started: the failure budget was reached: 1 of the batch's 2 failed, more than 10%")
  })

  it('starts no further host once it is stopped; those under way finish', async () => {
    const stop = new AbortController()
    const { run, outcomes } = fleet('1-changed 2-changed 3-changed 4-changed', {
      forks: 2,
      stop: stop.signal,
      converge: (item, watch) => {
        stop.abort('stopped by SIGINT')
        return sleep(5).then(() => byName(item, watch))
      },
    })
    await run.done
    expect(outcomes()).toBe('changed skipped skipped skipped')
    expect(run.results()[3]!.reason).toBe('not started: stopped by SIGINT')
  })

  it('reports hosts as they stand when an engine does not heed the abort', async () => {
    const abort = new AbortController()
    const { run } = fleet('1-changed 2-changed 3-changed', {
      forks: 3,
      abort: abort.signal,
      grace: 10,
      converge: async ({ target: { host } }, { onStage, signal }) => {
        onStage(host === '1-changed' ? 'look' : 'act')
        if (host !== '3-changed') return new Promise(() => {})
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        return { host, outcome: 'failed', reason: 'stopped', changes: [] }
      },
    })
    abort.abort()
    await run.done
    expect(run.results().map(({ outcome, reason }) => `${outcome}: ${reason}`)).toEqual([
      'failed: stopped while under way (look): nothing was written',
      'failed: stopped while under way (act): unless it was confirmed, the host undoes it by itself; run plan to see how it stands',
      'failed: stopped',
    ])
  })

  it('keeps what it knows when an engine throws, and starts no further host', async () => {
    const { run, outcomes } = fleet('1-changed 2-boom 3-changed', {
      converge: (item, watch) =>
        item.target.host === '2-boom' ? Promise.reject(new TypeError('x is not a function')) : byName(item, watch),
    })
    await run.done
    expect(outcomes()).toBe('changed failed skipped')
    expect(run.bug()).toBeInstanceOf(TypeError)
    expect(run.results()[1]!.reason).toBe('a bug in holdfast: TypeError: x is not a function')
  })

  it('can be asked while it goes on', async () => {
    const { run, outcomes } = fleet('1-changed 2-changed 3-changed', {
      converge: (item, watch) => (item.target.host === '2-changed' ? new Promise(() => watch.onStage('act')) : byName(item, watch)),
    })
    await sleep(20)
    expect(outcomes()).toBe('changed failed skipped')
    expect(run.results()[1]!.reason).toMatch(/under way \(act\)/)
  })

  it('drives 3000 hosts', async () => {
    const names = Array.from({ length: 3000 }, (_, at) => `${at}-changed`).join(' ')
    const { run, outcomes } = fleet(names, { forks: 500 })
    await run.done
    expect(
      outcomes()
        .split(' ')
        .every((outcome) => outcome === 'changed'),
    ).toBe(true)
  })
})
