import { quote } from '../../quote.js'
import type { Family, Profile } from '../../types.js'

/**
 * sh that spells the rules of a vendor's firewall script: its lines are cut down to what iptables would be given, with the line's number.
 * A line with shell expansion in it is left out: it cannot be known without running the script, and the script is never run.
 * `IPTABLE ipv4 -A INPUT -p tcp -s 192.0.2.1 -j ACCEPT # proxy`
 */
export function profileRulesScript(profile: NonNullable<Profile['iptables']>, family: Family, tool: string, type: string): string {
  const call = callWord(profile)
  return `if [ -f ${quote(profile.script)} ]; then
  awk -v call=${quote(call)} -v family=${family} ${quote(rulesOfScript)} ${quote(profile.script)} | hf_spell_in ${tool} script ${family} ${quote(type)}
fi`
}

/** The word that starts a rule in the vendor's script: `IPTABLE` of `IPTABLE ipv4 {rule}`. */
function callWord(profile: NonNullable<Profile['iptables']>): string {
  return (profile.line.ipv4 ?? profile.line.ipv6 ?? '').trim().split(/\s+/)[0] ?? ''
}

const rulesOfScript = `$1 == call {
  line = $0; sub(/\\r$/, "", line); sub(/^[ \\t]*[^ \\t]+[ \\t]+/, "", line); sub(/[ \\t]+#.*$/, "", line)
  if (line ~ /[$\`;|&<>()]/) next
  if (match(line, /^ipv[46][ \\t]+/)) { word = substr(line, 1, 4); if (word != family) next; line = substr(line, RLENGTH + 1) }
  table = "filter"
  if (match(line, /(^|[ \\t])(-t|--table)[ \\t]+[a-z]+/)) {
    table = substr(line, RSTART, RLENGTH); rest = substr(line, RSTART + RLENGTH); line = substr(line, 1, RSTART - 1) rest
    sub(/^.*[ \\t]/, "", table); sub(/^[ \\t]+/, "", line)
  }
  split(line, w, /[ \\t]+/)
  if (w[1] == "-N" || w[1] == "--new-chain") { chains[table] = chains[table] ":" w[2] " - [0:0]\\n"; tables[table] = 1 }
  if (w[1] == "-A" || w[1] == "-I" || w[1] == "--append" || w[1] == "--insert") {
    sub(/^--append/, "-A", line); sub(/^--insert/, "-I", line)
    rules[table] = rules[table] line " -m comment --comment hf:" NR "\\n"; tables[table] = 1
  }
}
END { for (t in tables) printf "*%s\\n%s%sCOMMIT\\n", t, chains[t], rules[t] }`
