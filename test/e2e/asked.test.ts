import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parse } from 'yaml'
import { type Lab, startLab } from '../lab/lab.js'
import { holdfastWords } from '../program.js'
import { project } from './run.js'

let lab: Lab
beforeAll(async () => {
  lab = await startLab([{ name: 'web1', kind: 'web', users: [{ name: 'deploy', password: 'h0ld-it', sudoers: 'deploy ALL=(ALL) ALL' }] }])
})
afterAll(() => lab?.stop())

it('asks for a password of sudo once, whatever the command, and goes with it wherever it goes', async () => {
  const inventory = parse(readFileSync(join(lab.dir, 'inventory.yaml'), 'utf8'))
  inventory.all.vars.ansible_user = 'deploy'
  const cwd = project(lab, {
    'inventory.yaml': inventory,
    'playbooks/a.yaml': '- hosts: web1\n  sysctl: { net.ipv4.tcp_fin_timeout: 47 }\n',
  })
  const askpass = join(cwd, 'askpass')
  writeFileSync(askpass, '#!/bin/sh\nprintf "%s\\n" "$1" >>asked\necho h0ld-it\n', { mode: 0o755 })
  for (const words of [['diagnose'], ['apply'], ['rollback', 'web1', '--list'], ['rollback', 'web1'], ['adopt', 'web1']]) {
    writeFileSync(join(cwd, 'asked'), '')
    const { code, stdout, stderr } = await lab.run(
      [...holdfastWords, ...words, '-b', '-K', '--known-hosts', join(lab.dir, 'known_hosts')],
      { cwd, timeout: 60_000, env: { ...process.env, SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force' } },
    )
    expect([words, code], stdout + stderr).toEqual([words, 0])
    expect([words, readFileSync(join(cwd, 'asked'), 'utf8')]).toEqual([words, 'BECOME password: \n'])
    expect(stdout + stderr).not.toContain('h0ld-it')
  }
})
