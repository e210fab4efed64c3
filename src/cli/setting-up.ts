import { Argument, type Command } from 'commander'
import type { Shell } from './completion.js'
import type { InitOptions } from './init.js'
import { headings } from './option-groups.js'
import { collect } from './options.js'
import type { Commands } from './program.js'

const shells: readonly Shell[] = ['bash', 'zsh', 'fish']

/** Commands that are about holdfast itself and read no playbook: nothing of Ansible's settings or passwords is asked of them. */
export const settingUp: readonly string[] = ['init', 'completion', '__complete']

/** Adds them to the grammar. */
export function withSettingUp(program: Command, commands: Commands, finish: (code: number) => void): void {
  program
    .command('init')
    .summary('write an inventory and a playbook to begin with')
    .description(
      'Write inventory.yaml and playbooks/*.yaml into this folder, over nothing that is there. Asks on a terminal; in a pipe the options say it.',
    )
    .usage('[--host NAME=ADDRESS...] [--user USER] [--remedy NAME...]')
    .optionsGroup(headings.own)
    .option('--host <host>', 'NAME, NAME=ADDRESS or GROUP:NAME=ADDRESS, may be repeated', collect)
    .option('--user <user>', 'who logs in (default: root; another becomes root through sudo)')
    .option('--remedy <remedy>', 'a playbook that comes with holdfast: conntrack-timeout, may be repeated', collect)
    .option('--json', 'print one JSON document on stdout: wrote, inventory; text on stderr')
    .action(async (options: InitOptions) => finish(await commands.init(options)))
  program
    .command('completion')
    .summary('print a completion script for bash, zsh or fish')
    .description(
      'Print a script by which a shell completes commands, options, files, and the hosts and groups of the inventory that is named.',
    )
    .addArgument(new Argument('<SHELL>', 'which shell').choices(shells))
    .action(async (shell: Shell) => finish(await commands.completion(shell, program)))
  // what the scripts call
  program
    .command('__complete', { hidden: true })
    .argument('<what>')
    .argument('[words...]')
    .action(async (what: string, words: string[]) => finish(await commands.complete(what, words)))
}
