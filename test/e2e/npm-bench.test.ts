import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Case } from '../bench/cases.js'
import { type ContenderName, contenders } from '../bench/contenders.js'
import type { Row } from '../bench/numbers.js'
import { playCase } from '../bench/play.js'
import { effectOf, keep, putBack } from '../bench/state.js'
import { allKeys } from '../bench/things.js'
import { capture } from '../lab/capture.js'
import { type Lab, startLab } from '../lab/lab.js'

const root = join(import.meta.dirname, '../..')
const dir = mkdtempSync(join(tmpdir(), 'holdfast-bench-test-'))
let lab: Lab

beforeAll(async () => {
  lab = await startLab([{ name: 'web1', kind: 'web' }])
  await keep(lab.hosts[0]!, 'fresh')
})
afterAll(async () => {
  await lab?.stop()
  rmSync(dir, { recursive: true, force: true })
})

const bench = (...argv: readonly string[]) =>
  capture([join(root, 'node_modules/.bin/tsx'), join(root, 'test/bench/bench.ts'), ...argv], { timeout: 230_000 })

it('npm run bench -- --quick: every contender does the work, and it is written down', { timeout: 240_000 }, async () => {
  const out = join(dir, 'out')
  const { code, stdout, stderr } = await bench('--quick', '--out', out)
  expect(stderr).toContain('wrote bench.md, bench.json and bench.svg')
  expect(code).toBe(0)
  expect(stdout).toMatch(/not measured {2}plan, 50 hosts/)
  const found = JSON.parse(readFileSync(join(out, 'bench.json'), 'utf8')) as { readonly rows: readonly Row[] }
  expect(found.rows.flatMap(({ complaints }) => complaints)).toEqual([])
  expect(found.rows.map(({ case: name, contender, runs }) => `${name} ${contender} ${runs}`)).toEqual([
    ...['holdfast', 'ssh', 'ssh-curve25519', 'ansible', 'mitogen'].map((name) => `plan-2-3+3 ${name} 1`),
    ...['holdfast', 'ssh'].map((name) => `plan-1-3+3-20ms ${name} 3`),
    ...['holdfast', 'ansible'].map((name) => `converge-2-3+3 ${name} 1`),
    'drift-2-3+3 holdfast 1',
  ])
  for (const row of found.rows) {
    expect(Math.min(row.wallMs, row.cpuMs, row.peakMb)).toBeGreaterThan(1)
    expect(row.bytes).toBeGreaterThan(2000)
  }
  // one look per host in sync; a line that is far away is slower than the light
  const holdfast = found.rows.filter(({ contender }) => contender === 'holdfast')
  expect(holdfast.map(({ execs, connections }) => [execs, connections]).slice(0, 2)).toEqual([
    [1, 1],
    [1, 1],
  ])
  expect(holdfast[1]!.wallMs).toBeGreaterThan(7 * 20)
  expect(readFileSync(join(out, 'bench.md'), 'utf8')).toContain('## first converge, 2 hosts, 3 keys + 3 rules')
  expect(readFileSync(join(out, 'bench.svg'), 'utf8')).toMatch(/^<svg [\s\S]*<\/svg>\n$/)
})

it.each([
  [['--case', 'nonsense'], 'bench: there is no case nonsense: --list names them'],
  [['--rounds', '0'], 'bench: --rounds takes a whole number from 1 on, not 0'],
  [['--slow'], "bench: Unknown option '--slow'"],
])('%j: a sentence', async (argv, says) => {
  const { code, stderr } = await bench(...argv)
  expect(stderr).toContain(says)
  expect(code).toBe(1)
})

it('a run that did nothing, or live only, does not count', async () => {
  const [host] = lab.hosts
  const all = await contenders(lab, dir)
  const fresh = await effectOf(host!)
  const rule = '-A INPUT -s 192.0.2.0/24 -p tcp -m tcp --dport 10001 -j ACCEPT'
  const enter = ['nsenter', '-t', String(host!.pid), '-n', '-m', 'sh', '-c']
  const pretends = (name: ContenderName, argv: readonly string[]) => ({
    ...{ name, isSlow: false, env: all.get(name)!.env, argv: () => argv, complaint: () => undefined },
  })
  const ground = {
    ...{ lab, dir, fresh, rounds: 1, seconds: 60, kept: new Set<string>(), say: () => {} },
    all: new Map([
      ['ansible' as const, pretends('ansible', ['true'])],
      ['mitogen' as const, pretends('mitogen', [...enter, `sysctl -w ${allKeys[0]}=1 && iptables ${rule}`])],
    ]),
  }
  // the reboot gives the host another process: the one that enters it goes last
  const one: Case = {
    name: 'pretends',
    task: 'converge',
    hosts: 1,
    things: { keys: 1, rules: 1 },
    delayMs: 0,
    contenders: ['ansible', 'mitogen'],
  }
  const { runs } = await playCase(ground, one)
  expect(runs.get('ansible')![0]!.complaint).toMatch(/^web1, line 1: wanted "net.ipv4.tcp_rfc1337 = 1", is "net.ipv4.tcp_rfc1337 = 0"$/)
  expect(runs.get('mitogen')![0]!.complaint).toMatch(/^after a reboot: web1, line 1: wanted/)
  await putBack(host!, 'fresh')
})

it('a host that is not what it was is not taken for fresh', async () => {
  const [host] = lab.hosts
  await host!.must('echo 1 > /etc/left-behind')
  await expect(putBack(host!, 'fresh')).rejects.toThrow(/left-behind/)
  await host!.must('rm /etc/left-behind')
  await putBack(host!, 'fresh')
})
