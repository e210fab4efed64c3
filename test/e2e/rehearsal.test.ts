import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type HostSpec, type Lab, startLab } from '../lab/lab.js'
import { holdfast, type Ran } from './run.js'

interface Row extends Partial<Omit<HostSpec, 'name'>> {
  readonly play: object
  readonly first?: string
  readonly outcome: 'failed' | 'pending'
  readonly reason?: RegExp
  readonly warning?: RegExp
}

const shut = (more: object = {}) => ({
  iptables: [{ id: 'shut', chain: 'INPUT', rule: '-p tcp --dport 22 -j DROP', place: 'first', ...more }],
})
const named = /would lock out: .*dropped by the rule `-A INPUT .*--dport 22 .*holdfast:shut.*-j DROP`.*nothing was changed/
const accept = (rule: string) => ({ iptables: [{ id: 'a', chain: 'INPUT', rule }] })
const reach = (key: string, from: string, port: number, play: object) => ({ [key]: [{ from, port }], ...play })

const rows: Readonly<Record<string, Row>> = {
  nft: { play: shut(), outcome: 'failed', reason: named },
  legacy: { backend: 'legacy', play: shut(), outcome: 'failed', reason: named },
  'by REJECT': { play: shut({ rule: '-p tcp --dport 22 -j REJECT' }), outcome: 'failed', reason: /would lock out: .*-j REJECT/ },
  'by REJECT with a reset': {
    play: shut({ rule: '-p tcp --dport 22 -j REJECT --reject-with tcp-reset' }),
    outcome: 'failed',
    reason: /would lock out/,
  },
  'by a user chain': {
    play: { chains: [{ name: 'SHUT', rules: ['-p tcp --dport 22 -j DROP'] }], ...shut({ rule: '-j SHUT' }) },
    outcome: 'failed',
    reason: /would lock out: .*-A SHUT .*--dport 22 -j DROP/,
  },
  'by the policy of an owned INPUT': {
    kind: 'bare',
    play: { chains: [{ name: 'INPUT', family: 'ipv4', policy: 'DROP', exact: true, rules: ['-p tcp --dport 80 -j ACCEPT'] }] },
    outcome: 'failed',
    reason: /would lock out: .*the policy DROP of INPUT/,
  },
  IPv6: { vars: { lab_family: 6 }, play: shut({ family: 'ipv6' }), outcome: 'failed', reason: named },
  'IPv6 shut, while the connection is IPv4': { play: shut({ family: 'ipv6' }), outcome: 'pending' },
  'only on the interface of the connection': {
    play: shut({ rule: '-i eth0 -p tcp --dport 22 -j DROP' }),
    outcome: 'failed',
    reason: /would lock out/,
  },
  'on another interface': { play: shut({ rule: '-i eth1 -p tcp --dport 22 -j DROP' }), outcome: 'pending' },
  'new connections are dropped': {
    play: shut({ rule: '-p tcp --dport 22 -m conntrack --ctstate NEW -j DROP' }),
    outcome: 'failed',
    reason: /would lock out/,
  },
  'established ones only': { play: shut({ rule: '-p tcp --dport 9 -m conntrack --ctstate ESTABLISHED -j ACCEPT' }), outcome: 'pending' },
  'from another address': { play: shut({ rule: '-s 192.0.2.0/24 -p tcp --dport 22 -j DROP' }), outcome: 'pending' },
  'must_reach holds': { play: reach('must_reach', '198.18.0.200', 8443, accept('-p tcp --dport 8443 -j ACCEPT')), outcome: 'pending' },
  'must_reach is not held': {
    play: reach('must_reach', '198.18.0.200', 9999, accept('-p tcp --dport 8443 -j ACCEPT')),
    outcome: 'failed',
    reason: /must_reach \(.*x.yaml:\d+:\d+\): 198.18.0.200 to tcp port 9999 is dropped in the rehearsal by the policy DROP of INPUT/,
  },
  'must_not_reach holds': {
    play: reach('must_not_reach', '198.18.0.200', 9999, accept('-p tcp --dport 8443 -j ACCEPT')),
    outcome: 'pending',
  },
  'must_not_reach is not held': {
    play: reach('must_not_reach', '198.18.0.200', 8443, accept('-p tcp --dport 8443 -j ACCEPT')),
    outcome: 'failed',
    reason: /must_not_reach .* gets in in the rehearsal/,
  },
  'a native nft table that drops': {
    kind: 'bare',
    first:
      'nft add table inet mine; nft add chain inet mine in "{ type filter hook input priority 10; }"; nft add rule inet mine in tcp dport 8443 drop',
    play: { beside: ['nftables'], ...reach('must_reach', '198.18.0.200', 8443, accept('-p tcp --dport 8443 -j ACCEPT')) },
    outcome: 'failed',
    reason: /must_reach .*dropped in the rehearsal by/,
  },
  'a set of addresses that holds the controller': {
    first: 'ipset create trusted hash:net; ipset add trusted 198.18.0.0/24',
    play: shut({ rule: '-p tcp --dport 22 -m set ! --match-set trusted src -j DROP' }),
    outcome: 'pending',
  },
  'a set of addresses that does not': {
    first: 'ipset create trusted hash:net; ipset add trusted 192.0.2.0/24',
    play: shut({ rule: '-p tcp --dport 22 -m set ! --match-set trusted src -j DROP' }),
    outcome: 'failed',
    reason: /would lock out: .*dropped by the rule `-A INPUT .*! --match-set trusted src.*holdfast:shut/,
  },
  'rules that one packet cannot show are named': {
    play: accept('-p tcp --dport 8443 -m recent --name x --rcheck -j ACCEPT'),
    outcome: 'pending',
    warning: /the rehearsal cannot judge.*-m recent/,
  },
  'no ip': { hide: ['/usr/bin/ip'], play: shut(), outcome: 'pending', warning: /not rehearsed: there is no ip; the undo guards this run/ },
}

describe('the rehearsal of a plan', () => {
  const list = Object.entries(rows)
  const before: string[] = []
  let lab: Lab
  let ran: Ran
  const state = (index: number) =>
    lab
      .host(`h${index}`)
      .must('iptables-save; ip6tables-save; nft list ruleset; ls -A /etc/iptables /etc/sysctl.d /run/holdfast 2>/dev/null; true')
  const plain = (text: string) => text.replace(/\[\d+:\d+\]|^#.*|packets \d+ bytes \d+/gm, '')

  beforeAll(async () => {
    lab = await startLab(
      list.map(([, { play, first, outcome, reason, warning, kind = 'web', ...spec }], index) => ({ ...spec, kind, name: `h${index}` })),
    )
    await Promise.all(list.map(async ([, { first }], index) => first && (await lab.host(`h${index}`).must(first))))
    before.push(...(await Promise.all(list.map((_, index) => state(index)))))
    const hosts = Object.fromEntries(
      list.map(([, { vars }], index) => {
        const { address, address6 } = lab.host(`h${index}`)
        return [`h${index}`, { ansible_host: vars === undefined ? address : address6 }]
      }),
    )
    ran = await holdfast(lab, ['plan'], {
      'inventory.yaml': { all: { vars: { ansible_user: 'root', ansible_ssh_private_key_file: `${lab.dir}/id_ed25519` }, hosts } },
      'playbooks/x.yaml': list.map(([, { play }], index) => ({ hosts: `h${index}`, ...play })),
    })
  })
  afterAll(() => lab?.stop())

  it.each(list.map(([name, row], index) => [name, row, index] as const))('%s', async (_, row, index) => {
    const { outcome, reason = '', warnings = [] } = ran.host(`h${index}`)
    expect({ outcome, reason }).toEqual({ outcome: row.outcome, reason: row.reason === undefined ? '' : expect.stringMatching(row.reason) })
    if (row.warning !== undefined) expect(warnings).toContainEqual(expect.stringMatching(row.warning))
    expect(plain(await state(index))).toBe(plain(before[index]!))
  })

  it('ends with 3', () => expect(ran.code).toBe(3))
})
