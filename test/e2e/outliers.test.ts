import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readRuns } from '../../src/history/runs.js'
import { type Lab, startLab } from '../lab/lab.js'
import { holdfastWords } from '../program.js'
import { differences, holdfast, outcomes } from './run.js'

const names = ['web1', 'web2', 'web3', 'web4']
const play = '- name: Held\n  hosts: web\n  sysctl: { net.ipv4.tcp_rfc1337: 0 }\n'
/** Of the fourth host: a running value, a rule, a value that a playbook names, and one that differs by nature. */
const odd = `sysctl -qw net.ipv4.tcp_retries2=7 net.ipv4.tcp_rfc1337=1 net.ipv4.tcp_max_syn_backlog=77
iptables -A INPUT -s 192.0.2.9/32 -j DROP`

describe('plan --wide and report --outliers --wide', { timeout: 120_000 }, () => {
  let lab: Lab
  let state: string

  beforeAll(async () => {
    lab = await startLab(names.map((name) => ({ name, kind: 'web' as const })))
    state = join(lab.dir, 'state')
    for (const name of names) await lab.host(name).must('iptables -A INPUT -p tcp --dport 22 -j ACCEPT')
    await lab.host('web4').must(odd)
  }, 120_000)
  afterAll(() => lab?.stop())

  const plan = (...argv: string[]) => holdfast(lab, ['plan', 'playbooks/a.yaml', '--state', state, ...argv], { 'playbooks/a.yaml': play })
  const report = async (...argv: string[]) => {
    const command = [...holdfastWords, 'report']
    return lab.run([...command, '--state', state, ...argv], { cwd: lab.dir, timeout: 60_000 })
  }

  it('name the one host that differs in what no playbook names, from one exec, and change nothing', async () => {
    const before = await Promise.all(
      names.map((name) => lab.host(name).must('iptables-save; sysctl -a --pattern "^net.ipv[46].tcp" 2>/dev/null')),
    )
    const ran = await plan('--wide')
    expect(outcomes(ran)).toEqual({ web1: 'in-sync', web2: 'in-sync', web3: 'in-sync', web4: 'pending' })
    expect(differences(ran)).toContain('web4 live net.ipv4.tcp_rfc1337: 1 -> 0')
    const after = await Promise.all(
      names.map((name) => lab.host(name).must('iptables-save; sysctl -a --pattern "^net.ipv[46].tcp" 2>/dev/null')),
    )
    const plain = (texts: readonly string[]) => texts.map((text) => text.replace(/^#.*|\[\d+:\d+\]/gm, ''))
    expect(plain(after)).toEqual(plain(before))
    const { code, stdout, stderr } = await report('--outliers', '--wide')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toBe(
      [
        'iptables ipv4 filter -A INPUT -s 192.0.2.9/32 -j DROP: there, where 3 of 3 others have nothing',
        'live sysctl net.ipv4.tcp_retries2: 7, where 3 of 3 others have 15',
        '',
      ]
        .join('\n')
        .replace(/^(?=.)/gm, 'web4 (web): '),
    )
  })

  it('keep it with what is known of a host, and not in every run', async () => {
    const { wide } = JSON.parse(readFileSync(join(state, 'hosts/web4.json'), 'utf8')) as { wide: Record<string, string | null> }
    expect(wide['live sysctl net.ipv4.tcp_rfc1337']).toBeNull()
    expect(Object.keys(wide).length).toBeGreaterThan(200)
    expect(Object.keys(wide).filter((name) => /stable_secret|fastopen_key|conf\.eth0/.test(name))).toEqual([])
    expect(JSON.stringify(readRuns(state))).not.toContain('tcp_retries2')
  })

  it('are remembered when a later look is not wide, and are read anew when one is', async () => {
    await lab.host('web4').must('sysctl -qw net.ipv4.tcp_retries2=15; iptables -D INPUT -s 192.0.2.9/32 -j DROP')
    await plan()
    expect((await report('--outliers', '--wide')).stdout).toContain('tcp_retries2: 7')
    expect((await report('--outliers')).stdout).toBe('no host differs from its peers in what was read\n')
    await plan('--wide')
    expect((await report('--outliers', '--wide')).stdout).toBe('no host differs from its peers in what was read\n')
  })
})
