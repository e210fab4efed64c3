import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeFolder, runHere } from './process.js'

let place: ReturnType<typeof makeFolder>
const task = (value: string): string => `- hosts: web\n  tasks: [{ sysctl: { name: net.core.somaxconn, value: ${value} } }]\n`
beforeAll(() => {
  place = makeFolder({
    'hosts.ini': '[web]\nweb1\n',
    'deploy/group_vars/web.yml': 'size: 5\n',
    'deploy/site.yml': task('"{{ size }}"'),
    'deploy/plain.yml': task('5'),
  })
})
afterAll(() => place.remove())

it.each([
  ['goes elsewhere', 'site.yml', [], true],
  ['goes beside it', 'site.yml', ['--out', 'deploy/holdfast.yaml'], false],
  ['goes into another folder', 'site.yml', ['--out', 'holdfast.yaml'], true],
  ['names no variable', 'plain.yml', [], false],
] as const)('tells of variables beside an Ansible playbook where the turned one %s', async (_, name, words, told) => {
  const at = (path: string): string => join(place.folder, path)
  const paths = words.map((word) => (word.startsWith('-') ? word : at(word)))
  const { status, stderr } = await runHere(['import-ansible', at(`deploy/${name}`), '-i', at('hosts.ini'), ...paths])
  expect(status, stderr).toBe(0)
  expect(stderr.includes(`${at('deploy/group_vars')}/, which counts only for playbooks beside it`)).toBe(told)
})
