import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { HostSpec } from '../lab/lab.js'
import { type Bad, type Bench, startBench } from './bench.js'
import { holdfast, type Ran } from './run.js'

/** A host whose change nobody can confirm: what it holds when its undo has fired. */
interface Let extends Partial<Omit<HostSpec, 'name'>> {
  /** Of the playbook, for this host. */
  readonly play: object
  /** sh, before the run. */
  readonly first?: string
  /** sh, once the change is made; `$iptables` is the host's. */
  readonly rival?: string
  /** Turns the chains before into those expected after the undo; nothing: as they were. */
  readonly expected?: (before: string) => string
  readonly outcome?: string
  readonly says?: RegExp
  /** The change itself closes the port of SSH: no gate is needed. */
  readonly lockout?: true
}

const own = { iptables: [{ id: 'own', chain: 'INPUT', rule: '-p tcp --dport 8443 -j ACCEPT', place: 'first' }] }
const rival = '$iptables -I INPUT 1 -s 203.0.113.1 -j DROP; $iptables -A INPUT -s 203.0.113.2 -j DROP; $iptables -D INPUT 2'
const rivals = (before: string) =>
  before
    .replace(/-A INPUT/, '-A INPUT -s 203.0.113.1/32 -j DROP\n-A INPUT')
    .replace(/((?:-A INPUT.*\n)+)/, '$1-A INPUT -s 203.0.113.2/32 -j DROP\n')
const others = /live: old; others changed ipv4 filter INPUT meanwhile/

const cases: Readonly<Record<string, Let>> = {
  'rival on nft': { play: own, rival, expected: rivals, says: others },
  'rival on legacy': { play: own, backend: 'legacy', rival, expected: rivals, says: others },
  'rival on busybox': { kind: 'alpine', play: own, rival, expected: rivals, says: others },
  'values, and those that the kernel moves with them': {
    play: { sysctl: { 'net.ipv4.ip_forward': 1, 'net.ipv4.conf.all.rp_filter': 2, 'net.ipv4.tcp_fin_timeout': 31 } },
  },
  'a chain that is made, and jumped to': {
    play: {
      chains: [
        { name: 'MADE', rules: ['-p tcp --dport 1 -j ACCEPT', '-j DEEP'] },
        { name: 'DEEP', rules: ['-p tcp --dport 2 -j ACCEPT'] },
      ],
      iptables: [{ id: 'jump', chain: 'FORWARD', rule: '-j MADE' }],
    },
  },
  'the same on legacy': {
    backend: 'legacy',
    play: {
      chains: [
        { name: 'MADE', rules: ['-p tcp --dport 1 -j ACCEPT', '-j DEEP'] },
        { name: 'DEEP', rules: ['-p tcp --dport 2 -j ACCEPT'] },
      ],
      iptables: [{ id: 'jump', chain: 'FORWARD', rule: '-j MADE' }],
    },
  },
  'a policy': { play: { chains: [{ name: 'FORWARD', family: 'ipv4', policy: 'ACCEPT' }] } },
  'rules that go, with their copies': {
    first: '$iptables -A INPUT -s 192.0.2.9 -j DROP; $iptables -I INPUT 2 -s 192.0.2.9 -j DROP; $iptables -I INPUT 4 -s 192.0.2.9 -j DROP',
    play: { iptables: [{ id: 'x', chain: 'INPUT', rule: '-s 192.0.2.9 -j DROP', state: 'absent' }, ...own.iptables] },
  },
  'the port of SSH is closed by the change, and the host could not rehearse it': {
    hide: ['/usr/bin/ip'],
    play: { iptables: [{ id: 'shut', chain: 'INPUT', rule: '-p tcp --dport 22 -j DROP', place: 'first' }] },
    lockout: true,
  },
  'and established connections are dropped with it': {
    hide: ['/usr/bin/ip'],
    backend: 'legacy',
    play: {
      iptables: [
        { id: 'shut', chain: 'INPUT', rule: '-p tcp --dport 22 -j DROP', place: 'first' },
        { id: 'gone', chain: 'INPUT', rule: '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT', state: 'absent' },
      ],
    },
    lockout: true,
  },
}

const chains = `for t in iptables ip6tables; do $t-save | sed 's/ \\[.*\\]$//' | grep -v '^#'; done`
const values = `grep -rH '' /proc/sys/net/ipv4/conf /proc/sys/net/ipv6/conf 2>/dev/null | grep -E 'forwarding|redirects|rp_filter|accept_ra'; cat /proc/sys/net/ipv4/tcp_fin_timeout`
const boot = `cat /etc/iptables/* /etc/sysctl.conf /etc/sysctl.d/* 2>/dev/null; ls -A /etc/sysctl.d /etc/iptables`

describe('an undo that is let fire', () => {
  const list = Object.entries(cases)
  let bench: Bench
  let ran: Ran
  const before: string[][] = []
  const after: string[][] = []
  const look = (bad: Bad) => Promise.all([chains, values, boot].map((script) => bad.host.must(script)))
  const sh = (bad: Bad, script: string) => bad.host.must(script.replaceAll('$iptables', '/usr/sbin/iptables'))

  beforeAll(async () => {
    bench = await startBench(
      list.map(([, { play, first, rival, expected, outcome, says, lockout, kind = 'web', ...spec }], index) => ({
        ...spec,
        kind,
        name: `h${index}`,
      })),
    )
    const bads = list.map((_, index) => bench.bad(`h${index}`))
    await Promise.all(list.map(async ([, { first }], index) => first && (await sh(bads[index]!, first))))
    before.push(...(await Promise.all(bads.map(look))))
    for (const [index, [, { lockout }]] of list.entries()) if (!lockout) bads[index]!.gate('setsid', 'before')
    const run = holdfast(bench.lab, ['apply', '--confirm-timeout', '10', '--connect-timeout', '4'], {
      'inventory.yaml': bench.inventory(list.map((_, index) => `h${index}`)),
      'playbooks/x.yaml': list.map(([, { play }], index) => ({ hosts: `h${index}`, ...play })),
    })
    let over = false
    const end = () => {
      over = true
    }
    void run.then(end, end)
    await Promise.all(
      list.map(async ([, one], index) => {
        const bad = bads[index]!
        if (one.lockout) return
        const until = async (script: string): Promise<void> => {
          while (!over && (await bad.host.sh(script)).code !== 0) await sleep(50)
        }
        // as it is armed: a run that is quicker than a look at it would be confirmed (busybox has no gates)
        await (one.kind === 'alpine' ? until('test -e /run/holdfast/lock/armed') : bad.at('setsid'))
        await bad.line('block')
        bad.open()
        await until('test -e /run/holdfast/lock/applied')
        if (one.rival) await sh(bad, one.rival)
        await until('test ! -e /run/holdfast/lock/armed')
        await bad.line('open')
      }),
    )
    ran = await run
    after.push(...(await Promise.all(bads.map(look))))
  })
  afterAll(() => bench?.stop())

  it.each(list.map(([name, one], index) => [name, one, index] as const))('%s', (_, one, index) => {
    const { outcome, reason } = ran.host(`h${index}`)
    expect(after[index]![0]).toBe((one.expected ?? ((text) => text))(before[index]![0]!))
    expect(after[index]!.slice(1)).toEqual(before[index]!.slice(1))
    expect({ outcome, reason }).toEqual({
      outcome: one.outcome ?? 'rolled-back',
      reason: expect.stringMatching(one.says ?? /undone on the host: live: old; looked again: live: old, boot: (old|untouched)/),
    })
  })

  it('ends with 5', () => expect(ran.code).toBe(5))
})
