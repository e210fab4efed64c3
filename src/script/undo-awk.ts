/**
 * awk that works out how a chain gets back: what came goes by its text until no more copies stand than did before, what went goes back behind
 * the nearest neighbour of the old order that still stands. Where copies of one text both stay and come, all of them are set anew, since `-D`
 * takes the first. Input: the files before (policy, then rules), gone (numbers of rules of before), came, then the chain as it is now.
 * Prints one iptables-restore command a line; nothing where our changes are undone, whatever others did.
 */
export const undoAwk = `FILENAME == ARGV[1] { if (FNR > 1) { b[++nb] = $0; cb[$0]++ } next }
FILENAME == ARGV[2] { gone[$0 + 0] = 1; next }
FILENAME == ARGV[3] { a[++na] = $0; next }
{ if (FNR > 1) { c[++nc] = $0; was[nc] = $0; nw = nc } }
function count(text,   i, n) { for (i = 1; i <= nc; i++) if (c[i] == text) n++; return n + 0 }
function copy(text, nth,   i, n, last) { for (i = 1; i <= nc && n < nth; i++) if (c[i] == text) { n++; last = i } return last + 0 }
function put(pos, text,   i) { for (i = nc; i >= pos; i--) c[i + 1] = c[i]; c[pos] = text; nc++ }
function drop(pos,   i) { for (i = pos; i < nc; i++) c[i] = c[i + 1]; nc-- }
function rule(text) { return text == "" ? "" : " " text }
END {
  chain = ENVIRON["hf_chain"]
  for (i = 1; i <= nb; i++) if (i in gone) cg[b[i]]++
  for (i = 1; i <= na; i++) if (count(a[i]) > cb[a[i]] - cg[a[i]]) anew[a[i]] = 1
  for (i = 1; i <= nb; i++) if ((b[i] in anew) && !(i in gone)) { gone[i] = 1; cg[b[i]]++ }
  for (i = 1; i <= na; i++) if (a[i] in anew) while (count(a[i]) > 0) { op[++no] = "-D " chain rule(a[i]); drop(copy(a[i], 1)) }
  for (i = 1; i <= nb; i++) if ((i in gone) && count(b[i]) >= cb[b[i]]) delete gone[i]
  for (i = 1; i <= nb; i++) {
    if (!(i in gone)) continue
    t = b[i]
    if (count(t) >= cb[t]) continue
    pos = 0
    for (j = i - 1; j >= 1 && !pos; j--) if (k = copy(b[j], stands(j))) pos = k + 1
    for (j = i + 1; j <= nb && !pos; j++) if (!(j in gone) && (k = copy(b[j], stands(j)))) pos = k
    if (!pos) pos = nc + 1
    op[++no] = "-I " chain " " pos rule(t); put(pos, t); delete gone[i]
  }
  same = nw + 0 == nc + 0
  for (i = 1; i <= nc && same; i++) same = was[i] == c[i]
  if (!same) for (i = 1; i <= no; i++) print op[i]
}
function stands(j,   i, n) { for (i = 1; i <= j; i++) if (b[i] == b[j] && !(i in gone)) n++; return n + 0 }`
