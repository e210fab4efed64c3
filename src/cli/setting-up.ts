import { Argument, type Command } from 'commander'
import type { Shell } from './completion.js'
import type { Commands } from './program.js'

const shells: readonly Shell[] = ['bash', 'zsh', 'fish']

/** Commands that are about holdfast itself and read no playbook: nothing of Ansible's settings or passwords is asked of them. */
export const settingUp: readonly string[] = ['completion', '__complete']

/** Adds them to the grammar. */
export function withSettingUp(program: Command, commands: Commands, finish: (code: number) => void): void {
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
