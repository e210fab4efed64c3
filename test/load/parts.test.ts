import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matchesGlob } from '../../src/load/glob.js'
import { groupAddresses } from '../../src/load/group-addresses.js'
import { readInventory } from '../../src/load/inventory.js'
import { matchPattern } from '../../src/load/patterns.js'
import { expandRange } from '../../src/load/ranges.js'
import { scopeOf } from '../../src/load/scope.js'
import { readKey, readValue } from '../../src/load/sysctl-key.js'
import { render } from '../../src/load/template.js'
import { holds, readCondition } from '../../src/resources/iptables/when.js'
import { memory, tsvRows, yamlRows } from './rows.js'

describe('kernel parameters', () => {
  it.each(tsvRows('sysctl.tsv'))('%s %s', (name = '', json = '', path = '', key = '', result = '') => {
    const read = readKey(name)
    const value = readValue('key' in read ? read.key : name, JSON.parse(json))
    if (result.startsWith('!')) expect('wrong' in read ? read.wrong : 'wrong' in value && value.wrong).toBe(result.slice(1))
    else expect([read, value]).toEqual([{ path: `/proc/sys/${path}`, key }, { value: result }])
  })
})

describe('conditions of a profile', () => {
  it.each(tsvRows('when.tsv'))('%s with %s', (condition = '', parts = '', result = '') => {
    if (result === '!') expect(readCondition(condition)).toBeUndefined()
    else expect(holds(condition || undefined, JSON.parse(parts) ?? undefined)).toBe(JSON.parse(result))
  })
})

describe('host ranges', () => {
  it.each(yamlRows<{ range: string; names?: string[]; wrong?: string }[]>('ranges.yaml'))('$range', ({ range, names, wrong }) => {
    expect(expandRange(range)).toEqual(names ?? { wrong })
  })
})

describe('templates', () => {
  const { vars, rows } = yamlRows<{ vars: Record<string, unknown>; rows: { text: string; value?: unknown; wrong?: string }[] }>(
    'templates.yaml',
  )
  const text = `proxy: {hosts: {p1: {ansible_host: 192.0.2.1}, p2: {holdfast_addresses: 192.0.2.2}}}
appliance: {hosts: {a1.example.com: ${JSON.stringify(vars)}}}`
  const { inventory } = readInventory(['inventory.yaml'], memory({ 'inventory.yaml': text }))
  const world = { inventory, extraVars: {}, addresses: groupAddresses(inventory, {}, () => null) }
  const host = inventory.hosts.get('a1.example.com')

  it.each(rows)('$text', ({ text, value, wrong }) => {
    const rendered = host && render(text, scopeOf(host, world))
    if (wrong !== undefined) expect(rendered).toMatchObject({ wrong: { message: wrong } })
    else expect(rendered).toEqual({ value })
  })

  it('are bounded where variables double each other', () => {
    const doubled = Object.fromEntries(Array.from({ length: 19 }, (_, at) => [`v${at + 1}`, [`{{ v${at} }}`, `{{ v${at} }}`]]))
    const scope = { get: (name: string) => ({ v0: 'x', ...doubled })[name], names: () => [] }
    expect(render('{{ v19 }}', scope)).toMatchObject({ wrong: { message: expect.stringContaining('more than 200000 values') } })
  })
})

describe('host patterns', () => {
  const text = `web: {hosts: {'web[1:3]': }}
tokyo: {hosts: {web1: , web3: }}
db: {hosts: {db1: , db-a.example.com: }}
none: {hosts: {}}
all: {hosts: {solo: }}`
  const { inventory, problems } = readInventory(['inventory.yaml'], memory({ 'inventory.yaml': text }))

  it.each(yamlRows<{ pattern: string | string[]; hosts?: string[]; problem?: string }[]>('patterns.yaml'))(
    '$pattern',
    ({ pattern, hosts = [], problem }) => {
      expect(problems).toEqual([])
      const match = matchPattern(pattern, inventory)
      expect(match.wrong.map(({ message }) => message)).toEqual(problem === undefined ? [] : [problem])
      if (problem === undefined) expect([...inventory.hosts.keys()].filter((host) => match.hosts.has(host))).toEqual(hosts)
    },
  )

  it('globs as a regular expression would', () => {
    const pattern = fc
      .array(fc.constantFrom('a', 'b', '*', '?', '[ab]', '[!a]', '[a-c]', '.'), { maxLength: 8 })
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(pattern, fc.array(fc.constantFrom('a', 'b', 'c', '.'), { maxLength: 10 }), (glob, chars) => {
        const source = glob.replaceAll('.', '\\.').replaceAll('[!', '[^').replaceAll('?', '.').replaceAll('*', '.*')
        expect(matchesGlob(glob, chars.join(''))).toBe(new RegExp(`^${source}$`).test(chars.join('')))
      }),
      { numRuns: 2000 },
    )
  })
})
