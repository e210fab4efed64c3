import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { holdfastWords } from '../program.js'
import { type Bad, type Bench, type Gate, startBench } from './bench.js'
import { holdfast, project } from './run.js'

const key = 'net.ipv4.tcp_fin_timeout'
const play = (value: number, id = 'own') => [
  { hosts: 'all', sysctl: { [key]: value }, iptables: [{ id, chain: 'INPUT', family: 'both', rule: '-p tcp --dport 8443 -j ACCEPT' }] },
]
const held = '*--noflush -w*'

/** A controller that is killed at that stage: what the host holds in the end. */
const stages: readonly (readonly [Gate, string, string, 'old' | 'new'])[] = [
  ['iptables-save', 'before', '*', 'old'],
  ['cksum', 'before', '??', 'old'],
  ['cp', 'before', '*', 'old'],
  ['ip', 'before', '*', 'old'],
  ['setsid', 'before', '*', 'old'],
  ['iptables-restore', 'before', held, 'old'],
  ['ip6tables-restore', 'after', held, 'old'],
  ['mv', 'before', '*armed*confirmed*', 'new'],
  ['mv', 'after', '*armed*confirmed*', 'new'],
  ['ln', 'before', '*', 'new'],
]

let bench: Bench
const names = ['a', 'b', ...stages.map((_, index) => `h${index}`)]
beforeAll(async () => {
  bench = await startBench(names.map((name, index) => ({ name, kind: 'web', ...(index % 2 === 1 && { backend: 'legacy' }) })))
})
afterAll(() => bench?.stop())

const files = (hosts: readonly string[], playbook: object) => ({ 'inventory.yaml': bench.inventory(hosts), 'playbooks/x.yaml': playbook })
const apply = (host: string, playbook: object, ...argv: readonly string[]) =>
  holdfast(bench.lab, ['apply', ...argv], files([host], playbook))
const state = (bad: Bad) =>
  bad.host.must(
    `cat /proc/sys/net/ipv4/tcp_fin_timeout; for t in iptables ip6tables; do $t-save | grep -c holdfast:; done; ls /etc/sysctl.d; true`,
  )
const left = (bad: Bad) =>
  bad.host.must(`ls -d /run/holdfast/lock /run/holdfast/broken* /var/lib/holdfast/staged 2>/dev/null; find /etc -name '.*holdfast*'; true`)

/** A controller of its own, to be killed. */
const start = (host: string, playbook: object, ...argv: readonly string[]): ChildProcess =>
  spawn(
    'nsenter',
    [`--net=/proc/${bench.lab.pid}/ns/net`, ...holdfastWords, 'apply', ...argv, '--known-hosts', join(bench.lab.dir, 'known_hosts')],
    { cwd: project(bench.lab, files([host], playbook)), stdio: 'ignore' },
  )

describe('a controller that is killed', () => {
  const became: string[] = []
  const lefts: string[] = []
  beforeAll(async () => {
    const was = await state(bench.bad('h0'))
    await Promise.all(
      stages.map(async ([command, when, pattern], index) => {
        const bad = bench.bad(`h${index}`)
        bad.gate(command, when, pattern)
        const controller = start(`h${index}`, play(33), '--confirm-timeout', '8')
        await bad.at(command)
        controller.kill('SIGKILL')
        await sleep(300)
        bad.open()
        for (let waited = 0; waited < 60 && (await bad.host.sh('test -e /run/holdfast/lock/owner')).code === 0; waited++) await sleep(500)
        await sleep(500)
        const now = await state(bad)
        became[index] = now === was ? 'old' : now.startsWith('33\n1\n1\n') ? 'new' : `mixed: ${now}`
        lefts[index] = await left(bad)
      }),
    )
  })

  it.each(stages.map((row, index) => [...row, index] as const))('at %s (%s %s): %s', (_, __, ___, expected, index) => {
    expect({ state: became[index], left: lefts[index] }).toEqual({ state: expected, left: '' })
  })

  it('the next run converges everywhere', async () => {
    const hosts = stages.map((_, index) => `h${index}`)
    const ran = await holdfast(bench.lab, ['apply'], files(hosts, play(33)))
    expect(ran.report.hosts.map(({ outcome }) => outcome)).toEqual(stages.map(([, , , is]) => (is === 'old' ? 'changed' : 'in-sync')))
  })
})

