import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunReport } from '../../src/types.js'
import { holdfastWords } from '../program.js'
import { type Bench, startBench } from './bench.js'
import { holdfast, outcomes, project } from './run.js'

const names = ['a', 'b', 'c', 'd', 'e']
let bench: Bench
beforeAll(async () => {
  bench = await startBench(names.map((name) => ({ name, kind: 'bare' })))
})
afterAll(() => bench?.stop())
const files = (value: number, hosts: readonly string[] = names) => ({
  'inventory.yaml': bench.inventory(hosts),
  'playbooks/x.yaml': [{ hosts: 'all', sysctl: { 'net.ipv4.tcp_fin_timeout': value } }],
})

describe('rolling out', () => {
  it('a canary that fails stops the run before any other host is touched, and what was not started is listed', async () => {
    await bench.bad('a').line('block')
    const ran = await holdfast(bench.lab, ['apply', '--serial', '1,50%'], files(31))
    await bench.bad('a').line('open')
    expect(outcomes(ran)).toEqual({
      a: expect.stringMatching(/^unreachable/),
      ...Object.fromEntries(
        names.slice(1).map((name) => [name, expect.stringMatching(/^skipped: not started: the failure budget was reached/)]),
      ),
    })
    expect(ran.code).toBe(3)
    expect(await bench.bad('b').host.must('cat /proc/sys/net/ipv4/tcp_fin_timeout')).toBe('60\n')
  })

  it('a failure within the budget stops nobody', async () => {
    await bench.bad('c').line('block')
    const ran = await holdfast(bench.lab, ['apply', '--serial', '2', '--max-fail-percentage', '50'], files(32))
    await bench.bad('c').line('open')
    expect(outcomes(ran)).toEqual({ a: 'changed', b: 'changed', c: expect.stringMatching(/^unreachable/), d: 'changed', e: 'changed' })
    expect(ran.code).toBe(4)
  })
})

/** An apply that gets signals when a host stands at its gate; its report and its exit code. */
const interrupted = async (
  host: string,
  signals: number,
  value: number,
): Promise<{ code: number | null; report: RunReport; seconds: number }> => {
  const bad = bench.bad(host)
  bad.gate('mv', 'before', '*armed*confirmed*')
  const argv = [
    ...holdfastWords,
    'apply',
    '--json',
    '--forks',
    '1',
    '--confirm-timeout',
    '10',
    '--known-hosts',
    join(bench.lab.dir, 'known_hosts'),
  ]
  const controller = spawn('nsenter', [`--net=/proc/${bench.lab.pid}/ns/net`, ...argv], {
    cwd: project(bench.lab, files(value, [host, ...names.filter((name) => name !== host)])),
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let said = ''
  controller.stdout.on('data', (chunk) => {
    said += chunk
  })
  await bad.at('mv')
  const began = Date.now()
  for (let sent = 0; sent < signals; sent++) {
    controller.kill('SIGINT')
    await sleep(300)
  }
  if (signals === 1) bad.open()
  const code = await new Promise<number | null>((resolve) => controller.on('close', resolve))
  const seconds = (Date.now() - began) / 1000
  bad.open()
  return { code, report: JSON.parse(said) as RunReport, seconds }
}

describe('Ctrl-C', () => {
  it('once: the host under way finishes, no other starts', async () => {
    const { code, report } = await interrupted('b', 1, 41)
    expect(code).toBe(130)
    expect(report.hosts.map(({ outcome }) => outcome)).toEqual(['changed', 'skipped', 'skipped', 'skipped', 'skipped'])
    expect(report.hosts[1]!.reason).toBe('not started: stopped by SIGINT')
  })

  it('twice: it stops now, and says of the host under way that it undoes by itself', async () => {
    const { code, report, seconds } = await interrupted('d', 2, 42)
    expect(code).toBe(130)
    expect(seconds).toBeLessThan(9)
    expect(report.hosts[0]).toMatchObject({
      outcome: 'failed',
      reason: expect.stringMatching(/unless it was confirmed.* the host undoes it by itself/),
    })
    expect(report.hosts.slice(1).map(({ outcome }) => outcome)).toEqual(['skipped', 'skipped', 'skipped', 'skipped'])
  })
})
