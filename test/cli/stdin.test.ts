import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadTexts, memory } from '../load/rows.js'
import { holdfastWords } from '../program.js'
import { makeFolder, runSource } from './process.js'

const play = '- hosts: all\n  sysctl:\n    net.ipv4.tcp_rfc1337: 0\n'

describe('a playbook from stdin', () => {
  let folder: ReturnType<typeof makeFolder>
  beforeAll(() => {
    folder = makeFolder({ hosts: 'web1\nweb2\n', 'play.yaml': play })
  })
  afterAll(() => folder.remove())
  const validate = (input: string, command = 'cat') => {
    const line = `{ ${command}; } | "$0" "$@" validate -i hosts -`
    return spawnSync('sh', ['-c', line, ...holdfastWords], {
      cwd: folder.folder,
      encoding: 'utf8',
      input,
      env: { ...process.env, NO_COLOR: '1' },
    })
  }

  it('is read to its end, also where it comes slowly', () => {
    const slow = validate('', 'head -c 20 play.yaml; sleep 1; tail -c +21 play.yaml')
    expect(slow).toMatchObject({ status: 0, stdout: 'no problems; the plays name 2 hosts\n' })
    expect(slow.stderr).toMatch(/^note: a playbook from stdin removes nothing: /)
  })

  it('has a name where it is wrong', () => {
    expect(validate('- hosts: all\n  sysctls: {}\n')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^<stdin>:2:3 .*unknown key "sysctls"/),
    })
    expect(validate('')).toMatchObject({ status: 1, stderr: expect.stringMatching(/^<stdin>:1:1 must be a list \(is empty\)/) })
  })

  it("that is one of Ansible's is told once, with the way", () => {
    const { status, stderr } = validate('- hosts: all\n  become: yes\n  roles: [web]\n  tasks: []\n')
    expect(status).toBe(1)
    expect(stderr).toMatch(/^<stdin>:4:3 .*tasks: this is an Ansible playbook, .*: holdfast import-ansible site\.yml \| holdfast plan -\n/)
    expect(stderr).toMatch(/\n1 problem\n$/)
  })

  it('is named where there is none of ours, but one of Ansible', () => {
    const other = makeFolder({ hosts: 'web1\n', 'site.yml': '- hosts: all\n  roles: []\n' })
    expect(runSource('src/cli.ts', ['plan', '-i', 'hosts'], other.folder)).toMatchObject({
      status: 1,
      stderr:
        "holdfast: there are no playbooks/*.yaml here; name a playbook, or turn Ansible's: holdfast import-ansible site.yml | holdfast plan -\n",
    })
    other.remove()
  })

  it('removes nothing that another one put there', async () => {
    const texts = { 'inventory.yaml': 'all: {hosts: {h: }}', 'p.yaml': play, '-': play.replace('rfc1337', 'sack') }
    const loaded = await loadTexts(texts, { files: memory(texts), playbooks: ['p.yaml', '-'] })
    if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems))
    expect(loaded.hosts[0]!.want.playbooks).toEqual(['p.yaml'])
    expect(JSON.stringify(loaded.hosts[0]!.want.resources)).toContain('"playbook":"<stdin>"')
  })
})
