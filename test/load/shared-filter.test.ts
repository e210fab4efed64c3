import { describe, expect, it } from 'vitest'
import type { IptablesWant } from '../../src/resources/iptables/want.js'
import { loadTexts, memory } from './rows.js'

const inventory = `all:
  vars: { ansible_user: root, port: 80 }
  hosts:
    web1: { ansible_host: 192.0.2.1 }
    web2: { ansible_host: 192.0.2.2, port: 81 }
    web3: { ansible_host: 192.0.2.3 }
  children:
    some: { hosts: { web1: {}, web3: {} } }
`
const plain = "{ id: plain, chain: INPUT, rule: '-p udp -j ACCEPT' }"
const peers = "{ id: peers, chain: INPUT, rule: '-s {{ groups.some.addresses }} -j ACCEPT' }"
const ports = "{ id: port, chain: INPUT, rule: '-p tcp --dport {{ port }} -j ACCEPT' }"
const owned = "{ name: MINE, rules: ['-s {{ ansible_host }} -j RETURN'] }"

const filters = async (playbook: string): Promise<readonly IptablesWant[]> => {
  const loaded = await loadTexts({ 'inventory.yaml': inventory, 'a.yaml': playbook }, {})
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems))
  return loaded.hosts.map(({ want }) => want.resources.iptables as IptablesWant)
}
const words = (want: IptablesWant): string =>
  [...want.rules, ...want.chains].flatMap(({ specs }) => specs.map((spec) => spec.join(' '))).join('; ')

describe('the packet filter of hosts', () => {
  it('is read once where nothing in it turns on the host', async () => {
    const [one, two, three] = await filters(`- hosts: all\n  iptables: [${plain}, ${peers}]\n`)
    expect(words(one!)).toBe('-p udp -j ACCEPT; -s 192.0.2.1 -j ACCEPT; -s 192.0.2.3 -j ACCEPT')
    expect([two === one, three === one]).toEqual([true, true])
  })

  it.each([
    [
      `- hosts: all\n  iptables: [${ports}]\n`,
      ['-p tcp --dport 80 -j ACCEPT', '-p tcp --dport 81 -j ACCEPT', '-p tcp --dport 80 -j ACCEPT'],
    ],
    [
      `- hosts: all\n  vars: { port: '{{ inventory_hostname }}' }\n  iptables: [{ id: a, chain: INPUT, rule: '-m comment --comment {{ port }}' }]\n`,
      ['-m comment --comment web1', '-m comment --comment web2', '-m comment --comment web3'],
    ],
    [`- hosts: all\n  chains: [${owned}]\n`, ['-s 192.0.2.1 -j RETURN', '-s 192.0.2.2 -j RETURN', '-s 192.0.2.3 -j RETURN']],
    [
      `- hosts: all\n  iptables: [${plain}]\n- hosts: some\n  iptables: [${peers}]\n`,
      [
        '-p udp -j ACCEPT; -s 192.0.2.1 -j ACCEPT; -s 192.0.2.3 -j ACCEPT',
        '-p udp -j ACCEPT',
        '-p udp -j ACCEPT; -s 192.0.2.1 -j ACCEPT; -s 192.0.2.3 -j ACCEPT',
      ],
    ],
  ])('is that of each host in %j', async (playbook, wanted) => expect((await filters(playbook)).map(words)).toEqual(wanted))

  it('that is wrong is told of each host', async () => {
    const wrong = `- hosts: all\n  iptables: [${plain}, { id: plain, chain: OUTPUT, rule: '-j DROP' }]\n`
    const loaded = await loadTexts({ 'inventory.yaml': inventory, 'a.yaml': wrong }, {})
    expect('problems' in loaded && loaded.problems.map(({ message }) => message)).toEqual([
      expect.stringContaining('the id "plain" stands for something else'),
    ])
  })
})

describe('the packet filter of a long playbook', () => {
  const rules = (last: string): string =>
    `- hosts: all\n  iptables:\n${Array.from({ length: 300 }, (_, at) => `  - { id: r${at}, chain: INPUT, rule: '-p tcp --dport ${at + 1} -j ACCEPT', family: both }\n`).join('')}  - ${last}\n`
  const load = async (playbook: string, kept: Map<string, string>) => {
    const known = { get: (text: string) => kept.get(text), put: (text: string, value: string) => void kept.set(text, value) }
    const texts = { 'inventory.yaml': inventory, 'a.yaml': playbook }
    const loaded = await loadTexts(texts, { files: { ...memory(texts), known } })
    return 'problems' in loaded ? loaded.problems : loaded.hosts.map(({ want }) => want.resources.iptables as IptablesWant)
  }

  it.each([
    ['rules', plain],
    ['absent ones', "{ state: absent, rule: '-p icmp -j DROP', chain: INPUT }"],
    ['an owned chain', `{ id: x, chain: INPUT, rule: '-j MINE', after: 'id:r1' }\n  chains: [{ name: MINE, rules: ['-j RETURN'] }]`],
  ])('is kept for the next runs: %s', async (_, last) => {
    const kept = new Map<string, string>()
    const fresh = await load(rules(last), new Map())
    expect(await load(rules(last), kept)).toStrictEqual(fresh)
    // the playbook's value, and the filter
    expect(kept.size).toBe(2)
    const [, key] = [...kept.keys()]
    const again = (await load(rules(last), kept)) as readonly IptablesWant[]
    expect(again).toStrictEqual(fresh)
    kept.set(key!, JSON.stringify({ rules: [], absent: [], chains: [] }))
    expect(((await load(rules(last), kept)) as readonly IptablesWant[])[0]?.rules).toEqual([])
    kept.set(key!, '{"rules":[')
    expect(await load(rules(last), kept)).toStrictEqual(fresh)
  })

  it.each([
    ['a host', ports],
    ['a group', peers],
    ['the address of a name', "{ id: name, chain: INPUT, rule: '-s four.example.com -j ACCEPT' }"],
    ['what is wrong', '{ id: bad, chain: INPUT }'],
  ])('is read anew where something turns on %s', async (_, last) => {
    const kept = new Map<string, string>()
    const [first, second] = [await load(rules(last), kept), await load(rules(last), kept)]
    expect(second).toStrictEqual(first)
    expect([...kept.keys()].filter((text) => text.startsWith('[['))).toEqual([])
  })

  it('is that of its own text', async () => {
    const kept = new Map<string, string>()
    await load(rules(plain), kept)
    const other = (await load(rules(plain.replace('udp', 'icmp')), kept)) as readonly IptablesWant[]
    expect(other[0]?.rules.at(-1)?.specs).toEqual([['-p', 'icmp', '-j', 'ACCEPT']])
  })
})
