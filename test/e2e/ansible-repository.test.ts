import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunReport } from '../../src/types.js'
import { type Lab, startLab } from '../lab/lab.js'
import { holdfastWords, lineOf } from '../program.js'

const root = join(import.meta.dirname, '../..')
const deploy = { name: 'deploy', password: 'b3come-Me', sudoers: 'deploy ALL=(ALL) ALL' }

describe('a repository of Ansible, as it is', { timeout: 120_000 }, () => {
  let lab: Lab
  let folder: string

  beforeAll(async () => {
    lab = await startLab([
      { name: 'web1', kind: 'web', users: [deploy] },
      { name: 'web2', kind: 'web', users: [deploy] },
    ])
    folder = mkdtempSync(join(lab.dir, 'repository-'))
    cpSync(join(root, 'test/fixtures/ansible-repository'), folder, { recursive: true })
    const hosts = join(folder, 'inventories/production/hosts.ini')
    const addressed = lab.hosts.reduce(
      (text, { name, address }) => text.replace(`=${name.toUpperCase()}`, `=${address}`),
      readFileSync(hosts, 'utf8'),
    )
    writeFileSync(hosts, addressed)
    // what an operator has: the key that ansible.cfg names, and the host keys
    mkdirSync(join(folder, 'keys'))
    copyFileSync(join(lab.dir, 'id_ed25519'), join(folder, 'keys/deploy'))
    chmodSync(join(folder, 'keys/deploy'), 0o600)
    copyFileSync(join(lab.dir, 'known_hosts'), join(folder, 'known_hosts'))
  }, 120_000)
  afterAll(() => lab?.stop())

  const files = (): readonly string[] =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => !name.includes('.holdfast'))
  /** A line of the shell in the repository, in the controller's network; `holdfast` is the command. */
  const shell = (line: string) => {
    const script = `holdfast() { ${lineOf(holdfastWords)} "$@"; }\n${line}`
    return lab.run(['sh', '-c', script], { cwd: folder, timeout: 100_000 })
  }

  it('is asked for its hosts', async () => {
    const { code, stdout, stderr } = await shell('holdfast inventory --graph webservers')
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '@webservers:\n  |--web1\n  |--web2\n', stderr: '' })
  })

  it('whose playbook is given as one of ours says the way, in one sentence', async () => {
    const { code, stderr } = await shell('holdfast plan site.yml')
    expect(code).toBe(1)
    expect(stderr).toMatch(/^site\.yml:\d+:3 .*this is an Ansible playbook.*: holdfast import-ansible site\.yml \| holdfast plan -$/m)
    expect(stderr).toMatch(/\n1 problem\n$/)
  })

  it('gets to its first plan by that way, and no file is written', async () => {
    const before = files()
    const { code, stdout, stderr } = await shell('holdfast import-ansible site.yml | holdfast plan - --json')
    expect({ code, stderr }).toMatchObject({ code: 2 })
    const { hosts } = JSON.parse(stdout) as RunReport
    const said = hosts.map(({ host, outcome, reason, changes }) => ({
      host,
      outcome,
      ...(reason === undefined ? {} : { reason }),
      live: changes.filter(({ layer }) => layer === 'live').map(({ at, after }) => `${at}: ${after}`),
    }))
    const keepalive = (seconds: number) => `net.ipv4.tcp_keepalive_time: ${seconds}`
    const port = expect.stringMatching(/filter INPUT .*-p tcp .*--dport 8080 .*-j ACCEPT/)
    expect(said).toEqual([
      { host: 'web1', outcome: 'pending', live: expect.arrayContaining([keepalive(600), port]) },
      { host: 'web2', outcome: 'pending', live: expect.arrayContaining([keepalive(900), port]) },
    ])
    expect(files()).toEqual(before)
    expect(stdout + stderr).not.toMatch(/b3come-Me|n0body-reads-me|correct horse/)
  })

  it('is reached as ansible.cfg says: without its user, its key or its vault there is no way in', async () => {
    const reasons = async (env: string): Promise<readonly string[]> => {
      const { stdout } = await shell(`holdfast import-ansible site.yml 2>/dev/null | ${env} holdfast plan - --json 2>/dev/null`)
      const { hosts = [], problems = [] } = JSON.parse(stdout) as Partial<RunReport> & {
        readonly problems?: readonly { message: string }[]
      }
      return [...hosts.map(({ outcome, reason }) => `${outcome} ${reason ?? ''}`), ...problems.map(({ message }) => message)]
    }
    expect(await reasons('ANSIBLE_REMOTE_USER=nobody-here')).toEqual(Array(2).fill(expect.stringMatching(/^unreachable .*nobody-here/)))
    expect(await reasons('ANSIBLE_PRIVATE_KEY_FILE=/nonexistent SSH_AUTH_SOCK=')).toEqual(
      Array(2).fill(expect.stringMatching(/^unreachable .*\/nonexistent/)),
    )
    expect(await reasons('ANSIBLE_VAULT_PASSWORD_FILE=ansible.cfg')).toEqual(
      expect.arrayContaining([expect.stringMatching(/encrypted with ansible-vault, and locked by another password/)]),
    )
    expect(await reasons('ANSIBLE_BECOME=no')).toEqual(Array(2).fill(expect.not.stringMatching(/^pending/)))
  })

  it('converges by it, and stays so', async () => {
    const applied = await shell('holdfast import-ansible site.yml | holdfast apply - --json')
    expect(applied).toMatchObject({ code: 0 })
    expect(await lab.host('web2').must('sysctl -n net.ipv4.tcp_keepalive_time; iptables -S INPUT')).toMatch(/^900\n[\s\S]*--dport 8080/)
    expect(await shell('holdfast import-ansible site.yml | holdfast plan - --json')).toMatchObject({ code: 0 })
  })
})
