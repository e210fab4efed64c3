import { describe, expect, it } from 'vitest'
import { slowExpression } from '../../src/load/slow-expression.js'
import { loadTexts, said, tsvRows, yamlRows } from './rows.js'

const inventory = `appliance: {hosts: {a1: , a2: }}
web: {hosts: {w1: }}
proxy: {hosts: {p1: {ansible_host: 192.0.2.1}}}
void: {hosts: {}}`

interface Row {
  readonly name: string
  readonly files: Readonly<Record<string, string>>
  /** A file whose problems are the parser's own words: some, no matter which. */
  readonly inexact?: string
  readonly problems: readonly string[]
}

describe('all mistakes at once', () => {
  it.each(yamlRows<Row[]>('mixes.yaml'))('$name', async ({ files, inexact, problems }) => {
    const loaded = await loadTexts({ 'inventory.yaml': inventory, ...files })
    const all = 'problems' in loaded ? loaded.problems : []
    if (inexact !== undefined) expect(all.some(({ file }) => file === inexact)).toBe(true)
    const exact = said(
      all.filter(({ file }) => file !== inexact),
      '',
    )
    expect(exact.toSorted()).toEqual(problems.toSorted())
  })
})

describe('regular expressions that could take for ever', () => {
  it.each(tsvRows('expressions.tsv'))('%s', (expression = '', verdict = '') => {
    expect(slowExpression(expression, 3) === undefined ? 'fine' : 'slow').toBe(verdict)
    if (verdict === 'slow') return
    const before = performance.now()
    for (const text of ['a', 'ab', '1.', ' ', 'web']) new RegExp(`^(?:${expression})$`).test(`${text.repeat(80)}!`)
    expect(performance.now() - before).toBeLessThan(1000)
  })
})
