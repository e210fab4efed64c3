import { createHash } from 'node:crypto'
import { stateDir } from './facts.js'
import { textLimit } from './prelude.js'

/** How many looks a host remembers the still part of, each of other wants. */
const kept = 12

/**
 * sh for the still part of a look: the text of files and what the host makes of them (its spelling of rules), which is the same until a file,
 * a tool or the kernel changes. `hf_n FILE...` names files that are printed, `hf_n_unseen FILE...` those that only decide, `hf_alike` holds
 * words that decide, `hf_stills` the functions that print the rest. Costs a process or two a file where nothing is remembered. What is
 * remembered is kept as it was printed, packed where the host can: in KEY.body, and what it was made from in KEY.
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
  hf_named hf_points 'L*'
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
" = "$hf_seen" ] || { hf_s torn; hf_left=1; }
  fi
  [ $hf_left = 0 ] || hf_named hf_text '*F'
  for hf_x in $hf_stills; do $hf_x; done; hf_s still
}
hf_link() { printf '%s\\n' "$1"; readlink -f "$1"; }
hf_same_links() {
  while IFS= read -r hf_p && [ "$hf_p" != @@ ]; do
    IFS= read -r hf_l && [ "$hf_p" -ef "$hf_l" ] || return 1
  done < "$1"
}
hf_recall() { # KEY: the sum of the body is part of the key: what a crash cut off does not fit
  hf_h=$(cat "$hf_memo")
  hf_h=\${hf_h#*@@
}
  [ "\${hf_h%
@@ *}" = "$1" ] && hf_s packed "\${hf_h##*@@ }" && cat "$hf_memo.body"
}
hf_remember() { # FILE; never the answer of a host that could not spell
  awk -v mark="$hf_mark" 'told { told = 0; if ($1 == "table") { bad = 1; exit } } $0 == mark " spelling" { told = 1 } END { exit bad }' "$1" || return 1
  hf_form=gzip
  { hf_have gzip && gzip -c < "$1" > "$1.new" && gzip -t < "$1.new"; } ||
    { hf_form=plain; cat "$1" > "$1.new"; } || return 1
  mv -f "$1.new" "$hf_memo.body" || return 1
  { hf_named hf_link 'L*'; printf '@@\\n%s\\n@@ %s %s\\n' "$hf_alike$hf_names$hf_sums
$(cksum "$hf_memo.body")" $hf_form "$hf_mark"; } > "$1.new" && mv -f "$1.new" "$hf_memo" || return 1
  set -- ${stateDir}/look/*
  [ $# -le ${2 * kept} ] || ls -1t ${stateDir}/look | sed '1,${2 * kept}d' | while IFS= read -r hf_x; do rm -f "${stateDir}/look/$hf_x"; done
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
  hf_sums=$(cksum "$@" "$hf_memo.body" 2>/dev/null)
  if [ -f "$hf_memo" ] && hf_same_links "$hf_memo" && hf_recall "$hf_alike$hf_names$hf_sums"; then return 0; fi
  case $hf_sums in *" $hf_memo.body") hf_sums=\${hf_sums%
*};; esac
  case $hf_store in always) ;; again) [ -f "$hf_memo" ];; *) false;; esac && hf_have tee && mkdir -p ${stateDir}/look 2>/dev/null ||
    { hf_fresh; return 0; }
  hf_fresh | tee "$hf_memo.$$" 2>/dev/null && hf_remember "$hf_memo.$$" 2>/dev/null
  rm -f "$hf_memo.$$" "$hf_memo.$$.new"
}`

/** When a look leaves its still part on the host: `always` after a run that was confirmed, `again` where an earlier one did, else never. */
export type Remembering = 'always' | 'again'

/** A look of these parts, which name files by `hf_n`; its still part is known again by the text of the parts. */
export function rememberedLook(parts: readonly string[]): string {
  const body = parts.join('\n')
  return [stillLibrary, body, `hf_still ${createHash('sha256').update(body).digest('hex').slice(0, 16)}`].join('\n')
}
