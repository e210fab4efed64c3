import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Dialect, readDocument } from '../../src/load/document.js'
import { ambiguity, readCore, readPyYaml } from '../../src/load/scalars.js'
import { said, tsvRows, yamlRows } from './rows.js'

const scalars = tsvRows('scalars.tsv', 'plain\tcore\tpyyaml').map(([plain = '', core = '', pyyaml = '']) => ({ plain, core, pyyaml }))

describe('plain scalars', () => {
  it.each(scalars)('$plain', ({ plain, core, pyyaml }) => {
    expect(ambiguity(plain) === undefined ? JSON.stringify(readCore(plain)) : '!').toBe(core)
    expect(JSON.stringify(readPyYaml(plain))).toBe(pyyaml)
  })

  const script =
    'import sys,json,yaml,datetime; print(json.dumps([yaml.safe_load("a: "+line)["a"] for line in json.load(sys.stdin)], default=str))'
  const plains = scalars.map(({ plain }) => plain)
  const python = spawnSync('python3', ['-c', script], { input: JSON.stringify(plains), encoding: 'utf8' })

  it.skipIf(python.status !== 0)('are what PyYAML itself reads', () => {
    const measured = (JSON.parse(python.stdout) as unknown[]).map((value) =>
      Number.isSafeInteger(value) || typeof value !== 'number' || !Number.isInteger(value) ? value : String(value),
    )
    const ours = plains.map((plain) => readPyYaml(plain))
    expect(ours.map((value, at) => [plains[at], value === '9223372036854775807' ? 'big' : value])).toEqual(
      measured.map((value, at) => [plains[at], plains[at] === '9223372036854775807' ? 'big' : value]),
    )
  })
})

interface Row {
  readonly text: string
  readonly dialect?: Dialect
  readonly value?: unknown
  readonly problems?: readonly string[]
  readonly own?: string
}

describe('documents', () => {
  it.each(yamlRows<Row[]>('document.yaml'))('$text', ({ text, dialect = 'core', value, problems = [], own }) => {
    const document = readDocument('f', text, dialect)
    expect(said(document.problems, 'f')).toEqual(problems)
    if (own !== undefined) expect(Object.getOwnPropertyNames(document.value)).toEqual([own])
    else if (problems.length === 0) expect(JSON.parse(JSON.stringify(document.value))).toEqual(value)
    expect(Object.getPrototypeOf({})).toBe(Object.prototype)
  })

  const bomb = (levels: number) =>
    [
      'a0: &a0 [x, x, x, x, x, x, x, x, x]',
      ...Array.from({ length: levels }, (_, at) => `a${at + 1}: &a${at + 1} [${Array(9).fill(`*a${at}`).join(', ')}]`),
    ].join('\n')

  it.each([
    ['a bomb of aliases', bomb(30), 'aliases stand for more than 100000 values'],
    ['a wide bomb', `a: &a [${'x,'.repeat(1000)}]\nb: [${'*a,'.repeat(1000)}]`, 'aliases stand for more than 100000 values'],
    ['many brackets', '['.repeat(200_000), 'nested too deeply'],
    ['many closed brackets', `${'['.repeat(3000)}${']'.repeat(3000)}`, 'nested'],
    ['deep indentation', Array.from({ length: 500 }, (_, at) => `${' '.repeat(at)}a:`).join('\n'), 'nested more than 60 deep'],
    ['a long file', `a: ${'x'.repeat(16_000_001)}`, 'the file is longer than 16000000 characters'],
  ])('%s is a problem, soon', { timeout: 10_000 }, (_, text, message) => {
    expect(readDocument('f', text, 'core').problems[0]?.message).toContain(message)
  })

  it('reads a large inventory at once', { timeout: 20_000 }, () => {
    const text = `all:\n  hosts:\n${Array.from({ length: 10_000 }, (_, at) => `    h${at}: { ansible_host: 192.0.2.1, x: 1 }\n`).join('')}`
    const before = performance.now()
    expect(readDocument('f', text, 'pyyaml').problems).toEqual([])
    expect(performance.now() - before).toBeLessThan(8000)
  })

  const piece = fc.constantFrom(
    ...[
      'a',
      ':',
      ' ',
      '\n',
      '  ',
      '- ',
      '&x ',
      '*x',
      '[',
      ']',
      '{',
      '}',
      ',',
      '"',
      "'",
      '|',
      '>',
      '#',
      '!',
      '!!str ',
      '? ',
      '---\n',
      '...\n',
      '%YAML 1.1\n',
      '<<: ',
      '\t',
      '\r\n',
      '\0',
      '日本',
      '\uD800',
      '__proto__',
      '0x1f',
      '010',
      'yes',
      '\\',
      '@',
      '`',
    ],
  )
  it('never throws, whatever the text', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), fc.constantFrom<Dialect>('core', 'pyyaml'), (pieces, dialect) => {
        const text = pieces.join('')
        const document = readDocument('f', text, dialect)
        for (const { line, column } of [...document.problems, document.problem(['a', 0, 'a'], 'x')]) {
          expect(line).toBeGreaterThan(0)
          expect(line).toBeLessThanOrEqual(text.split('\n').length)
          expect(column).toBeGreaterThan(0)
        }
      }),
      { numRuns: 3000 },
    )
  })
})
