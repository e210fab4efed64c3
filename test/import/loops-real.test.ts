import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { attempt } from '../../src/import/left.js'
import { roundsOf } from '../../src/import/loops.js'
import { yamlRows } from '../load/rows.js'

interface Loops {
  readonly vars: Readonly<Record<string, unknown>>
  /** A loop as it stands in a task; `left`: it is told, with these words. */
  readonly loops: readonly (Readonly<Record<string, unknown>> & { readonly left?: string })[]
}
const { vars, loops } = yamlRows<Loops>('../import/loops.yaml')
const rows = loops.map(({ left, ...loop }, at) => ({ at, loop, left, text: JSON.stringify(loop) }))
const env: Parameters<typeof roundsOf>[1] = {
  inner: {},
  play: vars,
  moving: new Map(),
  defaults: {},
  shared: {},
  said: () => ({ is: 'unsaid' }),
  taken: () => undefined,
}

describe('the items of a loop', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-loops-'))
  const theirs: unknown[] = []
  beforeAll(() => {
    const tasks = rows.map(({ at, loop }) => ({ debug: { msg: 'x' }, ...loop, ignore_errors: true, register: `row_${at}` }))
    const items = rows.map(({ at }) => `row_${at}.results | default([]) | map(attribute='item') | list`).join(', ')
    const told = { copy: { content: `{{ [${items}] | to_json }}`, dest: join(folder, 'items.json') } }
    const play = { hosts: 'localhost', connection: 'local', gather_facts: false, vars, tasks: [...tasks, told] }
    writeFileSync(join(folder, 'site.json'), JSON.stringify([play]))
    const { stdout, stderr, status } = spawnSync('ansible-playbook', ['-i', 'localhost,', 'site.json'], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, ANSIBLE_CONFIG: '/nonexistent', HOME: folder, LC_ALL: 'C.UTF-8' },
    })
    expect(status, `${stdout}${stderr}`).toBe(0)
    theirs.push(...(JSON.parse(readFileSync(join(folder, 'items.json'), 'utf8')) as readonly unknown[]))
  }, 60_000)
  afterAll(() => rmSync(folder, { recursive: true }))

  it.each(rows)('$text', ({ at, loop, left }) => {
    const read = attempt(() => roundsOf(loop, env).map(({ item }) => item))
    if (left !== undefined) expect(read).toMatchObject({ unturned: { message: expect.stringContaining(left) as string } })
    else expect(read).toEqual({ value: theirs[at] })
  })
})
