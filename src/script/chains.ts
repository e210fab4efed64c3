/**
 * sh functions over live chains, for act, undo and settle. A chain's state is text: its policy (`-` for a user chain, nothing where there is
 * no such chain), then its rules as iptables-save prints them without `-A CHAIN `. A built-in chain of a table never used is ACCEPT.
 */
export const chainLibrary = `hf_rw=; hf_iw=
hf_v=$(iptables -V 2>/dev/null); hf_v=\${hf_v#*v}; hf_v=\${hf_v%% *}
hf_v1=\${hf_v%%.*}; hf_v2=\${hf_v#*.}; hf_v3=\${hf_v2#*.}; hf_v2=\${hf_v2%%.*}; hf_v3=\${hf_v3%%[!0-9]*}
case $hf_v1 in ''|*[!0-9]*) hf_v1=0; hf_v2=0;; esac
hf_n=$((hf_v1 * 10000 + \${hf_v2:-0} * 100 + \${hf_v3:-0}))
if [ $hf_n -ge 10602 ]; then hf_rw='-w 10'; hf_iw='-w 10'; elif [ $hf_n -ge 10420 ]; then hf_iw=-w; fi
hf_state() { # tool table chain default-policy
  "$1-save" -t "$2" 2>/dev/null | hf_c=":$3 " hf_q="-A $3" hf_d=$4 awk 'BEGIN { c = ENVIRON["hf_c"]; q = ENVIRON["hf_q"]; p = q " "; pol = ENVIRON["hf_d"] }
    index($0, c) == 1 { split($0, w, " "); pol = w[2]; next }
    $0 == q { l[++n] = ""; next }
    index($0, p) == 1 { l[++n] = substr($0, length(p) + 1) }
    END { print pol; for (i = 1; i <= n; i++) print l[i] }'
}
hf_batch() { # tool, text on stdin; a lock that an old iptables-restore cannot wait for is tried again
  hf_in=$(cat); hf_n=0
  while :; do
    hf_out=$(printf '%s\\n' "$hf_in" | "$1-restore" --noflush $hf_rw 2>&1); hf_r=$?
    [ $hf_r = 4 ] && [ -z "$hf_rw" ] && [ $hf_n -lt 10 ] || break
    sleep 1; hf_n=$((hf_n + 1))
  done
  [ $hf_r = 0 ] || { printf '%s\\n' "\${hf_out:-iptables-restore ended with $hf_r}"; return 1; }
}
hf_words() { # path -> the words of a value; not by the shell's read, which in dash gets one digit of a number in /proc/sys
  hf_w=$(cat "$1" 2>&1); set -f; set -- $hf_w; set +f; printf '%s' "$*"
}`

/**
 * awk that works out how a chain gets back: what came goes by its text until no more copies stand than did before, what went goes back behind
 * the nearest neighbour of the old order that still stands. Files: before, gone (line numbers of before), came, then the chain as it is now.
 * Prints one iptables-restore command a line.
 */
export const undoAwk = `FILENAME == ARGV[1] { if (FNR > 1) { b[++nb] = $0; cb[$0]++ } next }
FILENAME == ARGV[2] { g[++ng] = $0 + 0; next }
FILENAME == ARGV[3] { a[++na] = $0; next }
{ if (FNR > 1) c[++nc] = $0 }
function index_of(text,   i) { for (i = 1; i <= nc; i++) if (c[i] == text) return i; return 0 }
function count(text,   i, n) { for (i = 1; i <= nc; i++) if (c[i] == text) n++; return n + 0 }
function put(pos, text,   i) { for (i = nc; i >= pos; i--) c[i + 1] = c[i]; c[pos] = text; nc++ }
function drop(pos,   i) { for (i = pos; i < nc; i++) c[i] = c[i + 1]; nc-- }
function rule(text) { return text == "" ? "" : " " text }
END {
  chain = ENVIRON["hf_chain"]
  for (i = 1; i <= ng; i++) cg[b[g[i]]]++
  for (i = 1; i <= na; i++) while (count(a[i]) > cb[a[i]] - cg[a[i]]) { print "-D " chain rule(a[i]); drop(index_of(a[i])) }
  for (i = 1; i <= ng; i++) {
    t = b[g[i]]
    if (count(t) >= cb[t]) continue
    pos = 0
    for (j = g[i] - 1; j >= 1 && !pos; j--) if (k = index_of(b[j])) pos = k + 1
    for (j = g[i] + 1; j <= nb && !pos; j++) if (k = index_of(b[j])) pos = k
    if (!pos) pos = nc + 1
    print "-I " chain " " pos rule(t); put(pos, t)
  }
}`
