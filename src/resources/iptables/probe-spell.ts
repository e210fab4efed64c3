import { quote } from '../../quote.js'
import type { Family, HostWant } from '../../types.js'
import { profileRulesScript } from './probe-profile.js'
import type { SpellRequest } from './requests.js'
import { joinRestore } from './tokens.js'
import { builtinChains, type OwnedChain } from './want.js'

/**
 * May the throw-away namespace be used without loading a module into the running kernel? Yes where nothing is loadable at all, else only
 * when every extension that the rules name is there already. Sets hf_spell to ns, or to table with the reason.
 */
export function extensionsScript(requests: readonly SpellRequest[], owned: readonly OwnedChain[]): string {
  const names = new Set<string>(['comment'])
  const chains = new Set(owned.map((chain) => chain.name))
  for (const { spec } of requests) {
    spec.forEach((word, index) => {
      const next = spec[index + 1]
      if (next !== undefined && ['-m', '--match', '-j', '--jump'].includes(word) && /^[A-Za-z0-9_]+$/.test(next) && !chains.has(next))
        names.add(next)
      if (next !== undefined && ['-p', '--protocol'].includes(word) && /^(tcp|udp)$/i.test(next)) names.add('tcpudp')
    })
  }
  return `hf_spell=ns; hf_why=
hf_have unshare || { hf_spell=table; hf_why='there is no unshare'; }
if [ $hf_spell = ns ] && [ -e /proc/modules ]; then
  read -r hf_k < /proc/sys/kernel/osrelease
  hf_maj=\${hf_k%%.*}; hf_min=\${hf_k#*.}; hf_min=\${hf_min%%[!0-9]*}
  [ "$hf_maj" -gt 4 ] || { [ "$hf_maj" = 4 ] && [ "$hf_min" -ge 10 ]; } || { hf_spell=table; hf_why="kernel $hf_k would load modules from a namespace"; }
  hf_there=' '; hf_chains=$(printf '%s\\n' "$hf_r4" "$hf_r6" | sed -n 's/^:\\([^ ]*\\) - .*/\\1/p' | tr '\\n' ' ')
  for hf_m in /sys/module/*; do hf_there="$hf_there\${hf_m##*/} "; done
  [ -f "/lib/modules/$hf_k/modules.builtin" ] && while read -r hf_m; do hf_m=\${hf_m##*/}; hf_there="$hf_there\${hf_m%.ko*} "; done < "/lib/modules/$hf_k/modules.builtin"
  for hf_m in /proc/net/ip_tables_matches /proc/net/ip_tables_targets; do [ -r $hf_m ] && while read -r hf_x; do hf_there="\${hf_there}xt_$hf_x "; done < $hf_m; done
  case $hf_be in nft) hf_x='nf_tables nft_compat';; *) hf_x='ip_tables iptable_filter';; esac
  for hf_m in $hf_x ${[...names].map((name) => `x:${name}`).join(' ')}; do
    case $hf_m in
      x:ACCEPT|x:DROP|x:RETURN|x:QUEUE) continue;;
      x:state) hf_c='xt_state xt_conntrack';;
      x:tcp|x:udp) hf_c=xt_tcpudp;;
      x:icmp|x:icmp6) hf_c='ip_tables ip6_tables nf_tables';;
      x:*) hf_m=\${hf_m#x:}; hf_c="xt_$hf_m ipt_$hf_m ip6t_$hf_m nft_$hf_m";;
      *) hf_c=$hf_m;;
    esac
    hf_hit=
    for hf_x in $hf_c; do case $hf_there in *" $hf_x "*) hf_hit=1;; esac; done
    [ -n "$hf_hit" ] || case " $hf_chains " in *" $hf_m "*) hf_hit=1;; esac
    [ -n "$hf_hit" ] || { hf_spell=table; hf_why="the module of $hf_m is not loaded yet"; }
  done
fi
hf_us='unshare -n'
if [ $hf_spell/$hf_be = ns/legacy ] && unshare -n -m true 2>/dev/null; then hf_us='unshare -n -m'; fi
hf_told=; [ $hf_spell = ns ] || hf_spelling`
}

/**
 * hf_decls: puts the host's own user chains into a wanted ruleset, so that a jump into them is known. hf_spell_in: loads a ruleset from stdin
 * into a namespace of its own and saves it again; where the whole does not load, each rule is tried alone and its error named.
 */
