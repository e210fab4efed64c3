import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lab, startLab } from '../lab/lab.js'
import { differences, type Files, holdfast, outcomes } from './run.js'

const rules = [
  { id: 'first', family: 'both', chain: 'INPUT', rule: '-p tcp --dport 9101 -j ACCEPT', place: 'first' },
  { id: 'second', chain: 'INPUT', rule: '-p tcp --dport 9102 -j ACCEPT', after: 'id:first' },
  { id: 'jump', chain: 'INPUT', rule: '-p tcp --dport 9103 -j guests', place: 'last' },
  { id: 'text', chain: 'INPUT', rule: `-m comment --comment "say \\"hi\\" \\\\ 日本語 'x' $(id)" -j ACCEPT` },
  { id: 'snat', table: 'nat', chain: 'POSTROUTING', rule: '-s 10.1.0.0/16 -o eth9 -j MASQUERADE' },
]
const chains = [{ name: 'guests', rules: ['-s 192.0.2.1 -j ACCEPT', '-j RETURN'] }]
const files = (more: object): Files => ({ 'playbooks/a.yaml': [{ hosts: 'all', ...more }] })
const all = files({ iptables: rules, chains })

const names = ['systemd', 'legacy', 'openrc', 'sysv']
const each = (outcome: string) => Object.fromEntries(names.map((name) => [name, outcome]))

describe('a host on which nobody loads rules at boot', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await startLab([
      { name: 'systemd', kind: 'bare' },
      { name: 'legacy', kind: 'bare', backend: 'legacy' },
      // Links that lead nowhere: the service is not enabled.
      {
        name: 'openrc',
        kind: 'alpine',
        links: { '/etc/runlevels/default/iptables': '/none', '/etc/runlevels/default/ip6tables': '/none' },
      },
      { name: 'sysv', kind: 'appliance', links: { '/etc/rc.d/rc3.d/S08iptables': '/none' } },
    ])
  })
  afterAll(() => lab?.stop())

  const saved = () =>
    Promise.all(
      lab.hosts.map(async (host) =>
        (await host.must('iptables-save; ip6tables-save')).split('\n').filter((line) => /holdfast|guests/.test(line)),
      ),
    )

  it('gets a loader of our own, which brings the rules back in their order', async () => {
    const ran = await holdfast(lab, ['apply'], all)
    expect(outcomes(ran)).toEqual(each('changed'))
    const before = await saved()
    for (const lines of before) expect(lines.filter((line) => line.startsWith('-A'))).toHaveLength(8)
    await Promise.all(lab.hosts.map((host) => host.reboot()))
    expect(await saved()).toEqual(before)
    const again = await holdfast(lab, ['plan'], all)
    expect(differences(again)).toEqual([])
    expect(outcomes(again)).toEqual(each('in-sync'))
  })

  it('loses one rule at boot when one goes', async () => {
    const less = files({ iptables: rules.slice(0, 3), chains })
    expect(outcomes(await holdfast(lab, ['apply'], less))).toEqual(each('changed'))
    await Promise.all(lab.hosts.map((host) => host.reboot()))
    expect(outcomes(await holdfast(lab, ['plan'], less))).toEqual(each('in-sync'))
    for (const lines of await saved()) expect(lines.join('\n')).not.toMatch(/snat|holdfast:text/)
  })

  it('is left without a trace of the loader when the last rule goes', async () => {
    expect(outcomes(await holdfast(lab, ['apply'], files({ iptables: [] })))).toEqual(each('changed'))
    for (const host of lab.hosts) {
      expect(
        await host.must('find /etc /usr/local /lib/systemd/system -name "*holdfast*" 2>/dev/null; ls -d /etc/holdfast 2>/dev/null || :'),
        host.name,
      ).toBe('')
      expect(await host.must('iptables-save; ip6tables-save')).not.toContain('holdfast')
    }
    expect(outcomes(await holdfast(lab, ['plan'], files({ iptables: [] })))).toEqual(each('in-sync'))
  })

  it('is told that the rules are live only where no loader is wanted', async () => {
    const live = files({ boot_loader: 'none', iptables: [rules[0]] })
    const ran = await holdfast(lab, ['apply'], live)
    expect(outcomes(ran)).toEqual(each('changed'))
    expect(ran.report.hosts.every(({ changes }) => changes.every(({ layer }) => layer === 'live'))).toBe(true)
    for (const name of names) expect(ran.host(name).warnings?.join('\n')).toMatch(/declares live only/)
    expect(outcomes(await holdfast(lab, ['plan'], live))).toEqual(each('in-sync'))
  })
})

describe('an appliance without its profile', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await startLab([{ name: 'appliance', kind: 'appliance' }])
  })
  afterAll(() => lab?.stop())

  it('is not given rules in a file that its own service never reads', async () => {
    const before = await lab.host('appliance').must('iptables-save | grep ^-A')
    const ran = await holdfast(lab, ['apply'], files({ iptables: [{ id: 'any', chain: 'INPUT', rule: '-p tcp --dport 9101 -j ACCEPT' }] }))
    expect(ran.host('appliance').outcome).toBe('failed')
    expect(ran.host('appliance').reason).toMatch(
      /^\/etc\/init\.d\/iptables is enabled \(.*\) but reads no \/etc\/sysconfig\/iptables, .* name the product's profile/,
    )
    expect(await lab.host('appliance').must('iptables-save | grep ^-A')).toBe(before)
  })
})
