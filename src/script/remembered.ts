import { createHash } from 'node:crypto'
import { stateDir } from './facts.js'
import { textLimit } from './prelude.js'

/** How many looks a host remembers the still part of, each of other wants. */
const kept = 12

/**
 * sh for the still part of a look: the text of files and what the host makes of them (its spelling of rules), which is the same until a file,
 * a tool or the kernel changes. `hf_n FILE...` names files that are printed, `hf_n_unseen FILE...` those that only decide, `hf_alike` holds
 * words that decide, `hf_stills` the functions that print the rest. Costs a process or two a file where nothing is remembered. What is
 * remembered is kept as it was printed, packed where the host can, behind what it was made from; the boot is part of that, so that what a
 * crash cut off is never taken.
 */
const stillLibrary = `hf_names=; hf_alike=; hf_stills=
hf_n() {
  for hf_p in "$@"; do
    case $hf_p in *'
'*) continue;; esac
    hf_t=; [ ! -L "$hf_p" ] || hf_t=L; [ ! -f "$hf_p" ] || hf_t=\${hf_t}F
    [ -z "$hf_t" ] || hf_names="$hf_names$hf_t $hf_p
"
  done
}
hf_n_unseen() {
  for hf_p in "$@"; do [ ! -f "$hf_p" ] || hf_names="\${hf_names}K $hf_p
"; done
}
hf_named() { # CALL TYPES: for each name whose type matches
  hf_ifs=$IFS; IFS='
'; set -f
  for hf_l in $hf_names; do
    IFS=$hf_ifs
    case \${hf_l%% *} in $2) "$1" "\${hf_l#* }";; esac
  done
  set +f; IFS=$hf_ifs
}
hf_fresh() { # texts by one process, to be cut apart by their sizes; by one each where one is large, or is no longer what cksum saw
  printf '%s' "$hf_links"
  hf_ifs=$IFS; IFS='
'; set -f; set -- $hf_texts; hf_list=; hf_seen=
  for hf_l in $hf_sums; do
    hf_x=\${hf_l#* }
    [ $# -gt 0 ] && [ "\${hf_x#* }" = "$1" ] && [ "\${hf_x%% *}" -le ${textLimit} ] || break
    hf_list="$hf_list$hf_x
"; hf_seen="$hf_seen$hf_l
"; shift
  done
  hf_left=$#; set -- $hf_texts; set +f; IFS=$hf_ifs
  if [ $hf_left = 0 ] && [ $# != 0 ]; then
    hf_s files; printf '%s\\n' "$hf_list"; cat "$@" 2>/dev/null
    [ "$(cksum "$@" 2>/dev/null)
" = "$hf_seen" ] || { hf_s torn; hf_left=1; hf_passing; }
  fi
  [ $hf_left = 0 ] || hf_named hf_text '*F'
  for hf_x in $hf_stills; do $hf_x; done; hf_s still
}
hf_passing() { [ -z "$hf_store" ] || printf '' > "$hf_memo.$$.no"; } # what is printed will not do for the next time
hf_linked() { # notes in hf_links what hf_points would print, and in hf_reals where each leads
  hf_real "$1"; hf_links=$hf_links$hf_z
  hf_reals="$hf_reals$1
$hf_y
"
}
hf_recall() { # KEY: prints what is remembered, if it was made from the same; read by one open file, so that key and body belong together
  case $hf_store in always|never) return 1;; esac
  [ -f "$hf_memo" ] || return 1
  {
    while IFS= read -r hf_p && [ "$hf_p" != @@ ]; do
      IFS= read -r hf_l && [ "$hf_p" -ef "$hf_l" ] || return 1
    done
    hf_h=; while IFS= read -r hf_l; do
      case $hf_l in '@@ '*) break;; esac
      hf_h="$hf_h$hf_l
"
    done
    [ "$hf_h" = "$1" ] || return 1
    hf_s packed "\${hf_l#@@ }"; cat
  } < "$hf_memo"
}
hf_remember() { # KEY: what hf_fresh prints is printed, and packed into the memory as it comes; never the answer of a host that could not spell
  hf_form=plain; hf_pack=cat
  if hf_have gzip; then hf_form=gzip; hf_pack='gzip -c'; fi
  { { hf_fresh | tee /proc/self/fd/3 2>/dev/null || hf_passing; } 3>&1 >&4 |
    { printf '%s@@\\n%s@@ %s %s\\n' "$hf_reals" "$1" $hf_form "$hf_mark" && $hf_pack; } > "$hf_memo.$$"; } 4>&1 2>/dev/null &&
    [ ! -e "$hf_memo.$$.no" ] && mv -f "$hf_memo.$$" "$hf_memo" || { rm -f "$hf_memo.$$" "$hf_memo.$$.no"; return 0; }
  set -- ${stateDir}/look/*
  [ $# -le ${kept} ] || ls -1t ${stateDir}/look | sed '1,${kept}d' | while IFS= read -r hf_x; do rm -f "${stateDir}/look/$hf_x"; done
}
hf_still() {
  hf_memo=${stateDir}/look/$1; hf_texts=; hf_unseen=
  hf_ifs=$IFS; IFS='
'; set -f
  for hf_l in $hf_names; do
    case \${hf_l%% *} in
      *F) hf_texts="$hf_texts\${hf_l#* }
";;
      K) hf_unseen="$hf_unseen\${hf_l#* }
";;
    esac
  done
  set -- $hf_texts $hf_unseen; set +f; IFS=$hf_ifs
  hf_sums=$(cksum "$@" 2>/dev/null)
  read -r hf_x < /proc/sys/kernel/random/boot_id
  hf_key="$hf_x
$hf_alike$hf_names$hf_sums
"
  hf_recall "$hf_key" && return 0
  hf_links=; hf_reals=; hf_named hf_linked 'L*'
  case $hf_store in always) ;; again) [ -f "$hf_memo" ] || hf_store=;; *) hf_store=;; esac
  if [ -n "$hf_store" ] && hf_have tee && { [ -d ${stateDir}/look ] || mkdir -p ${stateDir}/look; } 2>/dev/null; then hf_remember "$hf_key"
  else hf_store=; hf_fresh; fi
}`

/**
 * When a look leaves its still part on the host: `always` after a run that was confirmed, `again` where an earlier one did, else not. `always`
 * and `never` do not read what an earlier one left.
 */
export type Remembering = 'always' | 'again' | 'never'

/** A look of these parts, which name files by `hf_n`; its still part is known again by the text of the parts. */
export function rememberedLook(parts: readonly string[]): string {
  const body = parts.join('\n')
  return [stillLibrary, body, `hf_still ${createHash('sha256').update(body).digest('hex').slice(0, 16)}`].join('\n')
}
