import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readKept } from '../../src/kept/text.js'
import type { Run } from '../../src/load/load.js'
import type { Problem } from '../../src/types.js'
import { loadTexts } from '../load/rows.js'
import { kindOf, replaced, rowsOf, typesAt, type Way, waysInto } from './corpus.js'

type Loaded = { readonly problems: readonly Problem[] } | Run
type Kind = 'inventory' | 'playbook' | 'profile'
const kinds: readonly Kind[] = ['inventory', 'playbook', 'profile']

const whole = rowsOf<Readonly<Record<Kind, unknown>>>('whole.yaml')
const file: Readonly<Record<Kind, string>> = { inventory: 'inventory.yaml', playbook: 'play.yaml', profile: 'profiles/whole.yaml' }
const texts = (change: Partial<Record<Kind, unknown>>) =>
  Object.fromEntries(kinds.map((kind) => [file[kind], textOf(kind in change ? change[kind] : whole[kind])]))
const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))

/** Files are read within two seconds, whatever they hold, and each problem has a place in one of them. */
async function read(change: Partial<Record<Kind, unknown>>): Promise<Loaded> {
  const files = texts(change)
  const before = performance.now()
  const loaded = await loadTexts(files)
  expect(performance.now() - before).toBeLessThan(2000)
  for (const problem of 'problems' in loaded ? loaded.problems : []) {
    expect(problem.message).toMatch(/\S/)
    expect(problem.message).not.toMatch(/undefined|\[object|Symbol|\0/)
    expect(problem.line).toBeGreaterThan(0)
    expect(problem.line).toBeLessThanOrEqual((files[problem.file] ?? '').split('\n').length)
    expect(problem.column).toBeGreaterThan(0)
  }
  return loaded
}

const problemsIn = (loaded: Loaded) => ('problems' in loaded ? loaded.problems : [])
const canaries = ['canary', '/tmp/canary', '/canary'].map((path) => join(process.cwd(), path)).concat('/tmp/canary', '/canary')

describe('hostile files', () => {
  for (const canary of canaries) rmSync(canary, { force: true })
  afterAll(() => expect(canaries.filter(existsSync)).toEqual([]))

  it('the sound ones have no problems', async () => expect(problemsIn(await read({}))).toEqual([]))

  describe.each(kinds)('%s', (kind) => {
    it.each(rowsOf<readonly { name: string; text: string; says?: string }[]>('files.yaml'))('$name', async ({ text, says }) => {
      const problems = problemsIn(await read({ [kind]: text })).filter((problem) => problem.file === file[kind] || says === undefined)
      expect(problems.length).toBeGreaterThan(0)
      if (says !== undefined) expect(problems.map(({ message }) => message).join('\n')).toContain(says)
    })
  })

  const wrong: readonly unknown[] = [null, true, -1, 1.5, 'text', [], [[]], {}]
  const spots = kinds.flatMap((kind) => waysInto(whole[kind]).map((way) => ({ kind, way, name: `${kind} ${way.join('.')}` })))
  describe('the wrong type at every place', () => {
    it.each(spots)('$name', async ({ kind, way }) => {
      for (const value of wrong) {
        const loaded = await read({ [kind]: replaced(whole[kind], way, value) })
        if (isTaken(kind, way, value)) continue
        const at = problemsIn(loaded).filter((problem) => problem.file === file[kind] && `${problem.path}.`.startsWith(`${way.join('.')}.`))
        expect(way.length === 0 ? problemsIn(loaded) : at, `${JSON.stringify(value)} is wrong there`).not.toEqual([])
      }
    })
  })

  it('are many', () => expect(spots.length * wrong.length).toBeGreaterThan(300))
})

function isTaken(kind: Kind, way: Way, value: unknown): boolean {
  const types = typesAt(kind, way)
  const own = kindOf(value)
  return types === undefined || types.has(own) || (own === 'integer' && types.has('number'))
}

/** What is read and goes to no host: tags, and variables that nothing names. */
const unused = /^(inventory web\.(vars\.own|children|children\.inner\.hosts)|playbook 0\.(tags.*|vars\.v))$/

describe('hostile text in every place that takes text', () => {
  const places = kinds.flatMap((kind) =>
    waysInto(whole[kind])
      .filter((way) => way.length > 0 && (typesAt(kind, way)?.has('string') ?? true))
      .map((way) => ({ kind, way, name: `${kind} ${way.join('.')}` })),
  )
  const strings = rowsOf<readonly string[]>('strings.yaml')
  it.each(places)('$name', async ({ kind, way }) => {
    for (const text of strings) {
      const loaded = await read({ [kind]: replaced(whole[kind], way, text) })
      if ('problems' in loaded || unused.test(`${kind} ${way.join('.')}`)) continue
      // Kept whole, or cut into the words of a rule: nothing is put in, expanded or run.
      const kept = JSON.stringify(loaded)
      for (const word of text.split(/[\s,"'\\]+/))
        expect(kept, `${JSON.stringify(text)} arrives`).toContain(JSON.stringify(word).slice(1, -1))
    }
  })
})

describe('hostile kept plans', () => {
  const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
  it.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['a number', '5'],
    ['null', 'null'],
    ['a list', '[]'],
    ['an empty one', '{}'],
    ['a digest alone', '{"digest": "sha256:0"}'],
    ['another format', '{"format": 2, "digest": "x"}'],
    ['a format that is no number', '{"format": {"a": 1}, "digest": "x"}'],
    ['the prototype', '{"__proto__": {"format": 1, "digest": "x"}}'],
    ['own prototype', '{"format": 1, "digest": "x", "__proto__": {"hosts": []}}'],
    ['NUL', '{"format": 1, "digest": "\\u0000"}'],
    ['deep lists', `{"format": 1, "digest": "x", "hosts": ${deep(100_000)}}`],
    ['deep mappings', `{"format": 1, "digest": "x", "hosts": ${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}`],
    ['a huge number', '{"format": 1, "digest": "x", "validUntil": 1e400}'],
    ['control characters', '{"format": 1, "digest": "\\u001b[2J", "hosts": []}'],
    ['a byte order mark', '\uFEFF{"format": 1, "digest": "x"}'],
    ['a YAML playbook', '- hosts: all'],
  ])('%s', (_, text) => {
    const before = performance.now()
    expect(readKept(text, '0.1.0', 0)).toMatch(/\S/)
    expect(performance.now() - before).toBeLessThan(2000)
  })
})
