import { quote } from '../quote.js'

/** What every script calls; a host without one of these is told so, instead of a half-done run. */
const needed = 'awk cat cksum cp date find grep head ln ls mkdir mv readlink rm rmdir sed sleep'

/** Bytes of a file that a look reads at most. */
export const textLimit = 1_048_576

/**
 * The head of every script's function: a plain environment, and the helpers that print sections.
 * A body is followed by one newline of ours, so a file without a final newline arrives as it is.
 */
export function prelude(mark: string): string {
  return `LC_ALL=C; LANG=C; PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin; export LC_ALL LANG PATH
unset CDPATH ENV BASH_ENV LANGUAGE POSIXLY_CORRECT
umask 077; trap '' HUP PIPE
SSH_CONNECTION=\${SSH_CONNECTION:-\${1:-}}
exec </dev/null
hf_mark=${quote(mark)}
hf_s() { printf '\\n%s %s\\n' "$hf_mark" "$*"; }
hf_have() { command -v "$1" >/dev/null 2>&1; }
hf_real() { # LINK -> hf_y: where it leads, hf_z: the sections that tell that, and what it says
  hf_x=$(readlink "$1"); case $hf_x in /*) hf_y=$hf_x;; *) hf_y=\${1%/*}/$hf_x;; esac
  if [ -f "$hf_y" ] && [ ! -L "$hf_y" ] && hf_d=$(cd -P "\${hf_y%/*}/" 2>/dev/null && pwd -P); then hf_y=\${hf_d%/}/\${hf_y##*/}
  else hf_y=$(readlink -f "$1"); fi
  hf_z="
$hf_mark link $1
$hf_x

$hf_mark real $1
$hf_y
"
}
hf_points() { if [ -L "$1" ]; then hf_real "$1"; printf '%s' "$hf_z"; fi; }
hf_text() { if [ -f "$1" ]; then hf_s file "$1"; head -c ${textLimit} "$1"; fi; }
hf_f() {
  for hf_p in "$@"; do
    case $hf_p in *'
'*) continue;; esac
    hf_points "$hf_p"; hf_text "$hf_p"
  done
}
hf_s begin
hf_lack=; for hf_x in ${needed}; do hf_have $hf_x || hf_lack="$hf_lack $hf_x"; done
if [ -n "$hf_lack" ]; then hf_s lacking; printf '%s\\n' "$hf_lack"; hf_s end; return 0; fi`
}

/** Wraps a body so that a transfer that is cut runs nothing: one function, called on the last line. */
export function asFunction(body: string): string {
  return `hf_main() {\n${body}\n}\nhf_main "$@"\n`
}
