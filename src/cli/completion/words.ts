import type { Argument, Command, Option } from 'commander'
import { pathOf } from '../help.js'
import { causes } from '../options.js'

/** Names that `holdfast __complete` tells: hosts and groups of the inventory, tags of the playbooks, runs of the history, shipped playbooks. */
export type Asked = 'hosts' | 'groups' | 'tags' | 'runs' | 'remedies'

/** What may stand in a place: names, paths, one of a few words, a comma list of them, or anything. */
export type Kind = Asked | 'files' | 'folders' | 'anything' | readonly string[] | { readonly listed: readonly string[] }

/** Whether a place takes names that the program itself knows. */
export const isAsked = (kind: Kind): kind is Asked => ['hosts', 'groups', 'tags', 'runs', 'remedies'].some((each) => each === kind)

export interface Flag {
  /** `-i`, `--inventory`. */
  readonly spellings: readonly string[]
  readonly says: string
  /** What follows it; a switch has nothing. */
  readonly value?: Kind
  readonly mayRepeat: boolean
}

/** A command as a shell completes it; `report merge` stands beside `report`. */
export interface Completed {
  readonly name: string
  readonly says: string
  readonly flags: readonly Flag[]
  /** What its arguments are; absent: it has none. */
  readonly words?: Kind
}

/** The names of commands that stand below another: `report merge`. */
export const nestedOf = (commands: readonly Completed[]): readonly string[] =>
  commands.map(({ name }) => name).filter((name) => name.includes(' '))

/** What a grammar's commands take, hidden ones left out. */
export function completedOf(program: Command): readonly Completed[] {
  const names = below(program).map((command) => command.name())
  const help = { name: 'help', says: 'print the help of a command', flags: [], words: names }
  return [
    ...below(program)
      .flatMap((command) => [command, ...below(command)])
      .map(completed),
    help,
  ]
}

function completed(command: Command): Completed {
  const helper = command.createHelp()
  const words = wordsOf(command)
  return {
    name: pathOf(command).join(' '),
    says: command.summary() || command.description(),
    flags: helper.visibleOptions(command).map(flagOf),
    ...(words && { words }),
  }
}

const below = (command: Command): readonly Command[] =>
  command
    .createHelp()
    .visibleCommands(command)
    .filter((one) => one.name() !== 'help')

function flagOf(option: Option): Flag {
  const value = option.required || option.optional ? kindOf(option) : undefined
  return {
    spellings: [option.short, option.long].filter((spelling) => spelling !== undefined),
    says: option.description,
    ...(value && { value }),
    mayRepeat: /may be repeated/.test(option.description) || option.variadic,
  }
}

/** What placeholders stand for: `-i, --inventory <file>`. */
const kinds: Readonly<Record<string, Kind>> = {
  file: 'files',
  key: 'files',
  folder: 'folders',
  group: 'groups',
  pattern: 'hosts',
  name: 'hosts',
  tags: 'tags',
  run: 'runs',
  remedy: 'remedies',
  causes: { listed: causes },
}

function kindOf({ flags, argChoices }: Option): Kind {
  const [, placeholder = ''] = /[<[](.*?)(?:\.\.\.)?[>\]]$/.exec(flags) ?? []
  return argChoices ?? kinds[placeholder] ?? 'anything'
}

function wordsOf(command: Command): Kind | undefined {
  const names = below(command).map((one) => one.name())
  return names.length > 0 ? names : kindOfArgument(command.registeredArguments)
}

const kindOfArgument = ([first]: readonly Argument[]): Kind | undefined =>
  first && (first.argChoices ?? (/PATTERN|HOST/.test(first.name()) ? 'hosts' : 'files'))
