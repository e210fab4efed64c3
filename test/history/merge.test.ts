import { describe, expect, it } from 'vitest'
import type { HostEntry, RunDocument } from '../../src/history/document.js'
import { mergeRuns } from '../../src/history/merge.js'
import { shardNumber } from '../../src/shard.js'
import { countOutcomes } from '../../src/shown.js'
import type { Outcome } from '../../src/types.js'

const fleet = ['web6', 'web5', 'web1', 'web2', 'web3', 'web7', 'web4']
const entry = (host: string, outcome: Outcome): HostEntry => ({ host, outcome, changes: [], groups: ['web'], resources: ['sysctl'] })
const run = (at: number, shard: number | undefined, hosts: Record<string, Outcome>, more: Partial<RunDocument> = {}): RunDocument => {
  const entries = Object.entries(hosts).map(([host, outcome]) => entry(host, outcome))
  const began = `2026-01-12T0${at}:15:00.000Z`
  return {
    format: 1,
    run: `20260112T0${at}1500Z-${shard ?? 'x'}`,
    command: 'apply',
    began,
    ended: began,
    by: `kim@jump${shard}`,
    playbooks: ['a.yaml'],
    ...(shard && { shard: { number: shard, of: 2, fleet } }),
    hosts: entries,
    summary: countOutcomes(entries),
    ...more,
  }
}
const first = fleet.filter((host) => shardNumber(host, 2) === 1)
const second = fleet.filter((host) => shardNumber(host, 2) === 2)
const all = (hosts: readonly string[], outcome: Outcome): Record<string, Outcome> =>
  Object.fromEntries(hosts.map((host) => [host, outcome]))
const outcomes = (document: RunDocument): Record<string, Outcome> =>
  Object.fromEntries(document.hosts.map(({ host, outcome }) => [host, outcome]))

describe('runs of shards', () => {
  it('become one, in the order of the inventory', () => {
    expect([first.length > 1, second.length > 1]).toEqual([true, true])
    const { document, notes, missing } = mergeRuns([run(2, 2, all(second, 'in-sync')), run(1, 1, all(first, 'changed'))])
    expect(document.hosts.map(({ host }) => host)).toEqual(fleet)
    expect(document).toMatchObject({
      format: 1,
      run: expect.stringMatching(/^20260112T021500Z-[0-9a-f]{6}$/),
      command: 'apply',
      began: '2026-01-12T01:15:00.000Z',
      ended: '2026-01-12T02:15:00.000Z',
      by: 'kim@jump1, kim@jump2',
      playbooks: ['a.yaml'],
      merged: ['20260112T011500Z-1', '20260112T021500Z-2'],
      summary: { changed: first.length, 'in-sync': second.length },
    })
    expect({ notes, missing }).toEqual({ notes: ['shard 1/2: its newest run began 1 h before that of another'], missing: [] })
  })

  it('have the newest word of a host, whatever the order; what was not started is no word', () => {
    const [host = '', other = ''] = first
    const died = run(1, 1, { [host]: 'changed', [other]: 'failed' })
    const { ended: _, ...cut } = died
    const given = [cut, run(2, 1, { [host]: 'in-sync', [other]: 'changed' }), run(3, 1, { [host]: 'unreachable', [other]: 'skipped' })]
    for (const runs of [given, given.toReversed()]) {
      const { document, notes } = mergeRuns([...runs, run(3, 2, all(second, 'in-sync'))])
      expect(outcomes(document)).toMatchObject({ [host]: 'unreachable', [other]: 'changed' })
      expect(document.hosts.find((each) => each.host === host)?.warnings).toEqual([
        'changed before, by the run 20260112T011500Z-1, which is merged here',
      ])
      expect(notes[0]).toBe('shard 1/2: 3 runs, the newest is 20260112T031500Z-1')
    }
  })

  it('of which one is missing leave its hosts failed, by name', () => {
    const { document, notes, missing } = mergeRuns([run(1, 1, all(first, 'changed'))])
    expect(missing).toEqual([2])
    expect(notes).toEqual(['no run was given of shard 2/2'])
    expect(outcomes(document)).toEqual({ ...all(first, 'changed'), ...all(second, 'failed') })
    expect(document.hosts.find(({ host }) => host === second[0])?.reason).toBe(
      'no run of its shard 2/2 was given: nothing is known of it; run that shard again',
    )
  })

  it('that were made from another inventory are told', () => {
    const runs = [run(1, 1, { ...all(first, 'changed'), gone: 'in-sync' }), run(1, 2, all(second.slice(1), 'in-sync'))]
    const { document, notes } = mergeRuns(runs)
    expect(notes).toEqual(['1 host left out, which the newest run does not know any more: gone'])
    expect(document.hosts.find(({ host }) => host === second[0])?.reason).toContain('no run of its shard 2/2 names it')
  })

  it('that have not ended make none that has', () => {
    const { ended: _, ...cut } = run(1, 2, all(second, 'failed'))
    const { document, notes } = mergeRuns([run(1, 1, all(first, 'changed')), cut])
    expect(document.ended).toBeUndefined()
    expect(notes).toEqual([`shard 2/2: its run ${cut.run} has not ended`])
    // given twice: its journal, and what became of it
    expect(mergeRuns([run(1, 1, all(first, 'changed')), run(1, 2, all(second, 'in-sync')), cut]).document.summary).toEqual({
      changed: first.length,
      'in-sync': second.length,
    })
  })

  it('of another command or another number of shards are left out', () => {
    const old = run(1, 1, { old: 'failed' }, { shard: { number: 1, of: 3, fleet: ['old'] }, run: '20260112T011500Z-3' })
    const plan = run(4, undefined, { web1: 'pending' }, { command: 'plan' })
    const { document, notes } = mergeRuns([old, plan, run(2, 1, all(first, 'changed')), run(2, 2, all(second, 'changed'))])
    expect(document.summary).toEqual({ changed: fleet.length })
    expect(notes).toEqual(['2 runs left out, of another command or number of shards: apply in 3 shards, plan'])
  })

  it('count beside a run of all or some hosts, whichever is newer', () => {
    const [host = ''] = second
    const runs = [run(1, 1, all(first, 'changed')), run(1, 2, all(second, 'failed')), run(2, undefined, { [host]: 'changed' })]
    expect(outcomes(mergeRuns(runs).document)).toMatchObject({ [host]: 'changed', [second[1]!]: 'failed' })
  })

  it('without any shard go by name', () => {
    const { document, notes } = mergeRuns([run(1, undefined, { b: 'changed' }), run(2, undefined, { a: 'in-sync', c: 'failed' })])
    expect(document.hosts.map(({ host }) => host)).toEqual(['a', 'b', 'c'])
    expect(notes).toEqual([])
  })
})
