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

describe('secrets in files', () => {
  const inventory =
    "web: {hosts: {w1: {ansible_password: 's3cret it''s', ansible_port: 0, db_token: t0ken, ansible_ssh_args: '-o StrictHostKeyChecking=no'}}}"
  const loadPlay = (play: string, vars = inventory) => loadTexts({ 'inventory.yaml': vars, 'p.yaml': play })

  it('are stars where a line of the file is shown, and the place still fits', async () => {
    const loaded = await loadPlay('- hosts: web')
    const [problem] = 'problems' in loaded ? loaded.problems : []
    expect(problem?.excerpt).toMatch(/ansible_password: \*{14}, ansible_port: 0, db_token: \*{5},/)
    expect(problem?.excerpt?.slice((problem.column ?? 0) - 1)).toMatch(/^0, db_token/)
  })

  it('do not go into what a host holds', async () => {
    const loaded = await loadPlay("- {hosts: web, sysctl: {a.b: '{{ ansible_password }}'}}", inventory.replace('0,', '22,'))
    expect('problems' in loaded && loaded.problems.map(({ message }) => message)).toEqual([
      'ansible_password is a secret: what stands in a play can be read on the host',
    ])
  })
})
