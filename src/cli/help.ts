import { type Command, Help, type HelpConfiguration, type Option } from 'commander'
import { type Example, examples } from './examples.js'
import { headings } from './option-groups.js'

/** Descriptions begin here at the latest; a longer term stands on a line of its own. */
const widestTerm = 28
/** A column narrower than this is no text any more: then every description stands below its term. */
const narrowestText = 34

/** How help is set: by words, also on narrow terminals; commands by name alone. */
export const helpForm: HelpConfiguration = {
  minWidthToWrap: 20,
  subcommandTerm: (command) => command.name(),
  // `(default: false)` of a switch says nothing
  optionDescription: (option) => (option.defaultValue === false ? option.description : Help.prototype.optionDescription(option)),
  padWidth: (command, helper) => Math.min(widestTerm, Help.prototype.padWidth.call(helper, command, helper)),
  groupItems<T extends Command | Option>(all: T[], visible: T[], groupOf: (item: T) => string): Map<string, T[]> {
    const groups = Help.prototype.groupItems.call(this, all, visible, groupOf as never) as Map<string, T[]>
    const order: readonly string[] = Object.values(headings)
    return new Map([...groups].sort(([one], [other]) => order.indexOf(one) - order.indexOf(other)))
  },
  formatItem(term, termWidth, description, helper) {
    const width = helper.helpWidth ?? 80
    const below = width - termWidth - 4 < narrowestText
    if (!below && term.length <= termWidth) return Help.prototype.formatItem.call(helper, term, termWidth, description, helper)
    const indent = ' '.repeat(below ? 6 : termWidth + 4)
    return `  ${term}\n${indented(helper.boxWrap(description, width - indent.length), indent)}`
  },
}

/** The words that call a command, without the program's: `report`, `merge`. */
export const pathOf = (command: Command): readonly string[] => (command.parent ? [...pathOf(command.parent), command.name()] : [])

/** The examples of a command. */
export const examplesOf = (command: Command): readonly Example[] | undefined => examples[pathOf(command).join(' ') || command.name()]

/** Ends a command's help, and that of those below it, with its examples. */
export function teach(command: Command): void {
  for (const below of command.commands) teach(below)
  const own = examplesOf(command)
  if (own === undefined) return
  command.addHelpText('after', () => {
    const helper = command.createHelp()
    const { getOutHelpWidth } = command.configureOutput()
    helper.prepareContext({ helpWidth: getOutHelpWidth?.() ?? 80 })
    return `\nExamples:\n${own.map((example) => exampleText(example, helper)).join('\n')}`
  })
}

const exampleText = ({ line, says }: Example, helper: Help): string =>
  `  ${line}\n${indented(helper.boxWrap(says, (helper.helpWidth ?? 80) - 6), '      ')}`

const indented = (text: string, indent: string): string => text.replace(/^/gm, indent)
