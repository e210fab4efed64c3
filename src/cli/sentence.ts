import type { Command, CommanderError } from 'commander'
import { plural } from '../text.js'
import { examplesOf, pathOf } from './help.js'

/** `help` as commander knows it: `help report merge` is `report merge --help`, and what asks for the help of `help` gets it. */
export function helpAsked(argv: readonly string[], program: Command): readonly string[] {
  const [first = ''] = argv
  const isHelp = (word: string): boolean => word === '--help' || word === '-h'
  // help for what is no command would teach nothing
  if (first !== 'help') return commandIn(argv, program) || first.startsWith('-') ? argv : argv.filter((word) => !isHelp(word))
  const words = argv.slice(1).filter((word) => !isHelp(word))
  return words.length > 1 && commandIn(words, program) ? [...words, '--help'] : ['help', ...words]
}

/** commander's `error: unknown option '--limt'\n(Did you mean --limit?)` as one sentence that says what to do. */
export function sentenceOf({ message, code }: CommanderError, argv: readonly string[], program: Command): string {
  const names = namesBelow(program)
  const commands = `the commands are ${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
  if (code === 'commander.help') return `name a command: ${commands}`
  const command = commandIn(argv, program)
  const help = `${['holdfast', ...(command ? pathOf(command) : [])].join(' ')} --help`
  if (code === 'commander.missingArgument' && command) return missing(command, help)
  const sentence = message
    .replace(/^error: /, '')
    .replace(/\n\(Did you mean/, ' (did you mean')
    // What stands behind a name of -e may be a secret.
    .replace(/(-e, .*argument '[^'=]*=).*(' is invalid)/s, '$1...$2')
    .replace(/ is invalid\. It must be (.*)\.$/, ' is invalid: it must be $1')
    .replace(/^command-argument value ('.*') is invalid for argument '.*'\. Allowed choices are (.*)\.$/, '$1 is none of $2')
    .replace(/ is invalid\. Allowed choices are (.*)\.$/, ' is invalid: it must be one of $1')
    .trim()
  if (code === 'commander.unknownCommand' && !sentence.includes('did you mean')) return `${sentence}: ${commands}`
  if (code === 'commander.unknownOption' && argv[0]?.startsWith('-')) return `${sentence}: options stand behind the command`
  if (code === 'commander.unknownOption' && !sentence.includes('did you mean')) return `${sentence}: ${help} names them`
  if (code === 'commander.optionMissingArgument') return `${sentence.replace(/ argument missing$/, '')} needs a value: ${help} says which`
  if (code === 'commander.excessArguments' && command) return excess(command, help)
  return sentence
}

function missing(command: Command, help: string): string {
  const path = pathOf(command).join(' ')
  const wanted = command.registeredArguments.find((argument) => argument.required)
  const [example] = examplesOf(command) ?? []
  return `${path} needs ${wanted?.name() ?? 'more'}${wanted ? ` (${wanted.description})` : ''}: ${example ? `${example.line}; ` : ''}${help} shows more`
}

function excess(command: Command, help: string): string {
  const most = command.registeredArguments.length
  const given = command.args.slice(most).map((word) => `'${word}'`)
  const takes = most === 0 ? 'no argument' : plural(most, 'argument')
  return `${pathOf(command).join(' ')} takes ${takes}, and there stands ${given.join(', ')}${most === 0 ? '' : ', too'}: ${help}`
}

/** The command that a command line names, with what stands below it; undefined: it names none. */
function commandIn(argv: readonly string[], program: Command): Command | undefined {
  const named = (within: Command, word: string | undefined): Command | undefined => within.commands.find((one) => one.name() === word)
  const first = named(program, argv[0])
  return first && (named(first, argv[1]) ?? first)
}

const namesBelow = (program: Command): readonly string[] =>
  program
    .createHelp()
    .visibleCommands(program)
    .map((command) => command.name())
    .filter((name) => name !== 'help')
