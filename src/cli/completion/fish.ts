import { type Completed, type Flag, isAsked, type Kind, nestedOf } from './words.js'

/** A completion script for fish 3. */
export const fishScript = (commands: readonly Completed[]): string => `# fish completion for holdfast: holdfast completion fish | source
function __holdfast_typed # what was typed of a value
  string replace -r '^--[a-z-]+=' '' -- (commandline -ct) | string replace -r '^[\\'"]' ''
end
function __holdfast_names
  set -l head (__holdfast_typed | string match -r '^.*[:,][!&]?|^[!&]')
  for name in (command holdfast __complete $argv -- (commandline -opc) 2>/dev/null)
    echo "$head$name"
  end
end
function __holdfast_listed
  set -l head (__holdfast_typed | string match -r '^.*,')
  for name in $argv
    echo "$head$name"
  end
end
function __holdfast_is # the command that was typed
  set -l words (commandline -opc)
  set -l name "$words[2]"
  switch "$words[2] $words[3]"
    case ${nestedOf(commands).map(text).join(' ')}
      set name "$words[2] $words[3]"
  end
  test "$name" = "$argv"
end
complete -c holdfast -f
complete -c holdfast -n __fish_use_subcommand -l help -s h -d 'print this help'
complete -c holdfast -n __fish_use_subcommand -l version -d 'print the version'
${commands
  .filter(({ name }) => !name.includes(' '))
  .map(({ name, says }) => `complete -c holdfast -n __fish_use_subcommand -a ${name} -d ${text(says)}`)
  .join('\n')}
${commands.flatMap(linesOf).join('\n')}
`

function linesOf({ name, flags, words }: Completed): readonly string[] {
  const begin = `complete -c holdfast -n '__holdfast_is ${name}'`
  return [...(words === undefined ? [] : [`${begin} ${valueText(words)}`]), ...flags.map((flag) => `${begin} ${flagLine(flag)}`)]
}

const flagLine = ({ spellings, says, value }: Flag): string =>
  [
    ...spellings.map((one) => (one.startsWith('--') ? `-l ${one.slice(2)}` : `-s ${one.slice(1)}`)),
    ...(value === undefined ? [] : ['-r', valueText(value)]),
    `-d ${text(says)}`,
  ].join(' ')

function valueText(kind: Kind): string {
  if (typeof kind !== 'string') return `-f -a ${text('listed' in kind ? `(__holdfast_listed ${kind.listed.join(' ')})` : kind.join(' '))}`
  if (isAsked(kind)) return `-f -a '(__holdfast_names ${kind})'`
  return { files: '-F', folders: "-f -a '(__fish_complete_directories)'", anything: '-f' }[kind]
}

/** In single quotes fish reads only \\\\ and \\'. */
const text = (said: string): string => `'${said.replace(/[\\']/g, '\\$&')}'`
