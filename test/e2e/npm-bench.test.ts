import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Case } from '../bench/cases.js'
import { type Contender, type ContenderName, contenders } from '../bench/contenders.js'
import type { Row } from '../bench/numbers.js'
import { playGroup } from '../bench/play.js'
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
    ...['holdfast', 'ssh'].map((name) => `plan-1-3+3-20ms ${name} 1`),
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

const things = { keys: 1, rules: 1 }
const rule = '-A INPUT -s 192.0.2.0/24 -p tcp -m tcp --dport 10001 -j ACCEPT'
const inHost = (script: string) => ['nsenter', '-t', String(lab.hosts[0]!.pid), '-n', '-m', 'sh', '-c', script]

/** Plays one round in which some contenders run another command than theirs; gives why each run did not count. */
const complaintsOf = async (task: Case['task'], played: Partial<Record<ContenderName, readonly string[]>>) => {
  const real = await contenders(lab, dir, () => {})
  const pretends = (name: ContenderName, argv: readonly string[]): Contender =>
    argv.length === 0 ? real.get(name)! : { ...real.get(name)!, isSlow: false, argv: () => argv }
  const names = Object.keys(played) as ContenderName[]
  const ground = {
    ...{ lab, dir, fresh: await effectOf(lab.hosts[0]!), seconds: 60, kept: new Set<string>(), say: () => {} },
    ...{ now: new Map<string, string>(), all: new Map<ContenderName, Contender>([['holdfast', real.get('holdfast')!]]) },
  }
  for (const name of names) ground.all.set(name, pretends(name, played[name]!))
  const one: Case = { name: `pretends-${task}`, task, hosts: 1, things, delayMs: 0, contenders: names, rounds: 1 }
  const [outcome] = await playGroup(ground, [one])
  return Object.fromEntries(names.map((name) => [name, outcome!.runs.get(name)![0]!.complaint]))
}

it('a converge that did nothing, or live only, does not count', async () => {
  // what ansible says of a host that it changed, and of that alone
  const recap = "echo 'web1 : ok=1 changed=1 unreachable=0 failed=0'"
  // the reboot gives the host another process: the one that enters it goes last
  const found = await complaintsOf('converge', {
    ansible: ['sh', '-c', recap],
    mitogen: inHost(`sysctl -w ${allKeys[0]}=1 && iptables ${rule} && ${recap}`),
  })
  expect(found.ansible).toMatch(/^web1, line 1: wanted "net.ipv4.tcp_rfc1337 = 1", is "net.ipv4.tcp_rfc1337 = 0"$/)
  expect(found.mitogen).toMatch(/^after a reboot: web1, line 1: wanted/)
  await putBack(lab.hosts[0]!, 'fresh')
})

it('a plan of a host that is, or was put, out of sync does not count; the next one has it in sync again', async () => {
  const found = await complaintsOf('plan', {
    // changes nothing itself, and says that something was to do
    ansible: ['sh', '-c', "echo 'web1 : ok=1 changed=1 unreachable=0 failed=0'"],
    ssh: ['sh', '-c', 'kill -9 $$'],
    'ssh-curve25519': ['sh', '-c', 'kill -9 $PPID'],
    // says the right thing, and has changed a value
    mitogen: inHost(`sysctl -w ${allKeys[0]}=0 && echo 'web1 : ok=1 changed=0 unreachable=0 failed=0'`),
    holdfast: [],
  })
  expect(found).toEqual({
    ansible: 'of 1 hosts 0 should have changed; it says [1]',
    ssh: expect.stringMatching(/^ended with a signal/),
    'ssh-curve25519': expect.stringContaining('measure.py ended with a signal'),
    mitogen: 'web1, line 1: wanted "net.ipv4.tcp_rfc1337 = 1", is "net.ipv4.tcp_rfc1337 = 0"',
    holdfast: undefined,
  })
  await putBack(lab.hosts[0]!, 'fresh')
})

it('a host that is not what it was is not taken for fresh', async () => {
  const [host] = lab.hosts
  await host!.must('echo 1 > /etc/left-behind')
  await expect(putBack(host!, 'fresh')).rejects.toThrow(/left-behind/)
  await host!.must('rm /etc/left-behind')
  await putBack(host!, 'fresh')
})

it('a host that dies in the middle: that run and those after it do not count, and the bench goes on', async () => {
  const found = await complaintsOf('converge', { ansible: ['kill', '-9', String(lab.hosts[0]!.pid)], holdfast: [] })
  expect(found.ansible).toMatch(/web1|of 1 hosts 1 should have changed/)
  expect(found.holdfast).toMatch(/web1/)
})
