import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { importPlaybooks } from '../../src/import/import.js'
import { inventoried, noInventory } from '../../src/import/inventoried.js'
import { faultsOf } from '../../src/load/check.js'
import { readDocument } from '../../src/load/document.js'
import { readInventory } from '../../src/load/inventory.js'
import { loadTexts, memory, yamlRows } from '../load/rows.js'

interface Row {
  readonly name: string
  /** Tasks of a play for the group `web`; or a whole playbook. */
  readonly tasks?: string
  readonly playbook?: string
  /** Variables of the play. */
  readonly vars?: Readonly<Record<string, unknown>>
  readonly files?: Readonly<Record<string, string>>
  /** The inventory that it is turned for, and loaded with. */
  readonly inventory?: string
  /** Folders of roles (`roles_path`). */
  readonly roles?: readonly string[]
  /** What the one play holds, or the plays, without their names. */
  readonly gives: unknown
  /** `line:column module: why`, of tasks counted from their own first line. */
  readonly left?: readonly string[]
  readonly notes?: readonly string[]
}

const rows = yamlRows<readonly Row[]>('../import/rows.yaml')
const inventory = `all:
  vars: { port: 9100, clients: [192.0.2.1, 192.0.2.2], size: 4096, deep: { port: 8 } }
  hosts: { w: { ansible_host: 192.0.2.21 }, d: { ansible_host: 192.0.2.22 }, both: { ansible_host: 192.0.2.23 } }
  children: { web: { hosts: { w: , both: } }, db: { hosts: { d: , both: } } }
`

/** The whole playbook; the tasks stand from its first line on. */
const textOf = ({ tasks, playbook, vars }: Row): string =>
  playbook ?? `- hosts: web\n  vars: ${JSON.stringify(vars ?? {})}\n  tasks:\n${(tasks ?? '').replace(/^(?=.)/gm, '    ')}`

const run = (row: Row) => {
  const files = memory({ 'site.yml': textOf(row), 'inventory.yaml': row.inventory ?? inventory, ...row.files })
  const { inventory: read, problems } = readInventory(['inventory.yaml'], files)
  expect(problems).toEqual([])
  const imported = importPlaybooks(['site.yml'], files, row.inventory === undefined ? noInventory : inventoried(read), row.roles)
  if ('problems' in imported) throw new Error(JSON.stringify(imported.problems))
  return imported
}

describe('import-ansible', () => {
  it('has a table that says something', () => {
    expect(rows.length).toBeGreaterThanOrEqual(60)
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length)
    expect(rows.filter(({ left }) => left).length).toBeGreaterThan(20)
  })

  it.each(rows)('turns $name', async (row) => {
    const { playbook, left, notes } = run(row)
    const plays = (parse(playbook, { version: '1.2' }) as readonly Readonly<Record<string, unknown>>[]).map(({ name, ...play }) => play)
    const only = row.playbook === undefined && plays.length === 1 && plays[0]?.hosts === 'web'
    const [first] = plays
    const { hosts, ...rest } = first ?? { hosts: undefined }
    expect(plays.length === 0 ? null : only ? rest : plays).toEqual(row.gives)
    const by = row.playbook === undefined ? 3 : 0
    const indent = row.playbook === undefined ? 4 : 0
    expect(
      left.map(({ file, line, column, module, message }) =>
        file === 'site.yml' ? `${line - by}:${column - indent} ${module}: ${message}` : `${file}:${line}:${column} ${module}: ${message}`,
      ),
    ).toEqual(row.left ?? [])
    expect(notes).toEqual(row.notes ?? [])
    // Each thing that was left stands in the playbook, and nothing in it is more than a comment.
    expect(playbook.match(/^ *# not turned: /gm) ?? []).toHaveLength(left.length)
    const loaded = await loadTexts({ 'inventory.yaml': row.inventory ?? inventory, 'site.yaml': playbook })
    expect('problems' in loaded ? loaded.problems : []).toEqual([])
    expect(parse(playbook, { version: '1.1' })).toEqual(parse(playbook, { version: '1.2' }))
  })

  it.each([
    ['that is no YAML', 'a: [', /^flow|^Flow|./],
    ['that is no list', 'hosts: web\n', /^is no playbook/],
    ['that is encrypted', '$ANSIBLE_VAULT;1.1;AES256\n00\n', /^is encrypted/],
  ])('tells a file %s', (_, text, message) => {
    const imported = importPlaybooks(['site.yml'], memory({ 'site.yml': text }))
    expect('problems' in imported && imported.problems[0]?.message).toMatch(message)
  })

  it('tells a file that is not there', () => {
    expect(importPlaybooks(['site.yml'], memory({}))).toMatchObject({ problems: [{ message: 'there is no such playbook' }] })
  })

  it('counts what has nothing to do with it', () => {
    const text =
      '- hosts: web\n  tasks:\n    - apt: name=nginx\n    - apt: name=curl\n    - debug: { msg: iptables }\n    - command: uptime\n'
    const imported = importPlaybooks(['site.yml'], memory({ 'site.yml': text }))
    expect(imported).toMatchObject({ left: [], others: { apt: 2, debug: 1, command: 1 } })
  })

  it('gives a playbook, or problems, whatever stands in the file', () => {
    const bits = [
      '{{ x }}',
      '"',
      "'",
      '\n',
      '\\',
      '{{',
      '}}',
      '[',
      ']',
      '{',
      '}',
      ': ',
      ' #',
      '&a ',
      '*a',
      '- ',
      'null',
      '日',
      '\u202e',
      '!vault ',
    ]
    let seed = 11
    const next = (below: number): number => {
      seed = (seed * 1103515245 + 12345) & 0x7fffffff
      return (seed >>> 8) % below
    }
    let made = 0
    for (let round = 0; round < 600; round++) {
      const row = rows[next(rows.length)]!
      let text = textOf(row)
      for (let times = next(4) + 1; times > 0; times--) {
        const at = next(text.length + 1)
        text = text.slice(0, at) + bits[next(bits.length)] + text.slice(at + next(6))
      }
      const imported = importPlaybooks(['site.yml'], memory({ 'site.yml': text, ...row.files }))
      if ('problems' in imported) continue
      made++
      const document = readDocument('out.yaml', imported.playbook, 'core')
      const faults = [...document.problems, ...faultsOf('playbook', document).map(({ problem }) => problem)]
      expect(faults, `${text}\n${imported.playbook}`).toEqual([])
    }
    expect(made).toBeGreaterThan(100)
  })
})
