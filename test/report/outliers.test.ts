import { describe, expect, it } from 'vitest'
import { heldOf } from '../../src/held.js'
import type { HostMemory } from '../../src/history/document.js'
import { outliersOf, sayOutliers } from '../../src/report/outliers.js'
import type { HostWant } from '../../src/types.js'
import { wideOf } from '../../src/wide.js'

const memory = (host: string, held: Readonly<Record<string, string>> | undefined, ...groups: readonly string[]): HostMemory => ({
  format: 1,
  host,
  groups: groups.length > 0 ? groups : ['web'],
  ...(held && { held }),
})
const lines = (...memories: readonly HostMemory[]): readonly string[] => sayOutliers(outliersOf(memories)).trimEnd().split('\n')
const none = ['no host differs from its peers in what was read']

describe('outliers', () => {
  it.each([
    ['another value', ['1', '1', '0'], ['c (web): k: 0, where 2 of 2 others have 1']],
    ['a thing that the others have not', [undefined, undefined, '0'], ['c (web): k: 0, where 2 of 2 others have nothing']],
    ['a thing that is not there', ['1', '1', undefined], ['c (web): k: absent, where 2 of 2 others have 1']],
    ['no two thirds', ['1', '1', '0', '0'], none],
    ['all different', ['1', '2', '3'], none],
    ['all alike', ['1', '1', '1'], none],
    ['two hosts', ['1', '0'], none],
  ] as const)('%s', (_, values, said) => {
    const hosts = values.map((value, at) => memory('abcd'[at]!, value === undefined ? {} : { k: value }))
    expect(lines(...hosts)).toEqual(said)
  })

  it('are sought in each group, among hosts that were looked at', () => {
    const hosts = ['a', 'b', 'c'].map((host) => memory(host, { k: host === 'c' ? '0' : '1' }, 'web', 'all-of-them'))
    expect(lines(...hosts, memory('d', undefined), memory('e', { k: '7' }, 'db'))).toEqual([
      'c (all-of-them): k: 0, where 2 of 2 others have 1',
      'c (web): k: 0, where 2 of 2 others have 1',
    ])
  })

  it('come from what a look read anyhow: foreign settings and rules, none of ours and none that come and go', () => {
    const save = `*filter
:INPUT DROP [1:2]
:DOCKER - [0:0]
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
-A INPUT -p tcp -m comment --comment "holdfast:x" -j ACCEPT
-A DOCKER -d 172.17.0.2/32 -j ACCEPT
COMMIT
`
    expect(
      heldOf([
        { kind: 'file', name: '/etc/sysctl.d/50-x.conf', body: '# a\nnet.ipv4.ip_forward = 1\n-net/ipv4/tcp_sack=0\nnonsense\n' },
        { kind: 'file', name: '/etc/sysctl.d/zz-holdfast.conf', body: 'net.ipv4.tcp_rfc1337 = 0\n' },
        { kind: 'file', name: '/etc/modules', body: 'a=b\n' },
        { kind: 'save', name: 'nft ipv4', body: save },
      ]),
    ).toEqual({
      'sysctl net.ipv4.ip_forward': '1',
      'sysctl net.ipv4.tcp_sack': '0',
      'iptables ipv4 filter policy of INPUT': 'DROP',
      'iptables ipv4 filter -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT': 'there',
    })
  })

  describe('of wide looks', () => {
    const wide = (host: string, things: HostMemory['wide']): HostMemory => ({
      ...memory(host, { k: host === 'a' ? '7' : '1' }),
      ...(things && { wide: things }),
    })
    const said = (...all: readonly (HostMemory['wide'] | undefined)[]): readonly string[] =>
      sayOutliers(
        outliersOf(
          all.map((things, at) => wide('abcd'[at]!, things)),
          true,
        ),
      )
        .trimEnd()
        .split('\n')
    const live = (value: string | null, key = 'net.ipv4.tcp_sack') => ({ [`live sysctl ${key}`]: value })

    it.each([
      ['another value', [live('1'), live('1'), live('0')], ['c (web): live sysctl net.ipv4.tcp_sack: 0, where 2 of 2 others have 1']],
      ['a rule', [{}, {}, { r: 'there' }], ['c (web): r: there, where 2 of 2 others have nothing']],
      ['a key that one has not', [live('1'), live('1'), live('1'), {}], none],
      ['too few that have it', [live('1'), live('0'), {}, {}], none],
      [
        'hosts that were not looked at widely',
        [live('1'), live('1'), live('0'), undefined],
        ['c (web): live sysctl net.ipv4.tcp_sack: 0, where 2 of 2 others have 1'],
      ],
      ['a key that a playbook names for one', [live('1'), live('1'), live('0'), live(null)], none],
      ...(
        [
          ['net.netfilter.nf_conntrack_count', '12'],
          ['net.ipv4.tcp_mem', '1 2 3'],
          ['net.ipv4.tcp_ehash_entries', '4096'],
          ['net.ipv4.conf.eth0.rp_filter', '1'],
          ['net.netfilter.nf_log.2', 'nf_log_ipv4'],
        ] as const
      ).map(([key, value]) => [key, [live('0', key), live('0', key), live(value, key)], none] as const),
    ] as const)('%s', (_, all, expected) => expect(said(...all)).toEqual(expected))

    const want = (sysctl: unknown): HostWant => ({ resources: { sysctl: { keys: sysctl, reage: false } } }) as unknown as HostWant

    it('are values, settings and rules; what a playbook names is only known to be named', () => {
      const values =
        '/proc/sys/net/ipv4/tcp_sack:1\n/proc/sys/net/ipv4/tcp_rfc1337:0\n/proc/sys/net/ipv4/tcp_rmem:1\t2 3\n/proc/sys/net/ipv4/ipfrag_t'
      const rules = '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -s 192.0.2.9/32 -j DROP\nCOMMIT\n'
      const named = [{ key: 'net.ipv4.tcp_rfc1337', value: '0', origin: { playbook: 'a.yaml', play: 'a' } }]
      expect(
        wideOf(
          [
            { kind: 'file', name: '/etc/sysctl.conf', body: 'net.ipv4.tcp_sack = 0\n' },
            { kind: 'wide', name: 'values', body: values },
            { kind: 'wide', name: 'rules ipv4', body: rules },
          ],
          want(named),
        ),
      ).toEqual({
        'sysctl net.ipv4.tcp_sack': '0',
        'live sysctl net.ipv4.tcp_sack': '1',
        'live sysctl net.ipv4.tcp_rfc1337': null,
        'live sysctl net.ipv4.tcp_rmem': '1 2 3',
        'iptables ipv4 filter policy of INPUT': 'ACCEPT',
        'iptables ipv4 filter -A INPUT -s 192.0.2.9/32 -j DROP': 'there',
      })
    })

    it('are none where the look was none', () => {
      expect(wideOf([{ kind: 'save', name: 'nft ipv4', body: '' }], want([]))).toBeUndefined()
    })
  })
})
