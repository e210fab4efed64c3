import type { Argument, Command, Option } from 'commander'

/** What may stand in a place: names that the inventory knows, paths, one of a few words, or anything. */
export type Kind = 'hosts' | 'groups' | 'files' | 'folders' | 'anything' | readonly string[]

export interface Flag {
  /** `-i`, `--inventory`. */
  readonly spellings: readonly string[]
  readonly says: string
  /** What follows it; a switch has nothing. */
  readonly value?: Kind
  readonly mayRepeat: boolean
}

/** A command as a shell completes it. */
export interface Completed {
  readonly name: string
  readonly says: string
  readonly flags: readonly Flag[]
  /** What its arguments are. */
  readonly words: Kind
}

/** What a grammar's commands take, hidden ones left out. */
export function completedOf(program: Command): readonly Completed[] {
  const commands = program.createHelp().visibleCommands(program)
  const names = commands.map((command) => command.name()).filter((name) => name !== 'help')
  return commands.map((command) => ({
    name: command.name(),
    says: command.summary() || command.description(),
    flags: command.name() === 'help' ? [] : program.createHelp().visibleOptions(command).map(flagOf),
    words: command.name() === 'help' ? names : wordsOf(command),
  }))
}

function flagOf(option: Option): Flag {
  const value = option.required || option.optional ? kindOf(option.flags, option.argChoices) : undefined
  return {
    spellings: [option.short, option.long].filter((spelling) => spelling !== undefined),
    says: option.description,
    ...(value && { value }),
    mayRepeat: /may be repeated/.test(option.description) || option.variadic,
  }
}

/** The placeholder says it: `-i, --inventory <file>`. */
function kindOf(flags: string, choices: readonly string[] | undefined): Kind {
  if (choices) return choices
  const [, placeholder = ''] = /[<[](.*?)(?:\.\.\.)?[>\]]$/.exec(flags) ?? []
  if (/^(file|key)$/.test(placeholder)) return 'files'
  if (placeholder === 'folder') return 'folders'
  if (placeholder === 'group') return 'groups'
  return placeholder === 'pattern' || flags.startsWith('--host <name>') ? 'hosts' : 'anything'
}

function wordsOf(command: Command): Kind {
  const below = command
    .createHelp()
    .visibleCommands(command)
    .map((one) => one.name())
    .filter((name) => name !== 'help')
  return below.length > 0 ? below : kindOfArgument(command.registeredArguments)
}

const kindOfArgument = ([first]: readonly Argument[]): Kind =>
  first === undefined ? [] : (first.argChoices ?? (/PATTERN|HOST/.test(first.name()) ? 'hosts' : 'files'))
