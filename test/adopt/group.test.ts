import { describe, expect, it } from 'vitest'
import { shareOut } from '../../src/adopt/group.js'
import { hostsWord } from '../../src/adopt/hosts.js'
import type { HostItem } from '../../src/adopt/items.js'

const value = (key: string, why?: string): HostItem => ({ item: { kind: 'value', key, value: '1' }, ...(why !== undefined && { why }) })
const rule = (id: string, target = 'ACCEPT'): HostItem => ({
  item: { kind: 'rule', entry: { id, chain: 'INPUT', rule: `-p tcp --dport ${id.length} -j ${target}` } },
})
const host = (name: string, items: readonly HostItem[], ordered = false) => ({ host: name, items, ordered })
const shown = (...hosts: readonly ReturnType<typeof host>[]) =>
  shareOut(hosts).map(({ hosts, items, why }) =>
    [
      hosts.join(','),
      items.map((item) => (item.kind === 'value' ? item.key : item.kind === 'rule' ? item.entry.id : '')).join(' '),
      why,
    ].join(' | '),
  )

describe('what hosts share', () => {
  it('comes first where most hold it, hosts in their order', () => {
    expect(shown(host('a', [value('x'), value('own')]), host('b', [value('x'), value('y')]), host('c', [value('x'), value('y')]))).toEqual([
      'a,b,c | x | ',
      'b,c | y | ',
      'a | own | ',
    ])
  })

  it('is told apart by what is to be decided', () => {
    expect(shown(host('a', [value('x')]), host('b', [value('x', 'live only')]))).toEqual(['a | x | ', 'b | x | live only'])
  })

  it('takes rules out of a chain where their order does not matter', () => {
    expect(shown(host('a', [rule('one'), rule('shared')]), host('b', [rule('shared')]))).toEqual(['a,b | shared | ', 'a | one | '])
  })

  it('leaves a chain whole where a rule would come to stand below one that ends its packets', () => {
    expect(shown(host('a', [rule('one'), rule('shared'), rule('end', 'DROP')]), host('b', [rule('shared'), rule('end', 'DROP')]))).toEqual([
      'a | one shared end | ',
      'b | shared end | ',
    ])
  })

  it('leaves it whole wherever whoever puts the rules in place at boot keeps their order', () => {
    expect(shown(host('a', [rule('one'), rule('shared')], true), host('b', [rule('shared')]))).toEqual([
      'a | one shared | ',
      'b | shared | ',
    ])
  })
})

describe('hosts are called', () => {
  const groups = new Map([
    ['all', ['a', 'b', 'c', 'd', 'e']],
    ['ungrouped', ['e']],
    ['web', ['a', 'b']],
    ['proxy', ['c', 'd']],
    ['first', ['a', 'c']],
    ['empty', []],
  ])
  it.each([
    [['a', 'b', 'c', 'd', 'e'], 'all'],
    [['a', 'b'], 'web'],
    [['a'], 'a'],
    [['e'], 'e'],
    [
      ['a', 'b', 'c', 'd'],
      ['web', 'proxy'],
    ],
    [
      ['a', 'b', 'c'],
      ['web', 'c'],
    ],
    [
      ['b', 'c'],
      ['b', 'c'],
    ],
  ] as const)('%j: %j', (hosts, word) => expect(hostsWord(hosts, groups)).toEqual(word))
})