export const spellLibrary = `hf_decls() {
  awk '/^#@want$/{want=1;next}
    !want{if(/^\\*/)t=$1; else if(/^:/&&$2=="-")have[t]=have[t] $1 " - [0:0]\\n"; next}
    /^\\*/{t=$1;print;n=split(have[t],d,"\\n");for(i=1;i<n;i++){split(d[i],w," ");if(!((t,w[1]) in seen)){seen[t,w[1]]=1;print d[i]}}next}
    /^:/{if((t,$1) in seen)next;seen[t,$1]=1;print;next}
    {print}'
}
hf_alone='case $1/$2 in nft/*) ;; */*-m) mount --make-rprivate / 2>/dev/null && mount -t tmpfs tmpfs /run 2>/dev/null;; *) false;; esac ||
  { XTABLES_LOCKFILE=/tmp/.holdfast-spell.$$; export XTABLES_LOCKFILE; trap "rm -f $XTABLES_LOCKFILE" EXIT; }
shift 2
'
hf_inner='hf_mark=$1; hf_tool=$2; hf_kind=$3; hf_fam=$4; hf_type=$5; hf_in=$(cat)
case $hf_in in *-set\\ *) for hf_set in $(printf "%s\\n" "$hf_in" | sed -n "s/.*-set \\([A-Za-z0-9_.:-]*\\) .*/\\1/p" | sort -u); do
  ipset create "$hf_set" $hf_type 2>/dev/null
done;; esac
hf_out=$(printf "%s\\n" "$hf_in" | $hf_tool-restore 2>&1); hf_rc=$?
if [ $hf_rc != 0 ]; then
  printf "\\n%s %s-whole %s\\n%s\\n" "$hf_mark" "$hf_kind" "$hf_fam" "$hf_out"
  printf "%s\\n" "$hf_in" | grep "^[*:C]" | $hf_tool-restore >/dev/null 2>&1
  hf_t=
  printf "%s\\n" "$hf_in" | while IFS= read -r hf_l; do
    case $hf_l in
      "*"*) hf_t=$hf_l;;
      :*|COMMIT*|"#"*|"") ;;
      *) hf_out=$(printf "%s\\n%s\\nCOMMIT\\n" "$hf_t" "$hf_l" | $hf_tool-restore --noflush 2>&1) ||
        printf "\\n%s %s-error %s\\n%s\\n%s\\n" "$hf_mark" "$hf_kind" "$hf_fam" "$hf_l" "$hf_out";;
    esac
  done
fi
printf "\\n%s %s %s\\n" "$hf_mark" "$hf_kind" "$hf_fam"
$hf_tool-save'
hf_pair='"$2-restore" <&3 2>/dev/null || exit 41
printf "\\n%s spell %s\\n" "$1" "$3"; "$2-save"
"$2-restore" 2>/dev/null || exit 42
printf "\\n%s boot %s\\n" "$1" "$4"; "$2-save"
exit 40'
hf_spelling() { hf_s spelling; printf '%s %s\\n' "$hf_spell" "$hf_why"; hf_told=1; [ $hf_spell = ns ] || hf_passing; }
hf_spell_in() {
  [ -n "$hf_told" ] || { hf_x=$($hf_us true 2>&1) || { hf_spell=table; hf_why="$hf_us: $hf_x"; }; hf_spelling; }
  [ $hf_spell = ns ] || return 0
  $hf_us sh -c "$hf_alone$hf_inner" spell $hf_be "$hf_us" "$hf_mark" "$@"
}
hf_marked() { # FILE: its rules with the numbers of their lines
  awk '/^[ \\t]*(\\[[0-9]+:[0-9]+\\] *)?-[AI] /{print $0 " -m comment --comment hf:" NR; next} {print}' "$1"
}
hf_spell_all() { # TOOL FAMILY TYPE WANTED TABLES FILE...: what the function WANTED prints (none: nothing is), and the rules of each file that is there
  hf_t=$1; hf_i=$2; hf_y=$3; hf_q=$4; hf_z=$5; shift 5
  hf_mate=$hf_q
  for hf_p in "$@"; do
    [ -f "$hf_p" ] || continue
    if [ -n "$hf_mate" ]; then # in one namespace, where both load as they stand; the wanted rules go in between
      hf_mate=
      $hf_q | {
        exec 3<&0
        { for hf_x in $hf_z; do printf '*%s\\nCOMMIT\\n' $hf_x; done; hf_marked "$hf_p" 2>/dev/null; } |
          $hf_us sh -c "$hf_alone$hf_pair" pair $hf_be "$hf_us" "$hf_mark" $hf_t $hf_i "$hf_i $hf_p"
      }
      case $? in
        40) hf_q=; [ -n "$hf_told" ] || hf_spelling; continue;;
        42) hf_q=;;
      esac
    fi
    hf_marked "$hf_p" | hf_spell_in $hf_t boot "$hf_i $hf_p" "$hf_y"
  done
  [ -z "$hf_q" ] || $hf_q | hf_spell_in $hf_t spell $hf_i "$hf_y"
}`

