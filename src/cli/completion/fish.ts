import type { Completed, Flag, Kind } from './words.js'

/** A completion script for fish 3. */
export const fishScript = (commands: readonly Completed[]): string => `# fish completion for holdfast: holdfast completion fish | source
function __holdfast_names
  set -l head (string replace -r '^--[a-z-]+=' '' -- (commandline -ct) | string replace -r '^[\\'"]' '' | string match -r '^.*[:,][!&]?|^[!&]')
  for name in (command holdfast __complete $argv -- (commandline -opc) 2>/dev/null)
    echo "$head$name"
  end
end
complete -c holdfast -f
complete -c holdfast -n __fish_use_subcommand -l help -s h -d 'print this help'
complete -c holdfast -n __fish_use_subcommand -l version -d 'print the version'
${commands.map(({ name, says }) => `complete -c holdfast -n __fish_use_subcommand -a ${name} -d ${text(says)}`).join('\n')}
${commands.flatMap(linesOf).join('\n')}
`

function linesOf({ name, flags, words }: Completed): readonly string[] {
  const begin = `complete -c holdfast -n '__fish_seen_subcommand_from ${name}'`
  return [...(words.length === 0 ? [] : [`${begin} ${valueText(words)}`]), ...flags.map((flag) => `${begin} ${flagLine(flag)}`)]
}

const flagLine = ({ spellings, says, value }: Flag): string =>
  [
    ...spellings.map((one) => (one.startsWith('--') ? `-l ${one.slice(2)}` : `-s ${one.slice(1)}`)),
    ...(value === undefined ? [] : ['-r', valueText(value)]),
    `-d ${text(says)}`,
  ].join(' ')

function valueText(kind: Kind): string {
  if (typeof kind !== 'string') return `-f -a ${text(kind.join(' '))}`
  return {
    hosts: "-f -a '(__holdfast_names hosts)'",
    groups: "-f -a '(__holdfast_names groups)'",
    files: '-F',
    folders: "-f -a '(__fish_complete_directories)'",
    anything: '-f',
  }[kind]
}

/** In single quotes fish reads only \\\\ and \\'. */
const text = (said: string): string => `'${said.replace(/[\\']/g, '\\$&')}'`
