import { describe, expect, it } from 'vitest'
import { loadNamed } from '../../src/load/named.js'
import { shardNumber } from '../../src/shard.js'
import { loadTexts, memory } from './rows.js'

const names = ['web7', 'web1', 'web2', 'web4', 'web5', 'idle']
const inventory = `all:
  vars: { ansible_user: root }
  children:
    web: { hosts: { ${names
      .filter((name) => name !== 'idle')
      .map((name, at) => `${name}: { ansible_host: 192.0.2.${at + 1} }`)
      .join(', ')} }}
    rest: { hosts: { idle: { ansible_host: 192.0.2.9 } } }
`
const playbook = `- hosts: web
  sysctl: { net.ipv4.tcp_rfc1337: 0 }
  iptables:
    - { id: peers, chain: INPUT, rule: '-s {{ groups.web.addresses }} -j ACCEPT' }
`
const texts = { 'inventory.yaml': inventory, 'a.yaml': playbook }
const ours = (number: number): readonly string[] => names.filter((name) => name !== 'idle' && shardNumber(name, 2) === number)
const load = async (more: Parameters<typeof loadTexts>[1]) => {
  const loaded = await loadTexts(texts, more)
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems))
  return loaded
}

describe('a run of a shard', () => {
  it.each([1, 2])('%i/2 has its hosts, wants of them what a whole run wants, and removes nothing', async (number) => {
    const whole = await load({})
    const part = await load({ shard: { number, of: 2 } })
    expect(ours(number).length).toBeGreaterThan(1)
    expect(part.hosts.map(({ target }) => target.host)).toEqual(ours(number))
    for (const { want } of part.hosts) {
      const same = whole.hosts.find(({ target }) => target.host === want.host)!.want
      expect(want).toEqual({ ...same, mayRemove: false })
      expect(same.mayRemove).toBe(true)
    }
  })

  it('knows all hosts that the plays and --limit name, those of other shards too', async () => {
    expect((await load({ shard: { number: 1, of: 2 } })).fleet).toEqual(names.filter((name) => name !== 'idle'))
    expect((await load({ shard: { number: 1, of: 2 }, limit: 'web1,web4' })).fleet).toEqual(['web1', 'web4'])
    expect((await load({ shard: { number: 1, of: 2 }, everyHost: true })).fleet).toEqual(names)
    expect((await load({})).fleet).toBeUndefined()
  })

  it('without hosts is no mistake', async () => {
    expect((await load({ shard: { number: shardNumber('web1', 2) === 1 ? 2 : 1, of: 2 }, limit: 'web1' })).hosts).toEqual([])
  })

  it('of one is still a shard: nothing is removed', async () => {
    const { hosts } = await load({ shard: { number: 1, of: 1 } })
    expect(hosts.map(({ want }) => want.mayRemove)).toEqual(hosts.map(() => false))
  })

  it('of hosts that patterns name, too', async () => {
    const input = {
      inventory: ['inventory.yaml'],
      patterns: ['all'],
      files: memory(texts),
      lookup: async () => [],
      user: 'me',
      home: '/home/me',
    }
    const loaded = await loadNamed({ ...input, shard: { number: 2, of: 2 } })
    if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems))
    expect(loaded.hosts.map(({ target }) => target.host)).toEqual(names.filter((name) => shardNumber(name, 2) === 2))
  })
})
