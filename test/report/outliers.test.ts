import { describe, expect, it } from 'vitest'
import { heldOf } from '../../src/held.js'
import type { HostMemory } from '../../src/history/document.js'
import { outliersOf, sayOutliers } from '../../src/report/outliers.js'

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
})
