import { nameOf } from './cases.js'
import type { ContenderName } from './contenders.js'
import { pairedOf, type Runs, ratioOf } from './numbers.js'
import type { Outcome, Played } from './play.js'

/** What `bench:fleet` found of a simulated fleet: the controller alone, hosts being answers. */
export interface FleetRow {
  readonly hosts: number
  readonly forks: number
  readonly fleet: string
  readonly wallMsPerHost: number
  readonly cpuMsPerHost: number
  /** A host more beyond the second smallest fleet of the run, by one below it. */
  readonly wallGrowth: number
  readonly cpuGrowth: number
  readonly rssMb: number
}

/** A promise about speed, and what this run says of it; without `measured` the run has no numbers for it. */
export interface Target {
  readonly says: string
  readonly atMost: number
  readonly unit: string
  readonly measured?: number
  readonly isMet?: boolean
}

const few = { keys: 3, rules: 3 }

/** The targets, measured in one run. Ratios and differences are medians of those of the same round. */
export const targetsOf = (outcomes: readonly Outcome[], fleet: readonly FleetRow[]): readonly Target[] => {
  const outcome = (name: string): Outcome | undefined => outcomes.find((one) => one.case.name === name)
  const runs = (name: string, contender: ContenderName): Runs => ({ outcome: outcome(name), name: contender })
  const between = (one: string, other: string, contender: ContenderName, compare: (run: Played, base: Played) => number): number =>
    pairedOf(runs(one, contender), runs(other, contender), compare) ?? Number.NaN
  const ratio = (name: string, other: ContenderName): number => {
    const found = outcome(name)
    return (found && ratioOf(found, 'holdfast', other)) ?? Number.NaN
  }
  const [near, far] = [nameOf('plan', 10, few), nameOf('plan', 10, few, 100)]
  const above = (contender: ContenderName): number => between(far, near, contender, (run, base) => run.wallMs - base.wallMs)
  const fifty = nameOf('plan', 50, few)
  const hundreds = nameOf('plan', 200, few)
  const [ten, thousand] = [nameOf('plan', 10, { keys: 20, rules: 10 }), nameOf('plan', 10, { keys: 20, rules: 1000 })]
  const inSync = (hosts: number): FleetRow | undefined => fleet.find((row) => row.hosts === hosts && row.fleet === 'in sync')
  const growth = (what: 'wallGrowth' | 'cpuGrowth'): number => (inSync(50) && inSync(200) && inSync(1000)?.[what]) ?? Number.NaN
  return [
    target('plan, 50 hosts, nothing to do: wall by that of the OpenSSH loop', 0.5, '×', ratio(fifty, 'ssh')),
    target("plan, 50 hosts, nothing to do: wall by that of Ansible's --check", 1 / 25, '×', ratio(fifty, 'ansible')),
    target("first converge of 50 hosts, guarded: wall by Ansible's", 1 / 12, '×', ratio(nameOf('converge', 50, few), 'ansible')),
    target('one host, nothing to do: wall by that of one ssh that reads the same', 1.2, '×', ratio(nameOf('plan', 1, few), 'ssh')),
    target(
      'controller CPU per host in sync (200 hosts less 50, by 150: without the start)',
      8,
      'ms',
      between(hundreds, fifty, 'holdfast', (run, base) => (run.cpuMs - base.cpuMs) / 150),
    ),
    target(
      '1,000 rules instead of 10 per host: wall',
      1.5,
      '×',
      between(thousand, ten, 'holdfast', (run, base) => run.wallMs / base.wallMs),
    ),
    target('100 ms of delay, nothing to do: wall above the local run', 1000, 'ms', above('holdfast')),
    target("100 ms of delay, nothing to do: the same, by OpenSSH's", 1, '×', above('holdfast') / above('ssh')),
    target('peak memory, 1,000 hosts (simulated)', 200, 'MB', inSync(1000)?.rssMb ?? Number.NaN),
    target('wall of a host more, from 200 to 1,000 hosts by from 50 to 200 (simulated)', 1.15, '×', growth('wallGrowth')),
    target('CPU of a host more, from 200 to 1,000 hosts by from 50 to 200 (simulated)', 1.15, '×', growth('cpuGrowth')),
  ]
}

const target = (says: string, atMost: number, unit: string, measured: number): Target =>
  Number.isFinite(measured) ? { says, atMost, unit, measured, isMet: measured <= atMost } : { says, atMost, unit }
