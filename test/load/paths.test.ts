import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { loadRun } from '../../src/load/load.js'

interface Row {
  readonly case: string
  readonly as?: 'variable'
  readonly paths: unknown
  readonly plays: readonly object[]
  readonly problems?: readonly string[]
  readonly notes?: readonly string[]
}

const rows = parse(readFileSync(join(import.meta.dirname, '../fixtures/load/paths.yaml'), 'utf8')) as readonly Row[]
const hosts = (...names: string[]) => ({
  hosts: Object.fromEntries(names.map((name, at) => [name, { ansible_host: `192.0.2.${at + 1}` }])),
})
const children = { proxy: hosts('p1', 'p2'), web: hosts('w1'), appliance: hosts('a1') }

const load = ({ as, paths, plays }: Row) => {
  const inventory = as === 'variable' ? { all: { vars: { holdfast_paths: paths }, children } } : { paths, all: { children } }
  const files: Readonly<Record<string, string>> = { 'inventory.yaml': stringify(inventory), 'p.yaml': stringify(plays) }
  return loadRun({
    inventory: ['inventory.yaml'],
    playbooks: ['p.yaml'],
    files: { read: (path) => files[path], list: () => undefined },
    lookup: async () => [],
    user: 'root',
    home: '/root',
    shippedProfiles: '/',
  })
}

describe('paths of the inventory', () => {
  it.each(rows)('$case', async (row) => {
    const loaded = await load(row)
    const problems = 'problems' in loaded ? loaded.problems : []
    const found = problems.map(({ message }) => message)
    for (const text of row.problems ?? []) expect(found).toContainEqual(expect.stringContaining(text))
    expect(found).toHaveLength(row.problems?.length ?? 0)
    expect(new Set(problems.map(({ line, column }) => `${line}:${column}`)).has('1:1')).toBe(false)
    if (row.notes && 'notes' in loaded) expect(loaded.notes).toEqual(row.notes.map((text) => expect.stringContaining(text)))
  })
})
