import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lab, startLab } from '../lab/lab.js'
import { holdfastWords } from '../program.js'
import { project } from './run.js'

// A title for the window, a cleared screen, a bell, a line written over: what a host may say.
const evil = '\\033]0;owned\\007\\033[2J\\033[31m\\r\\b\\302\\233 2Jbad'
const restore = `#!/bin/sh
case " $* " in *' --noflush -w'*) printf '${evil}' >&2; exit 4;; esac
exec /etc/alternatives/ip6tables-restore "$@"
`
const files = {
  'playbooks/x.yaml': [
    { hosts: 'words', iptables: [{ id: 'own', chain: 'INPUT', family: 'ipv6', rule: '-p tcp --dport 8443 -j ACCEPT' }] },
    { hosts: 'comment', chains: [{ name: 'INPUT', family: 'ipv4', exact: true, rules: ['-p tcp --dport 22 -j ACCEPT'] }] },
    { hosts: 'version', sysctl: { 'net.ipv4.tcp_fin_timeout': 33 }, profile: 'told' },
  ],
  'playbooks/profiles/told.yaml': { name: 'told', version: { command: `printf '${evil}'`, pattern: '(?<sp>x)' } },
}

let lab: Lab
let dir: string
beforeAll(async () => {
  lab = await startLab([
    { name: 'words', kind: 'web', files: { '/usr/sbin/ip6tables-restore': restore } },
    { name: 'comment', kind: 'web' },
    { name: 'version', kind: 'web', files: { '/root/.bashrc': `printf '${evil}'; printf '${evil}' >&2\n` } },
  ])
  const lines = `*filter\n-A INPUT -s 192.0.2.5/32 -m comment --comment "${evil}" -j ACCEPT\nCOMMIT\n`
  await lab.host('comment').must(`printf '${lines.replaceAll('\n', '\\n').replaceAll('"', '\\"')}' | iptables-restore --noflush`)
  dir = project(lab, files)
})
afterAll(() => lab?.stop())

describe("control characters in a host's words", () => {
  const holdfast = (...argv: readonly string[]) => [...holdfastWords, ...argv, '--known-hosts', join(lab.dir, 'known_hosts')]

  it.each([['plan'], ['plan', '--diff', '-v'], ['apply', '--diff', '-v']])('never come out: %s', async (...argv) => {
    const { stdout, stderr } = await lab.run(holdfast(...argv), { cwd: dir, timeout: 60_000 })
    expect(`${stdout}${stderr}`).toContain('owned')
    expect(`${stdout}${stderr}`.match(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g) ?? []).toEqual([])
  })

  it('never come out on a terminal', async () => {
    const command = holdfast('apply', '--diff').join(' ')
    const { stdout } = await lab.run(['script', '-qec', command, '/dev/null'], { cwd: dir, timeout: 60_000, stdin: '' })
    expect(stdout).toContain('owned')
    expect(stdout.match(/\u001b\]0|\u001b\[2J|[\u0007\b\u009b]/g) ?? []).toEqual([])
  })
})
