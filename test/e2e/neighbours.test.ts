import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type HostSpec, type Lab, startLab } from '../lab/lab.js'
import { holdfast, outcomes } from './run.js'

const play = (more: object = {}) => ({
  'playbooks/a.yaml': [
    {
      hosts: 'all',
      iptables: [{ id: 'a', chain: 'INPUT', rule: '-p tcp --dport 9100 -j ACCEPT', place: 'first' }],
      boot_loader: 'none',
      ...more,
    },
  ],
})
const table = (policy: string, rule: string): string =>
  `table inet mine { chain guard { type filter hook input priority 10; policy ${policy}; ct state established,related accept; tcp dport 22 accept; ${rule} }; }`

/** A host with a firewall of somebody else's, the name that it goes by, and what gave it away. */
const rows: readonly (HostSpec & { readonly live?: string; readonly called: string; readonly because: RegExp })[] = [
  {
    name: 'ufw',
    kind: 'bare',
    files: { '/etc/ufw/ufw.conf': '# /etc/ufw/ufw.conf\nENABLED=yes\nLOGLEVEL=low\n' },
    called: 'ufw',
    because: /ufw\.conf says ENABLED=yes/,
  },
  {
    name: 'firewalld',
    kind: 'bare',
    links: { '/etc/systemd/system/multi-user.target.wants/firewalld.service': '/lib/systemd/system/firewalld.service' },
    called: 'firewalld',
    because: /enabled at boot/,
  },
  {
    name: 'nftables',
    kind: 'bare',
    links: { '/etc/systemd/system/sysinit.target.wants/nftables.service': '/lib/systemd/system/nftables.service' },
    called: 'nftables',
    because: /enabled at boot/,
  },
  {
    name: 'policy',
    kind: 'web',
    live: table('drop', ''),
    called: 'nftables',
    because: /table inet mine has the base chain guard on input, policy drop/,
  },
  {
    name: 'drops',
    kind: 'web',
    live: table('accept', 'ip saddr 192.0.2.66 drop;'),
    called: 'nftables',
    because: /table inet mine .* which can drop/,
  },
]

describe('a host on which somebody else filters', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await startLab([
      ...rows.map(({ live: _, called: __, because: ___, ...spec }) => spec),
      { name: 'harmless', kind: 'web' },
      { name: 'split', kind: 'web' },
      {
        name: 'naked',
        kind: 'bare',
        hide: ['/usr/sbin/iptables', '/usr/sbin/ip6tables', '/usr/sbin/iptables-save', '/usr/sbin/ip6tables-save'],
      },
    ])
    for (const row of rows) if (row.live !== undefined) await lab.host(row.name).must('nft -f -', row.live)
    await lab
      .host('harmless')
      .must('nft -f -', 'table inet count { chain c { type filter hook input priority 10; policy accept; counter; }; }')
    await lab.host('split').must('iptables-legacy -A INPUT -s 192.0.2.5 -j DROP')
  })
  afterAll(() => lab?.stop())

  it('is left alone, and the other firewall is named', async () => {
    const ran = await holdfast(lab, ['apply'], play())
    for (const { name, called, because } of rows) {
      const { outcome, reason } = ran.host(name)
      expect(outcome, name).toBe('failed')
      expect(reason).toContain(`\`beside: [${called}]\``)
      expect(reason).toMatch(because)
      expect(await lab.host(name).must('iptables-save')).not.toContain('holdfast')
    }
    expect(ran.host('harmless')).toMatchObject({ outcome: 'changed' })
    expect(ran.host('naked')).toMatchObject({ outcome: 'failed', reason: 'there is no iptables on this host' })
    expect(ran.host('split').outcome).toBe('changed')
    expect(ran.host('split').warnings?.join('\n')).toMatch(/split ruleset: 1 rules? stands? in the legacy back end/)
  })

  it('takes rules where the play says that it may stand beside', async () => {
    const ran = await holdfast(lab, ['apply'], play({ beside: ['ufw', 'firewalld', 'nftables'] }))
    for (const { name } of rows) expect([name, ran.host(name).reason, ran.host(name).outcome]).toEqual([name, undefined, 'changed'])
  })

  it('takes kernel parameters without a word', async () => {
    const ran = await holdfast(lab, ['apply'], { 'playbooks/s.yaml': [{ hosts: 'all', sysctl: { 'net.ipv4.tcp_keepalive_time': 310 } }] })
    expect(outcomes(ran)).toEqual(Object.fromEntries(lab.hosts.map(({ name }) => [name, 'changed'])))
  })
})

describe('a host that is open where nobody looks', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await startLab([
      {
        name: 'open6',
        kind: 'web',
        files: { '/etc/iptables/rules.v6': '*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n' },
        ip: ['address add 2001:db8::5/64 dev eth0 nodad'],
      },
    ])
  })
  afterAll(() => lab?.stop())

  it('is warned of', async () => {
    const ran = await holdfast(lab, ['plan'], play())
    expect(ran.host('open6').warnings?.join('\n')).toMatch(/IPv4 INPUT is DROP by policy, but IPv6 INPUT accepts everything/)
  })
})