/** sh that prints how the host spells what is wanted in a family, and what its boot files hold. */
export function familyScript(family: Family, requests: readonly SpellRequest[], owned: readonly OwnedChain[], host: HostWant): string {
  const [tool, type, save, n] =
    family === 'ipv4' ? ['iptables', 'hash:net', 'hf_r4', 4] : ['ip6tables', 'hash:net family inet6', 'hf_r6', 6]
  const wanted = wantedRuleset(family, requests, owned)
  const tables = [...new Set([...requests, ...owned].flatMap((one) => (one.family === family ? [one.table] : [])))].join(' ')
  const text = `printf '%s\\n' ${quote(wanted)}`
  const print = mayJump(requests) ? `{ printf '%s\\n' "$${save}"; echo '#@want'; ${text}; } | hf_decls` : text
  const asked = wanted === '' ? "''" : `hf_wanted${n}`
  return `if [ $hf_spell = ns ] && hf_have ${tool}-restore; then
${wanted === '' ? ':' : `hf_wanted${n}() { ${print}; }`}
hf_spell_all ${tool} ${family} ${quote(type)} ${asked} ${quote(tables)} ${bootSaves[family]}
${host.profile?.iptables === undefined ? '' : profileRulesScript(host.profile.iptables, family, tool, type)}
fi`
}

/** Files that an init's service, or Alpine's, gives to iptables-restore. */
const bootSaves: Readonly<Record<Family, string>> = {
  ipv4: '/etc/iptables/rules.v4 /etc/sysconfig/iptables /etc/iptables/rules-save',
  ipv6: '/etc/iptables/rules.v6 /etc/sysconfig/ip6tables /etc/iptables/rules6-save',
}

/**
 * What the spelling turns on beside the files that a look prints: the tools themselves, the names of services; and where a rule may
 * jump into a chain of the host, which chains there are.
 */
export function alike(requests: readonly SpellRequest[]): string {
  return `hf_stills="$hf_stills hf_iptables_spell"
for hf_x in iptables-restore ip6tables-restore; do hf_at $hf_x && hf_n_unseen "$hf_at"; done
hf_n_unseen /etc/services /etc/protocols${mayJump(requests) ? `\nhf_alike="$hf_alike$(printf '%s\\n' "$hf_r4" "$hf_r6" | sed -n 's/ \\[.*//; /^[*:]/p')\n"` : ''}`
}

const mayJump = (requests: readonly SpellRequest[]): boolean =>
  requests.some(({ spec }) => spec.some((word, at) => /^(-j|--jump|-g|--goto)$/.test(word) && !plainTargets.has(spec[at + 1] ?? '')))

const plainTargets: ReadonlySet<string> = new Set([
  'ACCEPT',
  'DROP',
  'RETURN',
  'REJECT',
  'LOG',
  'DNAT',
  'SNAT',
  'MASQUERADE',
  'REDIRECT',
  'MARK',
])

/** A ruleset for iptables-restore in which every wanted rule carries its number; chains, owned ones without rules too, are declared once per table. */
export function wantedRuleset(family: Family, requests: readonly SpellRequest[], owned: readonly OwnedChain[] = []): string {
  const tables = new Map<string, { readonly chains: Set<string>; readonly rules: string[] }>()
  const declare = (name: string, chain: string) => {
    const table = tables.get(name) ?? { chains: new Set<string>(), rules: [] }
    tables.set(name, table)
    if (!(builtinChains[name] ?? []).includes(chain)) table.chains.add(chain)
    return table
  }
  for (const chain of owned) if (chain.family === family) declare(chain.table, chain.name)
  requests.forEach((request, index) => {
    if (request.family !== family) return
    declare(request.table, request.chain).rules.push(
      joinRestore(['-A', request.chain, ...request.spec, '-m', 'comment', '--comment', `hf:${index}`]),
    )
  })
  return [...tables]
    .map(([name, table]) => [`*${name}`, ...[...table.chains].map((chain) => `:${chain} - [0:0]`), ...table.rules, 'COMMIT'].join('\n'))
    .join('\n')
}
