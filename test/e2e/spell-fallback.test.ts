import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lab, startLab } from '../lab/lab.js'
import { differences, holdfast, outcomes, shipped } from './run.js'

const servers = (rules: readonly object[]) => ({
  'playbooks/rfc1337.yaml': shipped('rfc1337'),
  'playbooks/downstream-proxy.yaml': shipped('downstream-proxy'),
  'playbooks/servers.yaml': [
    { hosts: 'all:!appliance', iptables: rules, chains: [{ name: 'guests', rules: ['-s 192.0.2.1 -j ACCEPT', '-j RETURN'] }] },
  ],
})
const rules = [
  { id: 'first', family: 'both', chain: 'INPUT', rule: '-p tcp --dport 9101 -j ACCEPT', place: 'first' },
  { id: 'state', chain: 'INPUT', rule: '-p tcp --dport 9102 -m state --state NEW,ESTABLISHED -j ACCEPT', before: '-p icmp -j ACCEPT' },
  { id: 'snat', table: 'nat', chain: 'POSTROUTING', rule: '-s 10.1.2.3/16 -o eth9 -j MASQUERADE' },
]

describe('a host that cannot spell rules in a namespace of its own', () => {
  let lab: Lab
  beforeAll(async () => {
    const hide = ['/usr/bin/unshare']
    lab = await startLab([
      { name: 'web', kind: 'web', hide },
      { name: 'legacy', kind: 'web', backend: 'legacy', hide },
      { name: 'proxy', kind: 'proxy', hide },
      {
        name: 'bare',
        kind: 'bare',
        hide,
        files: { '/etc/systemd/system/icmp.service': '[Service]\nType=oneshot\nExecStart=/usr/sbin/iptables -A INPUT -p icmp -j ACCEPT\n' },
        links: { '/etc/systemd/system/sysinit.target.wants/icmp.service': '../icmp.service' },
      },
      { name: 'appliance', kind: 'appliance', hide },
    ])
  })
  afterAll(() => lab?.stop())
  const each = (outcome: string) => Object.fromEntries(lab.hosts.map(({ name }) => [name, outcome]))

  it('is converged by the table of spellings, once, in both layers', async () => {
    expect(outcomes(await holdfast(lab, ['apply'], servers(rules)))).toEqual(each('changed'))
    const again = await holdfast(lab, ['plan'], servers(rules))
    expect(differences(again)).toEqual([])
    expect(outcomes(again)).toEqual(each('in-sync'))
    await Promise.all(lab.hosts.map((host) => host.reboot()))
    const after = await holdfast(lab, ['plan'], servers(rules))
    expect(differences(after)).toEqual([])
    expect(outcomes(after)).toEqual(each('in-sync'))
  })

  it('is refused a rule that the table does not know, by its name and the reason', async () => {
    const strange = { id: 'strange', chain: 'INPUT', rule: '-m u32 --u32 "0>>22&0x3C@ 4 = 0x5" -j DROP' }
    const ran = await holdfast(lab, ['apply', '--limit', 'web'], { 'playbooks/s.yaml': [{ hosts: 'web', iptables: [strange] }] })
    expect(outcomes(ran)).toEqual({
      web: expect.stringMatching(
        /^failed: rule strange \(ipv4 filter INPUT: -m u32 .*\): this host cannot spell rules itself \(there is no unshare\)/,
      ),
    })
  })

  it('loses what is no longer wanted', async () => {
    const ran = await holdfast(lab, ['apply'], servers([]))
    for (const name of ['web', 'legacy', 'proxy', 'bare']) {
      expect(ran.host(name)).toMatchObject({ outcome: 'changed' })
      expect(await lab.host(name).must('iptables-save; ip6tables-save')).not.toContain('holdfast:')
    }
  })
})
