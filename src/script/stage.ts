import { quote } from '../quote.js'
import { encodeBytes } from '../text.js'
import type { Effect } from '../types.js'
import { cksum } from './cksum.js'
import { stateDir } from './facts.js'

export type FileEffect = Extract<Effect, { kind: 'file' }>

/**
 * sh functions for boot files. A new file is made beside its target (beside what a link points to: the link stays) under a name that no
 * reader takes (a leading dot, a trailing `~`), with owner, mode and label of the old one; it takes the old one's place by rename, only if
 * that still is what look saw. Every name made is listed, in the lock and where a reboot leaves it.
 */
export const fileLibrary = `hf_is_file() { # file|link path sum: is that what stands there?
  if [ "$1" = link ] && [ -L "$2" ]; then hf_d="link $(readlink "$2")"
  elif [ -f "$2" ]; then hf_d=$(cksum < "$2"); hf_x=\${hf_d#* }; hf_d="\${hf_d%% *} \${hf_x%% *}"
  elif [ -e "$2" ]; then hf_d='no file'
  else hf_d=absent; fi
  [ "$hf_d" = "$3" ]
}
hf_beside() { # file|link path: sets hf_to (where the file is) and hf_t, hf_old (names beside it)
  hf_to=$2
  if [ "$1" = file ] && [ -L "$2" ]; then hf_to=$(readlink -f "$2") && [ -n "$hf_to" ] || { printf 'where %s leads cannot be told\\n' "$2"; return 1; }; fi
  hf_t=\${hf_to%/*}/.\${hf_to##*/}.holdfast~; hf_old=\${hf_to%/*}/.\${hf_to##*/}.holdfast.old~
}
hf_sync() { sync "$@" 2>/dev/null || sync; }
hf_made() {
  printf '%s\\n' "$1" >> "$hf_lock/staged" || return 1
  { { [ -d ${stateDir}/look ] || mkdir -p ${stateDir}/look; } && printf '%s\\n' "$1" >> ${stateDir}/staged; } 2>/dev/null || :
}
hf_clear() { # makes room for a staged file
  { [ -d "\${1%/*}" ] || (umask 022; mkdir -p "\${1%/*}"); } && { [ ! -e "$1" ] && [ ! -L "$1" ] || rm -f "$1"; }
}
hf_stage() { # path mode sum text
  hf_beside file "$1" || return 1
  hf_clear "$hf_t" && hf_made "$hf_t" || return 1
  if [ -f "$hf_to" ]; then cp -p "$hf_to" "$hf_t" || return 1; { [ ! -e /sys/fs/selinux ] && [ ! -e /selinux ]; } || chcon --reference="$hf_to" "$hf_t" 2>/dev/null
  else
    case $2 in 0644) umask 022; printf '' > "$hf_t"; umask 077; [ -f "$hf_t" ];; *) printf '' > "$hf_t" && chmod "$2" "$hf_t";; esac || return 1
  fi
  printf '%s' "$4" > "$hf_t" || { printf 'writing %s failed\\n' "$hf_t"; return 1; }
  hf_new="$hf_new$hf_t
"; hf_sums="$hf_sums$3 $hf_t
"
}
hf_lines() { # function: calls it with the lines of hf_new
  hf_x=$1; hf_ifs=$IFS; IFS='
'; set -f; set -- $hf_new; set +f; IFS=$hf_ifs
  [ $# = 0 ] || "$hf_x" "$@"
}
hf_check() { # what hf_stage wrote came out whole, and is on the disk
  [ "$(cksum "$@")" = "\${hf_sums%?}" ] || for hf_t in "$@"; do
    hf_is_file file "$hf_t" ''
    case "
$hf_sums" in *"
$hf_d $hf_t
"*) ;; *) printf 'writing %s came out short\\n' "$hf_t"; return 1;; esac
  done
  hf_sync "$@"
}
hf_stage_link() { # path target
  hf_beside link "$1"
  hf_clear "$hf_t" && hf_made "$hf_t" && ln -s "$2" "$hf_t"
}
hf_commit() { # file|link path sum-before sum-after; then the staged file takes its place
  hf_beside "$1" "$2" || return 1
  # a settle that died had come so far
  hf_is_file "$1" "$2" "$4" && return 0
  [ "$hf_d" = "$3" ] || { printf '%s is no longer what the plan was made from\\n' "$2"; return 1; }
  if [ -e "$hf_old" ] || [ -L "$hf_old" ]; then rm -f "$hf_old" || return 1; fi
  if [ "$3" != absent ]; then hf_made "$hf_old" && { ln "$hf_to" "$hf_old" 2>/dev/null || cp -pP "$hf_to" "$hf_old"; } || return 1; fi
  if [ "$4" = absent ]; then rm -f "$hf_to" || return 1; else mv -f "$hf_t" "$hf_to" || return 1; fi
  # the old inode: written to by another in this very moment?
  if [ "$3" != absent ] && ! hf_is_file "$1" "$hf_old" "$3"; then
    mv -f "$hf_old" "$hf_to"; printf '%s was written by another while it was replaced\\n' "$2"; return 1
  fi
  case "
$hf_new" in *"
\${hf_to%/*}
"*) ;; *) hf_new="$hf_new\${hf_to%/*}
";; esac
}
hf_uncommit() { # file|link path sum-before
  hf_beside "$1" "$2"
  if [ "$3" = absent ]; then rm -f "$hf_to"; elif [ -e "$hf_old" ] || [ -L "$hf_old" ]; then mv -f "$hf_old" "$hf_to"; fi
  hf_is_file "$1" "$2" "$3" || printf '%s\\n' "$2" >> "$hf_lock/kept"
}`

