import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { must } from '../lab/capture.js'
import { type Lab, type LabHost, startLab } from '../lab/lab.js'
import { differences, type Files, holdfast, outcomes, shipped } from './run.js'

const playbooks: Files = {
  'playbooks/rfc1337.yaml': shipped('rfc1337'),
  'playbooks/downstream-proxy.yaml': shipped('downstream-proxy'),
  'playbooks/servers.yaml': [
    {
      hosts: 'all:!appliance',
      sysctl: { 'net.ipv4.tcp_keepalive_time': 325, 'net.ipv4.tcp_rmem': '4096  87380 6291456' },
      iptables: [
        { id: 'metrics', family: 'both', chain: 'INPUT', rule: '-p tcp --dport 9100 -m state --state NEW -j ACCEPT', place: 'first' },
        { id: 'mss', table: 'mangle', chain: 'FORWARD', rule: '-p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu' },
      ],
      chains: [{ name: 'watchers', rules: ['-s 192.0.2.7 -j RETURN', '-j DROP'] }],
    },
  ],
}

const servers = ['web', 'webl', 'proxy', 'alpine', 'bare', 'barel']
const all = ['appl', 'appn', ...servers]

/** All rules without their counters, and the values. */
const live = (host: LabHost): Promise<string> =>
  host.must(
    '{ iptables-save; ip6tables-save; } | sed "/^#/d;s/ \\[[0-9:]*\\]$//"; cat /proc/sys/net/ipv4/tcp_rfc1337 /proc/sys/net/ipv4/tcp_keepalive_time /proc/sys/net/ipv4/tcp_rmem',
  )
const mine = (text: string): readonly string[] => text.split('\n').filter((line) => /holdfast:|watchers|^\d/.test(line))

