import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** One command line of an Ansible tool: `['ansible-inventory', '--list', '-i', 'hosts']`. */
export interface Call {
  readonly argv: readonly string[]
  readonly cwd: string
}

export interface Answer {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs command lines of the real Ansible (Debian's ansible-core), all in one process; throws a sentence where it is not installed. */
export function ansible(calls: readonly Call[]): readonly Answer[] {
  if (!existsSync('/usr/bin/ansible-inventory')) throw new Error('this test compares with the real Ansible: apt-get install ansible-core')
  const env = { ...process.env, ANSIBLE_CONFIG: '/nonexistent', ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED: 'True', LC_ALL: 'C.UTF-8' }
  const answers = execFileSync('/usr/bin/python3', [join(import.meta.dirname, 'many-ansible.py')], {
    input: JSON.stringify(calls),
    env,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  return JSON.parse(answers) as readonly Answer[]
}
