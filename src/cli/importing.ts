import type { Command } from 'commander'
import { headings, withVault } from './option-groups.js'
import { collect } from './options.js'
import type { Commands } from './program.js'

/** Options of `import-ansible`. */
export interface ImportOptions {
  readonly inventory?: readonly string[]
  readonly rolesPath?: readonly string[]
  readonly out?: string
  readonly json?: boolean
}

/** Adds `import-ansible` to the grammar. */
export function withImporting(program: Command, commands: Commands, finish: (code: number) => void): void {
  withVault(
    program
      .command('import-ansible')
      .summary("turn Ansible's sysctl and iptables tasks into a playbook")
      .description(
        'Print the playbook that holds what the tasks of an Ansible playbook do to kernel parameters and iptables rules. What cannot be turned is told on stderr and stands as a comment in its place; exit 2 then. No host is contacted.',
      )
      .usage('PLAYBOOK... [--out FILE]')
      .argument('<PLAYBOOK...>', 'playbooks of Ansible')
      .optionsGroup(headings.own)
      .option('-i, --inventory <file>', 'its variables are what lists and conditions need; may be repeated (default: as plan)', collect)
      .option('--roles-path <folder>', 'look for roles here, too; may be repeated (default: roles_path of ansible.cfg)', collect)
      .option('--out <file>', 'write the playbook there, whole or not at all (default: stdout)')
      .option('--json', 'print one JSON document on stdout: playbook, left, notes, others'),
  ).action(async (playbooks: string[], options: ImportOptions) => finish(await commands.importAnsible(playbooks, options)))
}
