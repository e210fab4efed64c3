import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lab, startLab } from '../lab/lab.js'
import { differences, holdfast, outcomes } from './run.js'

/** Rows of the table of spellings in the words of ansible.builtin.iptables. */
const mappings: readonly (readonly [spelling: string, options: Readonly<Record<string, unknown>>])[] = [
  ['-A INPUT -s 192.0.2.1 -p tcp -j ACCEPT', { source: '192.0.2.1', protocol: 'tcp', jump: 'ACCEPT' }],
  ['-A INPUT -s 192.0.2.77/24 -j DROP', { source: '192.0.2.77/24', jump: 'DROP' }],
  ['-A INPUT ! -s 192.0.2.1 -j DROP', { source: '!192.0.2.1', jump: 'DROP' }],
  ['-A FORWARD -i eth+ -j DROP', { in_interface: 'eth+', jump: 'DROP' }],
  ['-A FORWARD ! -i eth0 -j DROP', { in_interface: '!eth0', jump: 'DROP' }],
  ['-A INPUT ! -p tcp -j DROP', { protocol: '!tcp', jump: 'DROP' }],
  ['-A INPUT -p tcp --dport http -j ACCEPT', { protocol: 'tcp', destination_port: 'http', jump: 'ACCEPT' }],
  ['-A INPUT -p tcp --dport 1024: -j ACCEPT', { protocol: 'tcp', destination_port: '1024:', jump: 'ACCEPT' }],
  ['-A INPUT -p tcp ! --dport 80 -j ACCEPT', { protocol: 'tcp', destination_port: '!80', jump: 'ACCEPT' }],
  [
    '-A INPUT -p tcp --destination-port 80 --source-port 1024:65535 -j ACCEPT',
    { protocol: 'tcp', destination_port: 80, source_port: '1024:65535', jump: 'ACCEPT' },
  ],
  [
    '-A INPUT -p tcp -m multiport --dports 80,443,8080:8090 -j ACCEPT',
    { protocol: 'tcp', destination_ports: [80, 443, '8080:8090'], jump: 'ACCEPT' },
  ],
  [
    '-A INPUT -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT',
    { protocol: 'tcp', destination_port: 22, match: 'state', ctstate: 'NEW', jump: 'ACCEPT' },
  ],
  ['-A INPUT -m conntrack --ctstate related,established,new -j ACCEPT', { ctstate: ['related', 'established', 'new'], jump: 'ACCEPT' }],
  ['-A INPUT -p tcp --syn -j DROP', { protocol: 'tcp', syn: 'match', jump: 'DROP' }],
  [
    '-A INPUT -p tcp --tcp-flags ACK,SYN SYN -j DROP',
    { protocol: 'tcp', tcp_flags: { flags: ['ACK', 'SYN'], flags_set: ['SYN'] }, jump: 'DROP' },
  ],
  ['-A INPUT -p icmp --icmp-type echo-request -j ACCEPT', { protocol: 'icmp', icmp_type: 'echo-request', jump: 'ACCEPT' }],
  ['-A INPUT -p ipv6-icmp --icmpv6-type echo-request -j ACCEPT', { protocol: 'ipv6-icmp', icmp_type: 'echo-request', jump: 'ACCEPT' }],
  ['-A INPUT -p tcp -j REJECT --reject-with tcp-reset', { protocol: 'tcp', reject_with: 'tcp-reset' }],
  ['-A INPUT -j LOG --log-level info --log-prefix "IN: "', { log_level: 'info', log_prefix: 'IN: ' }],
  ['-A INPUT -m limit --limit 10/min --limit-burst 5 -j ACCEPT', { limit: '10/min', limit_burst: 5, jump: 'ACCEPT' }],
  ['-A OUTPUT -m owner --uid-owner root -j ACCEPT', { uid_owner: 'root', jump: 'ACCEPT' }],
  ['-A INPUT -m iprange --src-range 10.0.0.1-10.0.0.9 -j DROP', { src_range: '10.0.0.1-10.0.0.9', jump: 'DROP' }],
  ['-A INPUT -m comment --comment "two words" -j ACCEPT', { comment: 'two words', jump: 'ACCEPT' }],
  ['-A INPUT -g mychain', { goto: 'mychain' }],
  ['-A INPUT ! -f -j DROP', { fragment: '!', jump: 'DROP' }],
  [
    '-t nat -A PREROUTING -p tcp --dport 80 -j DNAT --to 10.0.0.1:8080',
    { protocol: 'tcp', destination_port: 80, jump: 'DNAT', to_destination: '10.0.0.1:8080' },
  ],
]

const backends = ['nft', 'legacy'] as const
const each = (outcome: string) => Object.fromEntries(backends.map((name) => [name, outcome]))

/** What iptables-save 1.8.9 prints of a row, by back end. */
const table = new Map(
  readFileSync(join(import.meta.dirname, '../fixtures/iptables/canon.tsv'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'))
    .map(([version, spelling = '', nft, legacy]) => [spelling, { version, nft, legacy }]),
)

const rules = mappings.map(([spelling, rule], index) => {
  const [, where = 'filter', chain] = /^(?:-t (\w+) )?-A (\w+)/.exec(spelling)!
  return { id: `m${index}`, family: table.get(spelling)!.version === '6' ? 'ipv6' : 'ipv4', table: where, chain, rule }
})
const files = {
  // As JSON: the port ranges are in quotes.
  'playbooks/fields.yaml': JSON.stringify([
    {
      hosts: 'all',
      chains: [{ name: 'mychain', rules: [] }],
      iptables: [
        { id: 'ssh', family: 'both', chain: 'INPUT', rule: { protocol: 'tcp', destination_port: 22, jump: 'ACCEPT' }, place: 'first' },
        ...rules,
      ],
    },
  ]),
}

describe('rules in the words of ansible.builtin.iptables', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await startLab(backends.map((name) => ({ name, kind: 'web', backend: name })))
  })
  afterAll(() => lab?.stop())

  it('say what the spelling says, and are in sync after one apply and a reboot', async () => {
    expect(outcomes(await holdfast(lab, ['apply'], files))).toEqual(each('changed'))
    for (const name of backends) {
      const lines = (await lab.host(name).must('iptables-save; ip6tables-save')).split('\n')
      const said = mappings.map(([spelling], index) => {
        const own = lines.find((line) => new RegExp(`holdfast:m${index}\\b`).test(line)) ?? 'not there'
        return [spelling, own.replace(/ -m comment --comment "?holdfast:m\d+"?/, '')]
      })
      expect(said).toEqual(mappings.map(([spelling]) => [spelling, table.get(spelling)![name]]))
    }
    for (const reboot of [false, true]) {
      if (reboot) await Promise.all(backends.map((name) => lab.host(name).reboot()))
      const again = await holdfast(lab, ['plan'], files)
      expect(differences(again)).toEqual([])
      expect(outcomes(again)).toEqual(each('in-sync'))
    }
  })
})
