import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { RunReport } from '../../src/types.js'
import { type Measured, measure, sizeOf } from './fleet/measure.js'
import { growthOf, isPlayed, type Played, perHostOf, turns } from './fleet/rounds.js'
import { type Simulation, startSimulation } from './fleet/simulation.js'
import { median } from './numbers.js'

/** What the controller costs at one number of hosts; per host = (this run - the same run of one host) / (hosts - 1), the median of the rounds. */
export interface Row {
  readonly hosts: number
  readonly forks: number
  readonly fleet: 'in sync' | 'mixed'
  readonly wallMs: number
  readonly wallMsPerHost: number
  readonly cpuMsPerHost: number
  /** What a host more takes beyond the second smallest size with as many forks, by what it takes below: the median of the quotients of a round. */
  readonly wallGrowth: number
  readonly cpuGrowth: number
  readonly rssMb: number
  readonly fds: number
  readonly jsonBytes: number
  readonly historyBytes: number
  readonly planBytes: number
  readonly planRssMb: number
  readonly planCpuMsPerHost: number
  readonly pageBytes: number
  readonly pageRssMb: number
  readonly pageMs: number
}

interface Case extends Played {
  readonly forks: number
  readonly mixed: boolean
  readonly rounds: Measured[][]
}

/** Plans of one project, each with a state of its own; what they took is their median. */
const medianOf = (plans: readonly Measured[]): Measured => ({
  ...plans.at(-1)!,
  wallMs: median(plans.map(({ wallMs }) => wallMs)),
  cpuMs: median(plans.map(({ cpuMs }) => cpuMs)),
  rssMb: Math.max(...plans.map(({ rssMb }) => rssMb)),
})

/** Measures a kept plan and the report page over a project of so many hosts, beside what its plans took. */
async function measureCase(simulation: Simulation, folder: string, one: Case, ones: Played, line: readonly [Played, Played]): Promise<Row> {
  const { hosts, forks, mixed } = one
  const plan = medianOf(one.rounds.flat())
  const run = planOf(forks)
  const kept = await measure(simulation, folder, [...run, '--out', 'plan.json', '--state', 'kept'])
  const page = await measure(simulation, folder, [
    'report',
    '-i',
    'inventory.yaml',
    '--state',
    stateOf(forks, 0, turns >> 1),
    '--out',
    'page.html',
  ])
  if (page.code !== 0) throw new Error(`report ended with ${page.code}: ${readFileSync(page.stderr, 'utf8')}`)
  const perHost = (of: (run: Measured) => number): number => rounded(perHostOf(one, ones, of))
  const growth = (of: (run: Measured) => number): number => rounded(growthOf(one, ...line, of))
  const keptPerHost = (kept.cpuMs - medianOf(ones.rounds.flat()).cpuMs) / Math.max(1, hosts - 1)
  return {
    ...{ hosts, forks, fleet: mixed ? 'mixed' : 'in sync', wallMs: rounded(plan.wallMs) },
    ...{ wallMsPerHost: perHost(({ wallMs }) => wallMs), cpuMsPerHost: perHost(({ cpuMs }) => cpuMs) },
    ...{ wallGrowth: growth(({ wallMs }) => wallMs), cpuGrowth: growth(({ cpuMs }) => cpuMs) },
    ...{
      rssMb: rounded(plan.rssMb),
      fds: plan.fds,
      jsonBytes: sizeOf(plan.stdout),
      historyBytes: sizeOf(join(folder, `${stateOf(forks, 0, turns >> 1)}/runs`)),
    },
    ...{
      planBytes: sizeOf(join(folder, 'plan.json')),
      planRssMb: rounded(kept.rssMb),
      planCpuMsPerHost: rounded(keptPerHost),
    },
    ...{ pageBytes: sizeOf(join(folder, 'page.html')), pageRssMb: rounded(page.rssMb), pageMs: rounded(page.wallMs) },
  }
}

