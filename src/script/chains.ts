import { versionLibrary } from '../resources/iptables/probe-live.js'

/** sh that reads the rules as they are, for guards and the rehearsal: `hf_now_iptables`, `hf_now_ip6tables`; and what they say of the command. */
export function rulesNow(tools: Iterable<string>): string {
  const saves = [...tools].map((tool) => `hf_now_${tool}=$(${tool}-save 2>/dev/null)`)
  return [versionLibrary, ...saves, `hf_v=; [ -z "\${hf_now_iptables:-}" ] || hf_version iptables "$hf_now_iptables"`].join('\n')
}

/**
 * sh functions over live chains, for act, undo and settle. A chain's state is text: its policy (`-` for a user chain, nothing where there is
 * no such chain), then its rules as iptables-save prints them without `-A CHAIN `. A built-in chain of a table never used is ACCEPT.
 */
export const chainLibrary = `hf_rw=; hf_iw=
[ -n "\${hf_v:-}" ] || hf_v=$(iptables -V 2>/dev/null)
case $hf_v in *nf_tables*) hf_be=nft;; *) hf_be=legacy;; esac; hf_v=\${hf_v#*v}; hf_v=\${hf_v%% *}
hf_v1=\${hf_v%%.*}; hf_v2=\${hf_v#*.}; hf_v3=\${hf_v2#*.}; hf_v2=\${hf_v2%%.*}; hf_v3=\${hf_v3%%[!0-9]*}
case $hf_v1 in ''|*[!0-9]*) hf_v1=0; hf_v2=0;; esac
hf_n=$((hf_v1 * 10000 + \${hf_v2:-0} * 100 + \${hf_v3:-0}))
if [ $hf_n -ge 10602 ]; then hf_rw='-w 10'; hf_iw='-w 10'; elif [ $hf_n -ge 10420 ]; then hf_iw=-w; fi
hf_state() { # tool table chain default-policy
  "$1-save" -t "$2" 2>/dev/null | hf_of "$2" "$3" "$4"
}
hf_of() { # table chain default-policy: of what iptables-save printed
  hf_t="*$1" hf_c=":$2 " hf_q="-A $2" hf_d=$3 awk 'BEGIN { t = ENVIRON["hf_t"]; c = ENVIRON["hf_c"]; q = ENVIRON["hf_q"]; p = q " "; pol = ENVIRON["hf_d"] }
    substr($0, 1, 1) == "*" { on = $0 == t; next }
    !on { next }
    index($0, c) == 1 { split($0, w, " "); pol = w[2]; next }
    $0 == q { l[++n] = ""; next }
    index($0, p) == 1 { l[++n] = substr($0, length(p) + 1) }
    END { print pol; for (i = 1; i <= n; i++) print l[i] }'
}
# By pipes only: bash keeps a here-document in /tmp, and an undo needs no room on any disk
hf_batch() { # tool text; a lock that an old iptables-restore cannot wait for is tried again; the undo is stubborn (hf_tries)
  hf_n=0
  while :; do
    hf_out=$(printf '%s\\n' "$2" | "$1-restore" --noflush $hf_rw 2>&1); hf_r=$?
    if [ $hf_r != 4 ] || [ $hf_n -ge "\${hf_tries:-10}" ]; then break; fi
    [ -z "$hf_rw" ] || [ -n "\${hf_tries:-}" ] || break
    sleep 1; hf_n=$((hf_n + 1))
  done
  [ $hf_r = 0 ] || { printf '%s\\n' "\${hf_out:-iptables-restore ended with $hf_r}"; return 1; }
}`

/** sh functions over the values of kernel parameters, for act. */
export const valueLibrary = `hf_read() { # path... -> hf_all: a line each, the path and the words of its value; by one grep, since dash's read gets one digit of a number in /proc/sys
  hf_all=$(grep -H '' "$@" 2>&1); hf_p=; hf_ifs=$IFS; IFS='
'; set -f; set -- $hf_all; IFS=$hf_ifs; hf_all=
  for hf_l in "$@"; do
    if [ "\${hf_l%%:*}" != "$hf_p" ]; then hf_p=\${hf_l%%:*}; hf_all="$hf_all
$hf_p"; fi
    set -- \${hf_l#*:}; [ $# = 0 ] || hf_all="$hf_all $*"
  done
  set +f; hf_all="$hf_all
"
}
hf_is() { # path words: is that what hf_read found?
  case $hf_all in *"
$1\${2:+ $2}
"*) return 0;; *"
$1 "*) return 1;; esac
  [ -z "$2" ] && [ -r "$1" ] # an empty value has no line
}
hf_save() { # path -> its value as it stands there: of several words, hf_read knows not what parts them
  hf_word "$1"; case $hf_w in ''|*' '*) cat "$1";; *) printf '%s\\n' "$hf_w";; esac
}
hf_word() { # path -> hf_w: what hf_read found, for people
  case $hf_all in *"
$1 "*) hf_w=\${hf_all#*"
$1 "}; hf_w=\${hf_w%%
*};; *) hf_w=;; esac
}`
