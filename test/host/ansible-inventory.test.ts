import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { disk } from '../../src/cli/files.js'
import { showInventory } from '../../src/cli/inventory.js'
import { readInventory } from '../../src/load/inventory.js'
import { matchPattern } from '../../src/load/patterns.js'
import { type Answer, ansible } from './ansible.js'

interface Case {
  readonly name: string
  readonly files: Readonly<Record<string, string>>
  readonly i?: readonly string[]
  readonly bad?: string
}

const fixture = (name: string) => parse(readFileSync(join(import.meta.dirname, '../fixtures/load', name), 'utf8')) as unknown
const cases = fixture('ansible.yaml') as readonly Case[]
const { inventory: hosts, patterns } = fixture('ansible-patterns.yaml') as {
  readonly inventory: string
  readonly patterns: readonly string[]
}

describe("Ansible's inventory", { timeout: 120_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'holdfast-inventory-'))
  const folderOf = (one: Case): string => join(root, String(cases.indexOf(one)))
  const sourcesOf = (one: Case): readonly string[] => one.i ?? [Object.keys(one.files)[0]!]
  let lists: readonly Answer[]
  let graphs: readonly Answer[]
  let named: readonly Answer[]

  beforeAll(() => {
    for (const one of cases) for (const [name, text] of Object.entries(one.files)) write(join(folderOf(one), name), text)
    write(join(root, 'hosts'), hosts)
    const call = (one: Case, what: string) => ({
      argv: ['ansible-inventory', what, ...sourcesOf(one).flatMap((path) => ['-i', path])],
      cwd: folderOf(one),
    })
    const all = ansible([
      ...cases.map((one) => call(one, '--list')),
      ...cases.map((one) => call(one, '--graph')),
      ...patterns.map((pattern) => ({ argv: ['ansible', '--list-hosts', '-i', 'hosts', pattern], cwd: root })),
    ])
    lists = all.slice(0, cases.length)
    graphs = all.slice(cases.length, 2 * cases.length)
    named = all.slice(2 * cases.length)
  }, 300_000)

  afterAll(() => rmSync(root, { recursive: true, force: true }))

  const write = (path: string, text: string): void => {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
    if (text.startsWith('#!')) chmodSync(path, 0o755)
  }

  /** The command line in that folder. */
  const shown = (one: Case, what: object): { code: number; out: string; err: string } => {
    const said = { out: '', err: '' }
    const to = (name: 'out' | 'err') => ({
      write: (text: string | Buffer) => {
        said[name] += text
      },
      style: { width: 200, unicode: true, colour: false },
    })
    const before = process.cwd()
    process.chdir(folderOf(one))
    try {
      const console = { out: to('out'), err: to('err') } as never
      return { code: showInventory({ inventory: sourcesOf(one), extraVars: {}, json: false, ...what }, console), ...said }
    } finally {
      process.chdir(before)
    }
  }

  it('is compared in enough cases', () => {
    expect(cases.length).toBeGreaterThanOrEqual(60)
    expect(patterns.length).toBeGreaterThanOrEqual(80)
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length)
  })

  it.each(cases.filter(({ bad }) => bad === undefined))('$name', (one) => {
    const real = lists[cases.indexOf(one)]!
    expect(real.code, real.err).toBe(0)
    const ours = shown(one, { list: true })
    expect(ours.err).toBe('')
    expect(JSON.parse(ours.out)).toEqual(JSON.parse(real.out))
    expect(shown(one, { graph: true }).out).toBe(graphs[cases.indexOf(one)]!.out)
  })

  it.each(cases.filter(({ bad }) => bad !== undefined))('refuses: $name', (one) => {
    expect(lists[cases.indexOf(one)]!.code).not.toBe(0)
    expect(shown(one, { list: true })).toMatchObject({ code: 1, err: expect.stringContaining(one.bad!) })
  })

  it('prints one host', () => {
    const one = cases.find(({ name }) => name === 'ini depth wins')!
    expect(shown(one, { host: 'h' }).out).toBe('{\n    "x": "a"\n}\n')
  })

  it.each(patterns)('pattern %s', (pattern) => {
    const real = named[patterns.indexOf(pattern)]!
    const { inventory } = readInventory([join(root, 'hosts')], disk)
    const match = matchPattern(pattern, inventory)
    const listed = real.out
      .split('\n')
      .slice(1)
      .map((line) => line.trim())
      .filter(Boolean)
    if (match.wrong.length > 0)
      expect(
        { code: real.code, listed, warned: /No hosts matched|Could not match|not a valid|out of range|error|index/i.test(real.err) },
        real.err,
      ).toMatchObject({ warned: true })
    expect([...match.hosts].sort()).toEqual(listed.sort())
  })
})
