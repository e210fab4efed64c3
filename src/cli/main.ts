import { CommanderError } from 'commander'
import { problemsJson } from '../report/problems.js'
import { show } from '../report/style.js'
import { ansibleConfig } from './ansible-config.js'
import { fillIn } from './ansible-settings.js'
import type { Console } from './console.js'
import { headings } from './option-groups.js'
import { Mistake } from './options.js'
import { type Parts, realParts } from './parts.js'
import { type Commands, grammarOf, lesson } from './program.js'
import { helpAsked, sentenceOf } from './sentence.js'
import { settingUp } from './setting-up.js'
import { takeVaultPasswords, type VaultOptions } from './vault.js'

/** Runs one command line to its exit code; a mistake in it is one sentence on stderr and exit 1. */
export async function runCommandLine(
  argv: readonly string[],
  console: Console,
  shipped: URL,
  version: () => string,
  parts: Parts = realParts(shipped),
): Promise<number> {
  if (argv.length === 0) {
    console.out.write(lesson)
    return 0
  }
  let code = 0
  const finish = (given: number): void => {
    code = given
  }
  const program = grammarOf(commandsOf(parts, console, version, shipped), finish, console.out.write)
    .optionsGroup(headings.general)
    .version(version(), '--version', 'print the version')
  program.hook('preAction', async (_, command) => {
    if (settingUp.includes(command.name())) return
    const ansible = ansibleConfig()
    for (const note of fillIn(command, ansible)) console.err.write(`note: ${show(note, console.err.style)}\n`)
    await takeVaultPasswords(command.opts<VaultOptions>(), ansible.settings)
  })
  try {
    await program.parseAsync(helpAsked(argv, program), { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0
    const sentence =
      error instanceof CommanderError ? sentenceOf(error, argv, program) : error instanceof Mistake ? error.message : undefined
    if (sentence === undefined) throw error
    console.err.write(`holdfast: ${show(sentence, console.err.style)}\n`)
    if (argv.includes('--json'))
      console.out.write(problemsJson([{ file: 'command line', line: 1, column: 1, path: '', message: sentence }]))
    return 1
  }
}

function commandsOf(parts: Parts, console: Console, version: () => string, shipped: URL): Commands {
  return {
    validate: async (playbooks, options) => (await import('./validate.js')).validate(playbooks, options, parts, console),
    converge: async (command, playbooks, options) =>
      command === 'apply' && playbooks.some((path) => path.endsWith('.json'))
        ? (await import('./apply-kept.js')).applyKept(playbooks, options, parts, console, version())
        : (await import('./converge.js')).converge(command, playbooks, options, parts, console, version()),
    watch: async (playbooks, options) => (await import('./watch.js')).watch(playbooks, options, parts, console),
    report: async (options) => (await import('./report.js')).report(options, console),
    merge: async (paths, options) => (await import('./merge.js')).merge(paths, options, console),
    diagnose: async (playbooks, options) => (await import('./diagnose.js')).diagnose(playbooks, options, parts, console),
    inventory: async (options) => (await import('./inventory.js')).showInventory(options, console),
    adopt: async (patterns, options) => (await import('./adopt.js')).adopt(patterns, options, parts, console),
    importAnsible: async (playbooks, options) => (await import('./import-ansible.js')).importAnsible(playbooks, options, console),
    init: async (options) => (await import('./init.js')).init(options, shipped, console),
    completion: async (shell, program) => (await import('./completion.js')).completion(shell, program, console),
    complete: async (what, words) => (await import('./complete.js')).complete(what, words, shipped, console),
    rollback: async (patterns, options) => (await import('./rollback.js')).rollback(patterns, options, parts, console),
  }
}