const stateOf = (forks: number, round: number, turn: number): string => `state-${forks}-${round}-${turn}`

const rounded = (value: number): number => Math.round(value * 100) / 100

/** The arguments of a plan of the whole fleet. */
export const planOf = (forks: number): readonly string[] => [
  ...['plan', '-i', 'inventory.yaml', '--known-hosts', 'known_hosts', '--forks', String(forks), 'playbooks/fleet.yaml'],
]

/** A plan whose answer is held to: every host, in the inventory's order, as the fleet plays it. */
export async function checked(simulation: Simulation, folder: string, argv: readonly string[], hosts: number): Promise<Measured> {
  const measured = await measure(simulation, folder, argv)
  const printed = readFileSync(measured.stdout, 'utf8')
  if (printed === '') throw new Error(`plan ended with ${measured.code}: ${readFileSync(measured.stderr, 'utf8').slice(0, 2000)}`)
  const report = JSON.parse(printed) as RunReport
  const names = report.hosts.map(({ host }) => host)
  if (names.length !== hosts || names.some((name, at) => name !== `web${String(at + 1).padStart(5, '0')}`))
    throw new Error(`the report has ${names.length} hosts of ${hosts}, or not in the inventory's order`)
  const { 'in-sync': inSync = 0, pending = 0, unreachable = 0 } = report.summary
  if (inSync + pending + unreachable !== hosts || inSync < 0.9 * hosts)
    throw new Error(`not as it is played: ${JSON.stringify(report.summary)}`)
  return measured
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      hosts: { type: 'string', default: '50,200,1000,5000,10000' },
      forks: { type: 'string', default: '50' },
      rounds: { type: 'string', default: '3' },
      mixed: { type: 'boolean', default: false },
      hashed: { type: 'boolean', default: false },
      json: { type: 'string' },
    },
  })
  const numbers = (text: string): readonly number[] => text.split(',').map(Number)
  const simulation = await startSimulation()
  const rows: Row[] = []
  try {
    const alone = simulation.project(1)
    await measure(simulation, alone, planOf(1)) // the kept bytecode
    const cases = numbers(values.hosts).flatMap((hosts) => {
      const folder = simulation.project(hosts, values)
      return numbers(values.forks).map((forks): Case & { folder: string } => ({ hosts, forks, mixed: values.mixed, folder, rounds: [] }))
    })
    const ones: Case & { folder: string } = { hosts: 1, forks: 1, mixed: false, folder: alone, rounds: [] }
    // the sizes take turns, so that a minute in which the machine is busy hits them all
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const each of [ones, ...cases]) each.rounds.push([])
      for (let turn = 0; turn < turns; turn++)
        for (const { hosts, forks, folder, rounds } of [ones, ...cases].filter((each) => isPlayed(each.hosts, round, turn)))
          rounds[round]!.push(
            await checked(simulation, folder, [...planOf(forks), '--json', '--state', stateOf(forks, round, turn)], hosts),
          )
    }
    const one = medianOf(ones.rounds.flat())
    process.stderr.write(`one host: ${one.wallMs.toFixed()} ms, ${one.cpuMs.toFixed()} ms of the processor, ${one.rssMb.toFixed()} MB\n`)
    for (const { folder, ...each } of cases) {
      const alike = cases.filter(({ forks }) => forks === each.forks).toSorted((one, other) => one.hosts - other.hosts)
      const [small, middle] = alike.length > 2 ? alike : [ones, ...alike]
      const row = await measureCase(simulation, folder, each, ones, [small!, middle!])
      process.stderr.write(`${JSON.stringify(row)}\n`)
      rows.push(row)
    }
  } finally {
    await simulation.stop()
  }
  const text = `${JSON.stringify({ rows }, null, 1)}\n`
  if (values.json === undefined) process.stdout.write(text)
  else writeFileSync(values.json, text)
}

if (process.argv[1] === import.meta.filename) await main()
