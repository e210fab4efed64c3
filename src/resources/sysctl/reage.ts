import type { Planned, Seen, Step } from '../../types.js'
import { liveValues } from './look.js'
import { sameValue } from './value.js'
import type { SysctlKey, SysctlWant } from './want.js'

/** A wanted time-out of one TCP state, whose tracked connections can be lowered to it. */
interface Aged {
  readonly key: SysctlKey
  /** As conntrack(8) names it: `ESTABLISHED`. */
  readonly state: string
  readonly seconds: number
}

const states = ['syn_sent', 'syn_recv', 'established', 'fin_wait', 'close_wait', 'last_ack', 'time_wait', 'close']

/** The wanted time-outs whose tracked connections are to be lowered; none without `reage: true`. */
function agedBy(want: SysctlWant): readonly Aged[] {
  if (!want.reage) return []
  return want.keys.flatMap((key) => {
    const state = states.find((name) => key.path === `/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_${name}`)
    return state === undefined || !/^\d+$/.test(key.value) ? [] : [{ key, state: state.toUpperCase(), seconds: Number(key.value) }]
  })
}

const tracking = '/proc/sys/net/netfilter/nf_conntrack_'

/**
 * sh that prints `tracked` (how many connections the host tracks) and `above STATE` (how many of them have more time left than is wanted, and
 * who can lower them). /proc is asked first: conntrack(8) may load a module, and a look changes nothing.
 */
export function reageProbe(want: SysctlWant): string {
  if (!want.keys.some((key) => key.path.startsWith(tracking))) return ''
  return [
    'hf_s tracked; cat /proc/sys/net/netfilter/nf_conntrack_count 2>/dev/null',
    ...agedBy(want).map(
      ({ state, seconds }) => `hf_s above ${state}
if [ -r /proc/net/nf_conntrack ]; then awk -v n=${seconds} '$3 == "tcp" && $6 == "${state}" && $5 + 0 > n { c++ } END { print "above", c + 0 }' /proc/net/nf_conntrack
elif hf_have conntrack && { ! grep -qs '^nf_conntrack ' /proc/modules || grep -qs '^nf_conntrack_netlink ' /proc/modules; }; then
  for hf_f in ipv4 ipv6; do conntrack -L -f $hf_f -p tcp --state ${state} 2>/dev/null; done | awk -v n=${seconds} '$3 + 0 > n { c++ } END { print "above", c + 0 }'
fi
hf_have conntrack && echo tool`,
    ),
  ].join('\n')
}

/** What is to be done about connections tracked with more time left than is wanted, and what a host that tracks nothing is told. */
export function planReage(want: SysctlWant, seen: Seen): Planned {
  const found = agedBy(want).map((aged) => judge(aged, seen))
  return {
    steps: found.flatMap((one) => one.steps),
    warnings: [...tracksNothing(want, seen), ...found.flatMap((one) => one.warnings)],
    refused: [],
  }
}

function judge({ key, state, seconds }: Aged, seen: Seen): Pick<Planned, 'steps' | 'warnings'> {
  const printed = seen.sections.find((section) => section.kind === 'above' && section.name === state)?.body ?? ''
  const above = /^above (\d+)$/m.exec(printed)?.[1]
  const live = liveValues(seen).get(key.path)?.value
  // Where they cannot be counted without loading a module, they are lowered along with the value only.
  const due = above === undefined ? live !== undefined && !sameValue(key.path, live, key.value, live) : Number(above) > 0
  if (!due) return { steps: [], warnings: [] }
  const what = `${above ?? 'the'} tracked ${above === '1' ? 'connection' : 'connections'} with more than ${seconds} s left`
  if (!/^tool$/m.test(printed))
    return {
      steps: [],
      warnings: [`${key.key}: ${what} keep it until their next segment: this host has no conntrack(8) to lower them with`],
    }
  const change = { resource: 'sysctl', layer: 'live', at: key.key, before: what, after: `${seconds} s left`, cause: 'new' } as const
  const why = `reage: ${what} keep it until their next segment otherwise; none is raised`
  return { steps: [step({ ...change, note: 'reage' }, lower(state, seconds), why)], warnings: [] }
}

/** It cannot be taken back, so it runs when all else is confirmed: a `once` of the boot layer. */
function step(change: Step['changes'][number], run: string, why: string): Step {
  return { changes: [change], effect: { kind: 'once', layer: 'boot', run, why } }
}

/** sh that lowers the tracked connections of a state, one batch for all; an older conntrack without -R is called for each. It never raises one. */
function lower(state: string, seconds: number): string {
  // conntrack 1.4.7: -U without a family or an address is "Operation not supported", and --timeout for all at once would raise shorter ones.
  const each = `for (i = 5; i < 9; i++) { split($i, p, "="); v[i] = p[2] } print "-U -p tcp -s", v[5], "-d", v[6], "--sport", v[7], "--dport", v[8], "-t", n`
  return `t=/run/holdfast/reage.$$; mkdir -p /run/holdfast; for f in ipv4 ipv6; do conntrack -L -f $f -p tcp --state ${state} 2>/dev/null; done | awk -v n=${seconds} '$3 + 0 > n { ${each} }' > $t; conntrack -R $t >/dev/null 2>&1 || while read -r l; do conntrack $l >/dev/null 2>&1; done < $t; rm -f $t`
}

/** The connection that look came by would be counted if anything were. */
function tracksNothing(want: SysctlWant, seen: Seen): readonly string[] {
  const keys = want.keys.filter((key) => key.path.startsWith(tracking)).map((key) => key.key)
  const count = seen.sections.find((section) => section.kind === 'tracked')?.body.trim()
  return keys.length === 0 || count !== '0'
    ? []
    : [
        `${keys.join(', ')}: no effect at present: this host tracks no connection, not even the one that it was looked at by (no rule asks for it)`,
      ]
}
