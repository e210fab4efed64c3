import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { disk } from '../../src/cli/files.js'
import { readInventory } from '../../src/load/inventory.js'
import { loadTexts, yamlRows } from '../load/rows.js'
import { type Answer, ansible } from './ansible.js'

interface Row {
  readonly name: string
  readonly files: Readonly<Record<string, string>>
  readonly i?: readonly string[]
  readonly dir?: string
}

describe('variables beside a playbook', { timeout: 60_000 }, () => {
  const rows = yamlRows<Row[]>('playbook-vars.yaml')
  const root = mkdtempSync(join(tmpdir(), 'holdfast-vars-'))
  let answers: readonly Answer[]
  const folderOf = (row: Row): string => join(root, String(rows.indexOf(row)))

  beforeAll(() => {
    for (const row of rows) {
      for (const [name, text] of Object.entries(row.files)) {
        mkdirSync(dirname(join(folderOf(row), name)), { recursive: true })
        writeFileSync(join(folderOf(row), name), text)
      }
    }
    const sources = ({ i = ['hosts'] }: Row) => i.flatMap((path) => ['-i', path])
    answers = ansible(
      rows.map((row) => ({
        argv: ['ansible-inventory', '--host', 'h', '--playbook-dir', row.dir ?? '.', ...sources(row)],
        cwd: folderOf(row),
      })),
    )
  }, 120_000)
  afterAll(() => rmSync(root, { recursive: true }))

  it.each(rows)('hold as in Ansible: $name', (row) => {
    const answer = answers[rows.indexOf(row)]!
    expect(answer).toMatchObject({ code: 0 })
    const at = (path: string): string => join(folderOf(row), path)
    const { inventory, problems } = readInventory((row.i ?? ['hosts']).map(at), disk, [at(row.dir ?? '.')])
    expect(problems).toEqual([])
    const ours = Object.fromEntries([...inventory.hosts.get('h')!.vars].map(([name, { value }]) => [name, value]))
    expect(ours).toEqual(JSON.parse(answer.out))
    expect(Object.keys(ours).length).toBeGreaterThan(0)
  })

  const values = async (files: Readonly<Record<string, string>>, playbooks: readonly string[]) => {
    const loaded = await loadTexts({ 'inventory.yaml': 'web: {hosts: {h: }}', ...files }, { playbooks })
    if ('problems' in loaded) return loaded.problems
    const { keys } = loaded.hosts[0]!.want.resources.sysctl as {
      readonly keys: readonly { readonly key: string; readonly value: string }[]
    }
    return { user: loaded.hosts[0]!.target.user, ...Object.fromEntries(keys.map(({ key, value }) => [key.replace(/.*_/, ''), value])) }
  }
  const play = (key: string) => `- hosts: web\n  sysctl:\n    net.ipv4.tcp_${key}: "{{ v }}"\n`

  it('hold for the plays of that playbook, and how the host is reached', async () => {
    const files = { 'pb/p.yaml': play('rfc1337'), 'pb/group_vars/web': 'v: 1\nansible_user: deploy\n', 'group_vars/web': 'v: 0\n' }
    expect(await values(files, ['pb/p.yaml'])).toEqual({ user: 'deploy', rfc1337: '1' })
  })

  it('of one playbook are not those of another in the same run', async () => {
    const one = { 'one/p.yaml': play('rfc1337'), 'one/group_vars/web': 'v: 1\n' }
    const two = { 'two/p.yaml': play('sack'), 'two/host_vars/h': 'v: 0\n', 'two/group_vars/web': 'v: 1\n' }
    expect(await values({ ...one, ...two }, ['one/p.yaml', 'two/p.yaml'])).toMatchObject({ rfc1337: '1', sack: '0' })
    expect(await values({ ...one, 'two/p.yaml': play('sack') }, ['one/p.yaml', 'two/p.yaml'])).toMatchObject([
      { file: 'two/p.yaml', line: 3, message: expect.stringContaining('v') },
    ])
  })
})
