import { quote } from '../../quote.js'
import { type Completed, type Flag, isAsked, type Kind, nestedOf } from './words.js'

/** A completion script for zsh: to be sourced after compinit, or as a file _holdfast in $fpath. */
export const zshScript = (commands: readonly Completed[]): string => `#compdef holdfast
# zsh completion for holdfast: source <(holdfast completion zsh), or write it to a folder of $fpath as _holdfast
_holdfast_names() { # what is asked for
  local -a names
  compset -P '*[:,]'
  compset -P '[&!]'
  names=("\${(@f)$(command holdfast __complete $1 -- "\${(@Q)line_so_far}" 2>/dev/null)}")
  compadd -a names
}
_holdfast() {
  local -a commands line_so_far
  line_so_far=("\${(@)words[1,CURRENT-1]}")
  if (( CURRENT == 2 )); then
    commands=(
${commands
  .filter(({ name }) => !name.includes(' '))
  .map(({ name, says }) => `      ${quote(`${name}:${says}`)}`)
  .join('\n')}
    )
    _describe -t commands command commands
    _arguments '--help[print this help]' '--version[print the version]'
    return
  fi
  shift words
  (( CURRENT-- ))
  local name=$words[1]
  case "$words[1] $words[2]" in
    ${nestedOf(commands).map(quote).join('|')})
      if (( CURRENT > 2 )); then
        name="$words[1] $words[2]"
        shift words
        (( CURRENT-- ))
      fi ;;
  esac
  case $name in
${commands.map((command) => `    ${quote(command.name)})\n      _arguments -s \\\n${specsOf(command)} ;;`).join('\n')}
  esac
}
if [ "$funcstack[1]" = _holdfast ]; then
  _holdfast "$@"
else
  compdef _holdfast holdfast
fi
`

const specsOf = ({ flags, words }: Completed): string =>
  [...flags.flatMap(flagSpecs), ...(words === undefined ? [] : [`*:${label(words)}:${actionOf(words)}`])]
    .map((spec) => `        ${quote(spec)}`)
    .join(' \\\n')

/** `(-f --forks)--forks=[hosts at once]:value: `. */
function flagSpecs({ spellings, says, value, mayRepeat }: Flag): readonly string[] {
  return spellings.map((spelling) => {
    const once = mayRepeat ? '*' : `(${spellings.join(' ')})`
    const joined = value === undefined ? '' : spelling.startsWith('--') ? '=' : '+'
    const text = says.replace(/[[\]\\]/g, '\\$&')
    return `${once}${spelling}${joined}[${text}]${value === undefined ? '' : `:${label(value)}:${actionOf(value)}`}`
  })
}

function label(kind: Kind): string {
  if (typeof kind !== 'string' || kind === 'anything') return 'value'
  return kind === 'remedies' ? 'remedy' : kind.slice(0, -1)
}

function actionOf(kind: Kind): string {
  if (typeof kind !== 'string') return 'listed' in kind ? ` _values -s , value ${kind.listed.join(' ')}` : `(${kind.join(' ')})`
  return isAsked(kind) ? ` _holdfast_names ${kind}` : { files: '_files', folders: '_files -/', anything: ' ' }[kind]
}
