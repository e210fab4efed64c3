import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lab, startLab } from '../lab/lab.js'
import { holdfast, outcomes } from './run.js'

/** What must be nowhere: a login's password, a password for sudo, one given by -e. */
const planted = ['pl4nted-login-9f31', 'pl4nted-become-77c2', 'pl4nted-extra-50aa']
const hostile = `it's "q" $(touch /canary) \`touch /canary\`; touch /canary \\ %s`

const playbook = [
  {
    hosts: 'web',
    name: hostile,
    sysctl: { 'net.ipv4.tcp_keepalive_time': 325 },
    iptables: [
      { id: 'commented', chain: 'INPUT', rule: { protocol: 'tcp', destination_port: 81, comment: hostile, jump: 'ACCEPT' } },
      { id: 'logged', chain: 'INPUT', rule: { protocol: 'udp', log_prefix: '$(touch /canary);`x` ', jump: 'LOG' } },
    ],
    chains: [{ name: 'a$(x);b', rules: ['-j RETURN'] }],
    on_change: 'true # $(true)',
  },
]

/** Command lines of all processes of this machine, lab hosts among them, but for the tests' own. */
const commandLines = (): readonly string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      } catch {
        return []
      }
    })

describe('secrets and hostile text', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await startLab([{ name: 'web', kind: 'web' }])
  })
  afterAll(() => lab?.stop())

  it('no secret is in what a run prints, keeps, leaves or runs; hostile text arrives as it is and runs nothing', async () => {
    const vars = { ansible_password: planted[0], ansible_become_password: planted[1] }
    const files = { 'group_vars/all.yaml': vars, 'playbooks/p.yaml': playbook }
    const key = readFileSync(join(lab.dir, 'id_ed25519'), 'utf8').split('\n')[2] ?? ''
    const seen = new Set<string>()
    const sampler = setInterval(() => {
      for (const line of commandLines()) seen.add(line)
    }, 20)
    const extra = ['-v', '--diff', '-e', `secret_var=${planted[2]}`]
    const texts: string[] = []
    try {
      for (const argv of [
        ['validate', '-v', '-e', `secret_var=${planted[2]}`],
        ['plan', ...extra, '--script'],
        ['plan', ...extra, '--out', 'kept.json'],
        ['apply', ...extra],
      ]) {
        const ran = await holdfast(lab, argv, files)
        if (argv[0] === 'apply') expect(outcomes(ran)).toEqual({ web: 'changed' })
        texts.push(ran.stdout, ran.stderr)
      }
    } finally {
      clearInterval(sampler)
    }
    const host = lab.host('web')
    const left = await host.must(
      'cd /; cat $(find var/lib/holdfast run/holdfast* etc root/.ssh -type f -size -200k 2>/dev/null) 2>/dev/null | tr -d "\\0"',
    )
    const kept = await lab.run(['sh', '-c', `cat $(find ${lab.dir}/project-* -type f ! -path '*/group_vars/*') | tr -d '\\0'`])
    const own = [...seen].filter((line) => !line.includes('secret_var='))
    for (const secret of [...planted, key]) {
      for (const [where, text] of Object.entries({
        printed: texts.join('\n'),
        left,
        kept: kept.stdout,
        argv: own.join('\n'),
        sshd: host.log(),
      }))
        expect(text.includes(secret), `${secret} in ${where}`).toBe(false)
    }
    expect(left).toContain('holdfast:commented')
    expect([...seen].some((line) => line.includes('sshd'))).toBe(true)
    expect(seen.size).toBeGreaterThan(10)
    expect(kept.stdout).toContain('"digest"')

    expect(await host.must('ls /canary 2>/dev/null; true')).toBe('')
    const saved = await host.must('iptables-save')
    const quoted = hostile.replaceAll('\\', '\\\\').replaceAll('"', '\\"')
    expect(saved.replaceAll('\\`', '`').replaceAll("\\'", "'")).toContain(`--comment "${quoted}"`)
    expect(saved.replaceAll('\\`', '`')).toContain('--log-prefix "$(touch /canary);`x` "')
    expect(saved).toContain('-A a$(x);b -j RETURN')
    expect(outcomes(await holdfast(lab, ['plan'], files))).toEqual({ web: 'in-sync' })
  })
})
