import { quote } from '../quote.js'
import { encodeBytes } from '../text.js'
import type { Effect } from '../types.js'
import { cksum } from './cksum.js'

export type FileEffect = Extract<Effect, { kind: 'file' }>

/**
 * sh functions for boot files. A new file is made beside its target under a name that no reader takes (a leading dot, a trailing `~`), with
 * owner, mode and label of the old one; it takes the old one's place by rename, only if that still is what look saw.
 */
export const fileLibrary = `hf_sum() { if [ -f "$1" ]; then cksum < "$1" | { read -r hf_a hf_b hf_x; printf '%s %s' "$hf_a" "$hf_b"; }; elif [ -L "$1" ]; then printf 'link %s' "$(readlink "$1")"; else printf absent; fi; }
hf_beside() { case $1 in */*) hf_d=\${1%/*};; *) hf_d=.;; esac; printf '%s/.%s.holdfast~' "$hf_d" "\${1##*/}"; }
hf_sync() { sync "$1" 2>/dev/null || sync; }
hf_made() { printf '%s\\n' "$1" >> "$hf_lock/staged"; }
hf_stage() { # path mode sum text
  hf_t=$(hf_beside "$1"); (umask 022; mkdir -p "\${hf_t%/*}") || return 1
  rm -f "$hf_t" && hf_made "$hf_t" || return 1
  if [ -f "$1" ]; then cp -p "$1" "$hf_t" || return 1; chcon --reference="$1" "$hf_t" 2>/dev/null
  else : > "$hf_t" && chmod "$2" "$hf_t" || return 1; fi
  printf '%s' "$4" > "$hf_t" || return 1
  [ "$(hf_sum "$hf_t")" = "$3" ] || { printf 'writing %s came out short\\n' "$hf_t"; return 1; }
  hf_sync "$hf_t"
}
hf_stage_link() { # path target
  hf_t=$(hf_beside "$1"); (umask 022; mkdir -p "\${hf_t%/*}") && rm -f "$hf_t" && hf_made "$hf_t" && ln -s "$2" "$hf_t"
}
hf_commit() { # path sum-before keeps; then the staged file takes its place
  hf_t=$(hf_beside "$1"); hf_old=\${hf_t%~}.old~
  hf_now=$(hf_sum "$1")
  [ "$hf_now" = "$2" ] || { printf '%s is no longer what the plan was made from\\n' "$1"; return 1; }
  rm -f "$hf_old"
  [ "$2" = absent ] || ln "$1" "$hf_old" 2>/dev/null || cp -p "$1" "$hf_old" || return 1
  if [ "$3" = remove ]; then rm -f "$1" || return 1; else mv -f "$hf_t" "$1" || return 1; fi
  hf_sync "\${1%/*}"
}
hf_uncommit() { # path sum-before
  hf_t=$(hf_beside "$1"); hf_old=\${hf_t%~}.old~
  if [ "$2" = absent ]; then rm -f "$1"; else mv -f "$hf_old" "$1"; fi
}
hf_forget() { hf_t=$(hf_beside "$1"); rm -f "$hf_t" "\${hf_t%~}.old~"; }`

/** The digest that the host's hf_sum prints of a file as the plan saw it. */
export function fileSum(text: string | null, link: boolean): string {
  if (text === null) return 'absent'
  return link ? `link ${text}` : cksum(encodeBytes(text))
}

/** Guards: each boot file still is what look saw. A difference is noted in hf_stale. */
export function fileGuards(effects: readonly FileEffect[]): string {
  return effects
    .map(
      (effect) =>
        `[ "$(hf_sum ${quote(effect.path)})" = ${quote(fileSum(effect.before, effect.link === true))} ] || hf_stale="$hf_stale"${quote(effect.path)}"
"`,
    )
    .join('\n')
}

/** Makes every new file beside its target; where one cannot be made hf_words holds the host's words and the result is 1. */
export function stageFiles(effects: readonly FileEffect[]): string {
  const lines = effects.flatMap((effect) => {
    if (effect.after === null) return []
    if (effect.link === true) return [`hf_stage_link ${quote(effect.path)} ${quote(effect.after)}`]
    return [`hf_stage ${quote(effect.path)} ${effect.mode} ${quote(fileSum(effect.after, false))} ${quote(effect.after)}`]
  })
  return `hf_stage_all() {\n${[...lines.map((line) => `${line} || return 1`), ':'].join('\n')}\n}`
}

/** Puts the staged files in place, in order; on a failure those done are put back, in reverse. */
export function commitFiles(effects: readonly FileEffect[]): string {
  const before = (effect: FileEffect) => quote(fileSum(effect.before, effect.link === true))
  const commits = effects.map(
    (effect, index) =>
      `hf_commit ${quote(effect.path)} ${before(effect)} ${effect.after === null ? 'remove' : 'replace'} || { hf_back_files ${index}; return 1; }`,
  )
  const back = effects.map((effect, index) => `[ $1 -le ${index} ] || hf_uncommit ${quote(effect.path)} ${before(effect)}`).reverse()
  const forget = effects.map((effect) => `hf_forget ${quote(effect.path)}`)
  return `hf_back_files() {\n${[...back, ':'].join('\n')}\n}
hf_commit_all() {\n${[...commits, ':'].join('\n')}\n}
hf_forget_all() {\n${[...forget, ':'].join('\n')}\n}`
}
