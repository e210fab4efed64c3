import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { makeFolder, runSource } from './process.js'

let place: ReturnType<typeof makeFolder> | undefined
afterEach(() => place?.remove())
const start = (files: Readonly<Record<string, string>> = {}) => {
  place = makeFolder(files)
  return { folder: place.folder, cli: (...argv: string[]) => runSource('src/cli.ts', argv, place!.folder) }
}
const remedies = readdirSync(join(import.meta.dirname, '../../playbooks'))
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => name.replace('.yaml', ''))

it.each<readonly [string, readonly string[], string | RegExp]>([
  ['no remedy', ['--host', 'web1=192.0.2.21'], '1 host'],
  ['names that YAML reads otherwise', ['--host', 'on=2001:db8::1', '--host', '1e3', '--user', 'no'], '2 hosts'],
  ['hosts in groups', ['--host', 'web1', '--host', 'db:db1=192.0.2.3', '--user', 'kim'], '1 host'],
  ...remedies.map((name) => [name, ['--host', 'a1=192.0.2.21', '--host', 'proxy:p1=192.0.2.1', '--remedy', name], /\d hosts?/] as const),
])('writes files that validate: %s', (_, words, count) => {
  const { folder, cli } = start()
  const made = cli('init', ...words)
  expect(made).toMatchObject({ status: 0, stderr: '' })
  expect(made.stdout).toMatch(/^wrote inventory\.yaml, playbooks\/[\w-]+\.yaml\nnext:\n {2}holdfast validate/)
  const checked = cli('validate')
  expect(checked).toMatchObject({ status: 0, stderr: '' })
  expect(checked.stdout).toMatch(count)
  for (const path of made.stdout.split('\n')[0]!.replace('wrote ', '').split(', ')) {
    const [, schema] = /^# yaml-language-server: \$schema=(.*)$/m.exec(readFileSync(join(folder, path), 'utf8')) ?? []
    expect(existsSync(resolve(folder, path, '..', schema!)), schema).toBe(true)
  }
})

it('writes over nothing', () => {
  const { folder, cli } = start({ 'playbooks/rfc1337.yaml': 'mine\n' })
  const { status, stderr } = cli('init', '--host', 'a', '--remedy', 'rfc1337')
  expect(status).toBe(1)
  expect(stderr).toBe('holdfast: playbooks/rfc1337.yaml is there already; nothing was written\n')
  expect(readFileSync(join(folder, 'playbooks/rfc1337.yaml'), 'utf8')).toBe('mine\n')
  expect(existsSync(join(folder, 'inventory.yaml'))).toBe(false)
})

it.each([
  [[], 'there is no terminal to ask on: say --host NAME=ADDRESS'],
  [['--host', 'a b'], 'a b is no host: say NAME, NAME=ADDRESS or GROUP:NAME=ADDRESS'],
  [['--host', '$(id)=1'], 'is no host'],
  [['--host', 'a', '--user', 'a: b'], 'is no user name'],
  [['--host', 'a', '--remedy', 'nope'], `no remedy is called nope: there are ${remedies.join(', ')}`],
  [['--host', 'a', '--remedy', 'downstream-proxy'], 'downstream-proxy is about hosts of the group proxy: say --host proxy:NAME=ADDRESS'],
])('refuses %j in a pipe, and writes nothing', (words, message) => {
  const { folder, cli } = start()
  const { status, stderr } = cli('init', ...words)
  expect(status).toBe(1)
  expect(stderr).toContain(message)
  expect(readdirSync(folder)).toEqual([])
})

it.each([
  ['hosts.ini', { 'hosts.ini': '[web]\nweb1\n' }],
  ['stage/all.ini', { 'ansible.cfg': '[defaults]\ninventory = stage/all.ini\n', 'stage/all.ini': '[web]\nweb1\n' }],
])("finds Ansible's inventory %s, and writes only a playbook beside it", (path, files) => {
  const { folder, cli } = start(files)
  const before = readdirSync(folder)
  const told = cli('init')
  expect(told).toMatchObject({ status: 0, stderr: '' })
  expect(told.stdout).toMatch(`${path} is an inventory already: nothing needs to be written`)
  expect(readdirSync(folder)).toEqual(before)
  expect(cli('init', '--host', 'web2')).toMatchObject({ status: 1 })
  const made = cli('init', '--remedy', 'conntrack-timeout')
  expect(made.stdout).toContain(`holdfast validate -i ${path}`)
  expect(cli('validate', '-i', path).stdout).toContain('1 host')
})

it('says in JSON what it wrote, and the rest on stderr', () => {
  const { cli } = start()
  const made = cli('init', '--host', 'web1=192.0.2.21', '--json')
  expect(made.status).toBe(0)
  expect(JSON.parse(made.stdout)).toEqual({ wrote: ['inventory.yaml', 'playbooks/first.yaml'], inventory: 'inventory.yaml' })
  expect(made.stderr).toMatch(/^wrote inventory\.yaml/)
  const again = cli('init', '--json')
  expect(JSON.parse(again.stdout)).toEqual({ wrote: [], inventory: 'inventory.yaml' })
  expect(again).toMatchObject({ status: 0, stderr: expect.stringMatching(/^inventory\.yaml is an inventory already/) as string })
  const refused = cli('init', '--remedy', 'nope', '--json')
  expect(refused.status).toBe(1)
  expect(JSON.parse(refused.stdout)).toMatchObject({
    problems: [{ message: expect.stringContaining('no remedy is called nope') as string }],
  })
})