describe('from YAML to converged hosts of every kind', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await startLab([
      { name: 'appl', kind: 'appliance' },
      { name: 'appn', kind: 'appliance', backend: 'nft' },
      { name: 'web', kind: 'web' },
      { name: 'webl', kind: 'web', backend: 'legacy' },
      { name: 'proxy', kind: 'proxy' },
      { name: 'alpine', kind: 'alpine' },
      { name: 'bare', kind: 'bare' },
      { name: 'barel', kind: 'bare', backend: 'legacy' },
    ])
  })
  afterAll(() => lab?.stop())

  /** What a host has written since /var/tmp/before: in its own layer, for below it are this machine's files, which others write. */
  const touched = async (host: LabHost): Promise<string> => {
    const layer = `/proc/${lab.pid}/root${lab.dir}/hosts/${host.name}/upper`
    const ignored = ['!', '-name', 'utmp', '!', '-name', 'wtmp', '-print']
    const own = ['find', layer, '-path', `${layer}/var/log`, '-prune', '-o', '-newer', `${layer}/var/tmp/before`, ...ignored]
    return (await must(own)) + (await host.must(`find /run /tmp -xdev -newer /var/tmp/before ${ignored.join(' ')}`))
  }
  const every = (outcome: string) => Object.fromEntries(lab.hosts.map(({ name }) => [name, outcome]))

  it('plan names what is to be done and does nothing', async () => {
    const before = await Promise.all(lab.hosts.map(live))
    await Promise.all(lab.hosts.map((host) => host.must('touch /var/tmp/before && sleep 0.02')))
    const ran = await holdfast(lab, ['plan'], playbooks)
    expect(outcomes(ran)).toEqual(every('pending'))
    expect(ran.code).toBe(2)
    expect(await Promise.all(lab.hosts.map(live))).toEqual(before)
    const left = await Promise.all(lab.hosts.map(touched))
    expect(left).toEqual(lab.hosts.map(() => ''))
  })

  it('apply converges both layers', async () => {
    const ran = await holdfast(lab, ['apply'], playbooks)
    expect(outcomes(ran)).toEqual(every('changed'))
    expect(ran.code).toBe(0)
    for (const name of servers) {
      const text = await live(lab.host(name))
      expect(text, name).toContain('\n325\n4096\t87380\t6291456\n')
      expect(text.match(/-A INPUT -p tcp -m tcp --dport 9100 -m state --state NEW .*"?holdfast:metrics"?/g), name).toHaveLength(2)
      expect(text, name).toMatch(/-A FORWARD .*--tcp-flags SYN,RST SYN .*holdfast:mss"? -j TCPMSS --clamp-mss-to-pmtu/)
      expect(text, name).toContain('-A watchers -s 192.0.2.7/32 -j RETURN\n-A watchers -j DROP\n')
    }
    for (const name of ['appl', 'appn']) {
      const text = await live(lab.host(name))
      expect(text, name).toMatch(/RELATED,ESTABLISHED -j ACCEPT\n-A INPUT -s 198\.18\.0\.\d+\/32 -p tcp .*holdfast:downstream-proxy/)
      expect(mine(text).slice(-3)[0], name).toBe('0')
    }
  })

  it('apply again costs one exec and does nothing', async () => {
    const before = lab.hosts.map((host) => host.execs())
    const memories = () => Promise.all(lab.hosts.map((host) => host.must('ls -1ic /var/lib/holdfast/look')))
    const remembered = await memories()
    const ran = await holdfast(lab, ['apply'], playbooks)
    expect(differences(ran)).toEqual([])
    expect(outcomes(ran)).toEqual(every('in-sync'))
    expect(ran.code).toBe(0)
    expect(lab.hosts.map((host, index) => host.execs() - before[index]!)).toEqual(lab.hosts.map(() => 1))
    // settle left the still part of its look, and it was not made anew
    expect(remembered.map((listed) => listed.trim().split('\n').length)).toEqual(lab.hosts.map(() => 1))
    expect(await memories()).toEqual(remembered)
  })

  it('looks without a memory that cannot be read, and an apply leaves a sound one', async () => {
    const looks = async (command: string): Promise<readonly number[]> => {
      const before = lab.hosts.map((host) => host.execs())
      const ran = await holdfast(lab, [command], playbooks)
      expect(outcomes(ran)).toEqual(every('in-sync'))
      return lab.hosts.map((host, index) => host.execs() - before[index]!)
    }
    await Promise.all(
      lab.hosts.map((host) =>
        host.must('cd /var/lib/holdfast/look; for f in *; do head -c $(($(wc -c < $f) - 9)) $f > /root/cut; cat /root/cut > $f; done'),
      ),
    )
    expect(await looks('plan')).toEqual(lab.hosts.map(() => 2))
    expect(await looks('apply')).toEqual(lab.hosts.map(() => 2))
    expect(await looks('plan')).toEqual(lab.hosts.map(() => 1))
  })

  it('holds after a reboot', async () => {
    const before = await Promise.all(lab.hosts.map(live))
    await Promise.all(lab.hosts.map((host) => host.reboot()))
    const ran = await holdfast(lab, ['plan'], playbooks)
    expect(differences(ran)).toEqual([])
    expect(outcomes(ran)).toEqual(every('in-sync'))
    expect(ran.code).toBe(0)
    expect((await Promise.all(lab.hosts.map(live))).map(mine)).toEqual(before.map(mine))
  })

  it.each(['sp3', 'sp3p1'] as const)('sees what the upgrade to %s lost, and repairs it', async (to) => {
    const appliances = ['appl', 'appn'].map((name) => lab.host(name))
    await Promise.all(appliances.map((host) => host.upgrade(to)))
    const ran = await holdfast(lab, ['plan', '--limit', 'appliance'], playbooks)
    expect(ran.code).toBe(2)
    for (const { name } of appliances) {
      const report = ran.host(name)
      expect(report.outcome, report.reason).toBe('pending')
      expect(report.version).toBe(to === 'sp3' ? '6.5 SP3 build 3279' : '6.5 SP3 build 3312')
      const lost = report.changes.map(({ resource, layer, at, cause, before }) => `${resource} ${layer} ${at} ${cause} ${before ?? '-'}`)
      expect(lost).toEqual([
        'iptables live ipv4 filter INPUT downstream-proxy upgrade -',
        'iptables boot ipv4 filter INPUT downstream-proxy upgrade -',
      ])
    }
    const applied = await holdfast(lab, ['apply'], playbooks)
    expect(outcomes(applied)).toEqual({ ...every('in-sync'), appl: 'changed', appn: 'changed' })
    expect(outcomes(await holdfast(lab, ['plan'], playbooks))).toEqual(every('in-sync'))
    const before = await Promise.all(appliances.map(live))
    await Promise.all(appliances.map((host) => host.reboot()))
    expect((await Promise.all(appliances.map(live))).map(mine)).toEqual(before.map(mine))
    expect(outcomes(await holdfast(lab, ['plan'], playbooks))).toEqual(every('in-sync'))
  })

  it('asks for nothing of hosts that no play names', () => expect(lab.hosts.map(({ name }) => name).toSorted()).toEqual(all.toSorted()))
})
