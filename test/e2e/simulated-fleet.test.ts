import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunReport } from '../../src/types.js'
import { type Measured, measure } from '../bench/fleet/measure.js'
import { type Simulation, startSimulation } from '../bench/fleet/simulation.js'
import { checked, planOf } from '../bench/fleet.js'

let fleet: Simulation
let one: Measured
beforeAll(async () => {
  fleet = await startSimulation()
  const alone = fleet.project(1)
  await measure(fleet, alone, planOf(1)) // keeps its bytecode for the next
  one = await checked(fleet, alone, [...planOf(1), '--json'], 1)
})
afterAll(() => fleet?.stop())

const reportOf = ({ stdout }: Measured): RunReport => JSON.parse(readFileSync(stdout, 'utf8')) as RunReport

/** Waits until so many hosts have been told. */
const linesIn = async (file: string, count: number): Promise<void> => {
  while (!existsSync(file) || readFileSync(file, 'utf8').split('\n').length <= count) await sleep(20)
}

describe('a fleet of 300 simulated hosts', () => {
  it('is planned in the order of the inventory, at a price per host that does not grow', async () => {
    const few = await checked(fleet, fleet.project(50), [...planOf(50), '--json'], 50)
    const many = await checked(fleet, fleet.project(300), [...planOf(50), '--json'], 300)
    const perHost = (run: Measured, hosts: number): number => (run.cpuMs - one.cpuMs) / (hosts - 1)
    expect(reportOf(many).summary).toEqual({ 'in-sync': 300 })
    // Half as much on a machine that does nothing else.
    expect(perHost(many, 300)).toBeLessThan(25)
    expect(perHost(many, 300)).toBeLessThan(1.15 * perHost(few, 50))
    expect(many.rssMb).toBeLessThan(200)
    // Of each host under way one connection, and that of the one before, whose end is told to it.
    expect(many.fds).toBeLessThan(2 * 50 + 60)
  })

  it('has hosts that differ, that are slow and that nobody reaches, each in its place', async () => {
    const folder = fleet.project(300, { mixed: true })
    const plan = await checked(fleet, folder, [...planOf(100), '--json', '--out', 'plan.json'], 300)
    const { hosts, summary } = reportOf(plan)
    expect({ code: plan.code, summary }).toEqual({ code: 4, summary: { 'in-sync': 282, pending: 15, unreachable: 3 } })
    expect(hosts.flatMap(({ outcome }, at) => (outcome === 'unreachable' ? [at] : []))).toEqual([99, 199, 299])
    expect(hosts[0]?.changes).toMatchObject([{ at: 'net.ipv4.tcp_fin_timeout', before: '60', after: '31', cause: 'drift' }])
    expect(plan.wallMs).toBeGreaterThan(3000)
    const kept = JSON.parse(readFileSync(`${folder}/plan.json`, 'utf8')) as { hosts: { host: string; steps?: unknown[] }[] }
    expect(kept.hosts.map(({ host }) => host)).toEqual(hosts.map(({ host }) => host))
    expect(kept.hosts[0]?.steps).toHaveLength(1)
  })

  it('tells of every host when it is stopped midway', async () => {
    const stopped = await measure(fleet, fleet.project(300), [...planOf(5), '--json', '--verbose'], {
      during: (pid, stderr) => void linesIn(stderr, 20).then(() => process.kill(pid, 'SIGINT')),
    })
    const { hosts, summary } = reportOf(stopped)
    expect(stopped.code).toBe(130)
    expect(hosts.map(({ host }) => host)).toEqual(hosts.map(({ host }) => host).toSorted())
    expect((summary['in-sync'] ?? 0) + (summary.skipped ?? 0) + (summary.failed ?? 0)).toBe(300)
    expect(summary.skipped).toBeGreaterThan(0)
    expect(summary['in-sync']).toBeGreaterThan(0)
  })

  it('is told on a terminal in one row, drawn anew, not in one per host', async () => {
    const drawn = await measure(fleet, fleet.project(300), planOf(50), { terminal: true })
    const text = readFileSync(drawn.stdout, 'utf8')
    expect(drawn.code).toBe(0)
    expect(text).toMatch(/\d+\/300 done/)
    expect(text).toContain('300 hosts: ')
    expect(text.split('\n').filter((line) => line.includes('web00300')).length).toBeLessThan(12)
    expect(drawn.cpuMs).toBeLessThan(one.cpuMs + 300 * 30)
  })
})
