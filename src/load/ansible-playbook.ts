import type { Problem } from '../types.js'
import type { Document } from './document.js'
import { piped } from './files.js'
import { isMapping } from './vars.js'

/** What makes a play one of Ansible's, and what makes it one of ours. */
const theirs = [
  'tasks',
  'pre_tasks',
  'post_tasks',
  'roles',
  'handlers',
  'gather_facts',
  'import_playbook',
  'ansible.builtin.import_playbook',
]
const ours = ['sysctl', 'iptables', 'chains', 'must_reach', 'must_not_reach', 'on_change', 'boot_loader', 'beside', 'profile']

/** The one thing to say of a playbook that was written for ansible-playbook; undefined: it was not. */
export function ansiblePlaybook({ file, value, problem }: Document): Problem | undefined {
  if (!Array.isArray(value) || value.some((play) => isMapping(play) && ours.some((key) => Object.hasOwn(play, key)))) return undefined
  for (const [index, play] of value.entries()) {
    const key = isMapping(play) && theirs.find((each) => Object.hasOwn(play, each))
    if (!key) continue
    const name = file === piped ? 'site.yml' : /^[\w./+:@-]+$/.test(file) ? file : `'${file.replaceAll("'", `'\\''`)}'`
    const way = `holdfast import-ansible ${name} | holdfast plan -`
    return problem(
      [index, key],
      `${key}: this is an Ansible playbook, and a play here says what hosts hold; turn it into such plays: ${way}`,
      {
        at: 'key',
      },
    )
  }
  return undefined
}