describe('two controllers', () => {
  it('take turns: the second waits, and converges', async () => {
    const bad = bench.bad('a')
    for (const value of [41, 42, 43]) {
      const two = await Promise.all([apply('a', play(value), '--lock-timeout', '30'), apply('a', play(value), '--lock-timeout', '30')])
      expect(two.map((ran) => ran.host('a').outcome).sort()).toEqual(['changed', 'in-sync'])
      expect((await state(bad)).split('\n').slice(0, 3)).toEqual([String(value), '1', '1'])
      expect(await left(bad)).toBe('')
    }
  })

  it('say who holds the lock, when waiting is over', async () => {
    const bad = bench.bad('a')
    bad.gate('mv', 'before', '*armed*confirmed*')
    const first = apply('a', play(51))
    await bad.at('mv')
    const ran = await apply('a', play(52), '--lock-timeout', '1')
    expect(ran.code).toBe(3)
    expect(ran.host('a').reason).toMatch(
      /^another run holds the lock: .+@.+, run \d{8}T\d{6}Z-\w+ since .+ \(process \d+ on the host\); waited 1 s, nothing was changed/,
    )
    expect(ran.host('a').warnings).toContainEqual(expect.stringMatching(/another run is under way and not confirmed yet/))
    bad.open()
    expect((await first).host('a').outcome).toBe('changed')
  })
})

describe('a run that died armed', () => {
  it('is named by a plan, and undone before the next one changes anything', async () => {
    const bad = bench.bad('b')
    const before = await state(bad)
    bad.gate('ip6tables-restore', 'after', held)
    const controller = start('b', play(61))
    await bad.at('ip6tables-restore')
    controller.kill('SIGKILL')
    // the undo, and the act that stands at the gate: as if the machine had run out of memory
    await bad.host.must('read -r undo rest < /run/holdfast/lock/owner; read -r act < /run/holdfast/lock/busy; kill -9 $act $undo')
    bad.open()
    await sleep(500)
    const plan = await holdfast(bench.lab, ['plan'], files(['b'], play(61)))
    expect(plan.host('b').warnings).toContainEqual(
      expect.stringMatching(/^a run died before it was confirmed .*the next apply that changes something undoes them first$/),
    )
    expect(await state(bad)).not.toBe(before)
    const ran = await apply('b', play(62, 'other'))
    expect(ran.host('b').outcome).toBe('changed')
    expect(await bad.host.must('iptables-save | grep holdfast:')).not.toMatch(/holdfast:own/)
    expect((await state(bad)).split('\n').slice(0, 3)).toEqual(['62', '1', '1'])
    expect(await left(bad)).toBe('')
  })
})

describe('two controllers that begin at any moment, ten times', () => {
  const rounds = async (host: string): Promise<void> => {
    const bad = bench.bad(host)
    for (const value of [71, 72, 73, 74, 75]) {
      const waits = [Math.random() * 1000, Math.random() * 1000]
      const two = await Promise.all(waits.map((wait) => sleep(wait).then(() => apply(host, play(value), '--lock-timeout', '30'))))
      const told = two.map((ran) => ran.host(host))
      expect({ waits, outcomes: told.map(({ outcome }) => outcome).sort(), reasons: told.flatMap(({ reason }) => reason ?? []) }).toEqual({
        waits,
        outcomes: ['changed', 'in-sync'],
        reasons: [],
      })
      expect((await state(bad)).split('\n').slice(0, 3)).toEqual([String(value), '1', '1'])
      expect(await left(bad)).toBe('')
    }
  }

  it('never meet, and both end converged', async () => {
    await Promise.all([rounds('a'), rounds('b')])
  })
})