/** What `hf_is_file` finds where a file stands as the plan saw it: its digest, or what a link says. */
export function fileSum(text: string | null, link: boolean): string {
  if (text === null) return 'absent'
  return link ? `link ${text}` : cksum(encodeBytes(text))
}

function kindOf(effect: FileEffect): string {
  return effect.link === true ? 'link' : 'file'
}

const sumBefore = (effect: FileEffect): string => quote(fileSum(effect.before, effect.link === true))
const sumAfter = (effect: FileEffect): string => quote(fileSum(effect.after, effect.link === true))

/** Guards: each boot file still is what look saw. A difference is noted in hf_stale. */
export function fileGuards(effects: readonly FileEffect[]): string {
  return effects
    .map(
      (effect) =>
        `hf_is_file ${kindOf(effect)} ${quote(effect.path)} ${sumBefore(effect)} || hf_stale="$hf_stale"${quote(effect.path)}"
"`,
    )
    .join('\n')
}

/** hf_stage_all: makes every new file beside its target; where one cannot be made it prints the host's words, and the result is 1. */
export function stageFiles(effects: readonly FileEffect[]): string {
  const lines = effects.flatMap((effect) => {
    if (effect.after === null) return []
    if (effect.link === true) return [`hf_stage_link ${quote(effect.path)} ${quote(effect.after)}`]
    return [`hf_stage ${quote(effect.path)} ${effect.mode} ${sumAfter(effect)} ${quote(effect.after)}`]
  })
  return `hf_stage_all() {\nhf_new=; hf_sums=\n${[...lines, 'hf_lines hf_check'].map((line) => `${line} || return 1`).join('\n')}\n}`
}

/** hf_commit_all: puts the staged files in place, in order; on a failure those done are put back, in reverse, and what could not is listed. */
export function commitFiles(effects: readonly FileEffect[]): string {
  const commits = effects.map(
    (effect, index) =>
      `hf_commit ${kindOf(effect)} ${quote(effect.path)} ${sumBefore(effect)} ${sumAfter(effect)} || { hf_back_files ${index}; return 1; }`,
  )
  const back = effects
    .map((effect, index) => `[ $1 -le ${index} ] || hf_uncommit ${kindOf(effect)} ${quote(effect.path)} ${sumBefore(effect)}`)
    .reverse()
  return `hf_back_files() {\n${[...back, ':'].join('\n')}\n}\nhf_commit_all() {\nhf_new=\n${[...commits, `hf_lines hf_sync || { hf_back_files ${effects.length}; return 1; }`].join('\n')}\n}`
}
