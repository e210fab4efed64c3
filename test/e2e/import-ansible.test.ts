import { cpSync, mkdtempSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Captured, type Lab, startLab } from '../lab/lab.js'
import { ansibleCollections } from '../lab/needs.js'
import { holdfastWords, lineOf } from '../program.js'

const fixtures = join(import.meta.dirname, '../fixtures/import/real')
/** Playbooks of Ansible, each for a group of its own name; and whether all of it is turned. */
const playbooks = [
  ['placed', 0],
  ['exact', 0],
  ['restored', 0],
] as const
/** Its words: what follows `plan`. */
const pipe = `${lineOf(holdfastWords)} import-ansible exact.yml | ${lineOf(holdfastWords)} plan "$@" --limit ours -`
const keys =
  'net.ipv4.tcp_rfc1337 net.ipv4.tcp_rmem net.ipv4.conf.all.rp_filter net.core.somaxconn net.ipv4.tcp_fin_timeout net.ipv4.ip_forward net.ipv4.tcp_keepalive_time net.ipv4.tcp_keepalive_probes'

describe('import-ansible', { timeout: 300_000 }, () => {
  let lab: Lab
  let folder: string
  beforeAll(async () => {
    const pairs = playbooks.flatMap(([name]) =>
      ['theirs', 'ours'].map((whose) => ({ name: `${name}-${whose}`, kind: 'web' as const, groups: [name, whose] })),
    )
    lab = await startLab(pairs)
    folder = mkdtempSync(join(lab.dir, 'import-'))
    cpSync(fixtures, folder, { recursive: true })
  }, 120_000)
  afterAll(() => lab?.stop())

  const run = (argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Captured> =>
    lab.run(argv, { cwd: folder, timeout: 280_000, env: { ...process.env, ...env } })
  const holdfast = (...argv: string[]): Promise<Captured> => run([...holdfastWords, ...argv])
  const files = playbooks.map(([name]) => `${name}.yml`)
  const inventory = (): readonly string[] => ['-i', join(lab.dir, 'inventory.yaml')]
  const known = (): readonly string[] => ['--known-hosts', join(lab.dir, 'known_hosts')]

  /** What a host holds live, without what only tells whose it is: `nat -A PREROUTING ...`, by table, and the keys. */
  const stateOf = async (name: string): Promise<readonly string[]> => {
    const texts = await Promise.all(['iptables-save', 'ip6tables-save'].map((command) => lab.host(name).must(command)))
    const rules = texts.flatMap((text, family) => {
      let table = ''
      return text.split('\n').flatMap((line) => {
        if (line.startsWith('*')) table = `${family === 0 ? 'ipv4' : 'ipv6'} ${line.slice(1)}`
        if (!/^[:-]/.test(line) || /^:\w+ ACCEPT /.test(line)) return []
        return [`${table} ${line.replace(/ -m comment --comment "?holdfast:[\w.-]+"?/, '').replace(/ \[\d+:\d+\]$/, '')}`]
      })
    })
    const order = (rule: string): string => rule.split(' ').slice(0, 2).join(' ')
    const sorted = rules.toSorted((one, other) => order(one).localeCompare(order(other)))
    return [...sorted, ...(await lab.host(name).must(`sysctl ${keys}`)).trim().split('\n')]
  }

  it('leads to what the real Ansible leads to', async () => {
    const env = {
      ANSIBLE_COLLECTIONS_PATH: await ansibleCollections(),
      ANSIBLE_CONFIG: '/nonexistent',
      ANSIBLE_HOST_KEY_CHECKING: 'False',
      ANSIBLE_PIPELINING: 'True',
      LC_ALL: 'C.UTF-8',
    }
    const before = await Promise.all(playbooks.map(([name]) => stateOf(`${name}-ours`)))
    const theirs = await run(['ansible-playbook', ...inventory(), '--limit', 'theirs', ...files], env)
    expect(`${theirs.stdout}${theirs.stderr}`).toMatch(/failed=0/)
    expect(theirs.code, `${theirs.stdout}${theirs.stderr}`).toBe(0)
    for (const [name, code] of playbooks) {
      const imported = await holdfast('import-ansible', ...inventory(), `${name}.yml`, '--out', `${name}.yaml`)
      expect([imported.code, imported.stdout], imported.stderr).toEqual([code, ''])
      expect(readFileSync(join(folder, `${name}.yaml`), 'utf8')).not.toContain('not turned')
    }
    const turned = playbooks.map(([name]) => `${name}.yaml`)
    const valid = await holdfast('validate', ...inventory(), ...turned)
    expect(valid.code, valid.stderr).toBe(0)
    const applied = await holdfast('apply', ...inventory(), ...known(), '--limit', 'ours', ...turned)
    expect(applied.code, `${applied.stdout}${applied.stderr}`).toBe(0)
    for (const [at, [name]] of playbooks.entries()) {
      const ours = await stateOf(`${name}-ours`)
      expect(ours, name).toEqual(await stateOf(`${name}-theirs`))
      expect(ours, name).not.toEqual(before[at])
    }
    const again = await holdfast('plan', ...inventory(), ...known(), '--limit', 'ours', ...turned)
    expect(again.code, `${again.stdout}${again.stderr}`).toBe(0)
    const piped = await run(['sh', '-c', pipe, 'sh', ...inventory(), ...known()])
    expect(piped.code, `${piped.stdout}${piped.stderr}`).toBe(0)
    expect(piped.stdout).toContain('1 in-sync')
  })
})
