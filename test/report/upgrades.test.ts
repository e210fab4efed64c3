import { describe, expect, it } from 'vitest'
import type { HostEntry, RunDocument } from '../../src/history/document.js'
import { predictUpgrade, sayLost, sayPrediction, standingPredictions, upgradesOf } from '../../src/report/upgrades.js'
import type { Cause, Change, Layer } from '../../src/types.js'

const lost = (at: string, layer: Layer = 'live', cause: Cause = 'upgrade'): Change => ({ resource: 'sysctl', layer, at, after: '0', cause })
const entry = (
  host: string,
  previousVersion: string | undefined,
  version: string,
  changes: readonly Change[],
  groups = ['appliance'],
): HostEntry => ({
  host,
  outcome: 'pending',
  version,
  changes,
  groups,
  resources: ['sysctl'],
  ...(previousVersion !== undefined && { previousVersion }),
})
const run = (id: string, ...hosts: readonly HostEntry[]): RunDocument => ({
  format: 1,
  run: id,
  command: 'plan',
  began: id,
  by: 'x',
  playbooks: [],
  hosts,
  summary: {},
})

const history = [
  run('1', entry('a1', undefined, 'SP2', [])),
  run(
    '2',
    entry('a1', 'SP2', 'SP3', [lost('k.a'), lost('k.a', 'boot'), lost('k.b', 'live', 'new')]),
    entry('w', 'SP2', 'SP3', [lost('k.w')], ['web']),
  ),
  run('3', entry('a1', 'SP2', 'SP3', [lost('k.a')])),
]
const all = () => true

describe('upgrades in the history', () => {
  it('count once, by the run that met them first, with what they dropped alone', () => {
    expect(upgradesOf(history).map(({ host, run: id, lost: changes }) => [host, id, sayLost(changes)])).toEqual([
      ['a1', '2', ['sysctl k.a (live, boot)']],
      ['w', '2', ['sysctl k.w (live)']],
    ])
  })

  it.each([
    ['a2', 'SP2', ['appliance'], all, ['predicted: the upgrade SP2 -> SP3 will drop sysctl k.a (live, boot); as on a1']],
    ['a2', 'SP2', ['appliance'], () => false, ['predicted: the upgrade SP2 -> SP3 will drop nothing that the playbooks name; as on a1']],
    ['a2', 'SP3', ['appliance'], all, []],
    ['a2', 'SP2', ['proxy'], all, []],
    ['a1', 'SP2', ['appliance'], all, []],
  ])('foretell for %s at %s in %j', (host, version, groups, wants, told) => {
    expect(predictUpgrade({ host, version }, groups, upgradesOf(history), wants).map(sayPrediction)).toEqual(told)
  })

  const foretold = (id: string, version: string | undefined, to?: string): RunDocument => {
    const { version: _, ...host } = entry('a2', undefined, '', [])
    const predictions =
      to === undefined ? {} : { predictions: to === '' ? [] : [{ from: 'SP2', to, lost: ['sysctl k.a (live)'], asOn: ['a1'] }] }
    return run(id, { ...host, ...(version !== undefined && { version }), ...predictions })
  }

  it.each([
    ['stands', [foretold('1', 'SP2', 'SP3')], ['SP3']],
    [
      'stands through runs that did not ask, or did not reach the host',
      [foretold('1', 'SP2', 'SP3'), foretold('2', 'SP2'), foretold('3', undefined)],
      ['SP3'],
    ],
    ['goes when another takes its place', [foretold('1', 'SP2', 'SP3'), foretold('2', 'SP2', 'SP4')], ['SP4']],
    ['goes when nothing is predicted any more', [foretold('1', 'SP2', 'SP3'), foretold('2', 'SP2', '')], []],
    ['goes with the upgrade', [foretold('1', 'SP2', 'SP3'), foretold('2', 'SP3')], []],
  ] as const)('a prediction %s', (_, runs, to) => {
    expect(standingPredictions(runs).map((each) => [each.host, each.to])).toEqual(to.map((each) => ['a2', each]))
  })
})
