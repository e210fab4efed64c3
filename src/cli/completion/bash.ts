import { quote } from '../../quote.js'
import { type Completed, type Flag, type Kind, nestedOf } from './words.js'

/** A completion script for bash 3.2 and later; it needs no bash-completion, and gets on with it. */
export const bashScript = (commands: readonly Completed[]): string => `# bash completion for holdfast: source <(holdfast completion bash)
_holdfast_kind() { # COMMAND OPTION: what follows it
  case "$1 $2" in
${commands.flatMap(({ name, flags }) => kindsOf(flags).map(([kind, spellings]) => `    ${spellings.map((one) => quote(`${name} ${one}`)).join('|')}) kind=${quote(kind)} ;;`)).join('\n')}
  esac
}
_holdfast_add() { # HEAD TAIL: the lines of stdin that begin with TAIL
  local word
  while IFS= read -r word; do
    case $word in "$2"*) COMPREPLY+=("$1$word") ;; esac
  done
}
_holdfast_names() { # the names that the program tells of $kind
  _holdfast_add "$head" "$tail" < <(command holdfast __complete "$kind" -- "\${words[@]}" 2>/dev/null)
}
_holdfast() {
  local line=\${COMP_LINE:0:COMP_POINT} cur= prev= command= kind= flags= head= tail= trim= list= at
  local -a words
  COMPREPLY=()
  IFS=$' \\t' read -a words <<< "$line"
  case $line in
    *[[:space:]]) ;;
    *) at=$((\${#words[@]} - 1)); cur=\${words[at]}; unset "words[at]" ;;
  esac
  command=\${words[1]-}
  case "$command \${words[2]-}" in
    ${nestedOf(commands).map(quote).join('|')}) command="$command \${words[2]}" ;;
  esac
  prev=\${words[\${#words[@]}-1]-}
  case $cur in
    [\\'\\"]*) cur=\${cur:1} ;;
    *[:=]*) trim=\${cur%"\${cur##*[:=]}"} ;;
  esac
  if [ -z "$command" ]; then
    kind=${quote(`=${[...commands.map(({ name }) => name).filter((name) => !name.includes(' ')), '--help', '--version'].join(' ')}`)}
  else
    case $cur in --*=*) _holdfast_kind "$command" "\${cur%%=*}"; head=\${cur%%=*}=; cur=\${cur#*=} ;; *) _holdfast_kind "$command" "$prev" ;; esac
  fi
  if [ -z "$kind" ]; then
    case $command in
${commands.map(({ name, flags, words }) => `      ${quote(name)}) flags=${quote(flags.flatMap(({ spellings }) => spellings.filter((one) => one.startsWith('--'))).join(' '))} kind=${quote(words === undefined ? '' : wordOf(words))} ;;`).join('\n')}
    esac
    case $cur in -*) kind==$flags ;; esac
  fi
  case $kind in
    =*) _holdfast_add "$head" "$cur" < <(tr ' ' '\\n' <<< "\${kind#=}") ;;
    ,*) _holdfast_add "$head\${cur%"\${cur##*,}"}" "\${cur##*,}" < <(tr ' ' '\\n' <<< "\${kind#,}") ;;
    hosts | groups)
      tail=\${cur##*[:,]} head=$head\${cur%"\${cur##*[:,]}"}
      case $tail in [\\&!]*) head=$head\${tail:0:1} tail=\${tail:1} ;; esac
      _holdfast_names ;;
    tags)
      tail=\${cur##*,} head=$head\${cur%"\${cur##*,}"}
      _holdfast_names ;;
    runs | remedies)
      tail=$cur
      _holdfast_names ;;
    files | folders)
      compopt -o filenames 2>/dev/null
      list=-f; [ "$kind" = files ] || list=-d
      _holdfast_add "$head" "$cur" < <(compgen $list -- "$cur") ;;
  esac
  # what bash takes for the word begins behind the last : or =
  for at in "\${!COMPREPLY[@]}"; do COMPREPLY[at]=\${COMPREPLY[at]#"$trim"}; done
}
complete -F _holdfast holdfast
`

function wordOf(kind: Kind): string {
  if (typeof kind === 'string') return kind
  return 'listed' in kind ? `,${kind.listed.join(' ')}` : `=${kind.join(' ')}`
}

/** The options that take a value, by what it is. */
function kindsOf(flags: readonly Flag[]): readonly (readonly [string, readonly string[]])[] {
  const found = new Map<string, readonly string[]>()
  for (const { spellings, value } of flags)
    if (value !== undefined) found.set(wordOf(value), [...(found.get(wordOf(value)) ?? []), ...spellings])
  return [...found]
}
