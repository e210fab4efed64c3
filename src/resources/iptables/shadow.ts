import { byText } from '../../by-text.js'
import type { Line } from '../../types.js'
import { contains } from './address.js'
import { type Match, type Option, type Rule, readRule } from './conditions.js'

// iptables-extensions(8): a packet that meets one of these does not come to the next rule of the chain.
const terminal = new Set([
  'ACCEPT',
  'DROP',
  'REJECT',
  'RETURN',
  'QUEUE',
  'NFQUEUE',
  'DNAT',
  'SNAT',
  'MASQUERADE',
  'REDIRECT',
  'NETMAP',
  'TPROXY',
])
const harmless = new Set([...terminal, 'LOG', 'NFLOG', 'ULOG', 'AUDIT', 'TRACE'])

/** Matches that say the same of a packet each time they are asked; not so limit, recent, statistic, quota, time. */
const steady = new Set(
  'tcp udp udplite sctp dccp icmp icmp6 multiport state conntrack mac iprange addrtype pkttype length owner physdev ah esp policy frag rt'.split(
    ' ',
  ),
)
/** Those, too, but for a target in between that alters what they look at. */
const alterable = new Set(['mark', 'connmark', 'set', 'ttl', 'hl', 'dscp', 'tos'])

const sameOption = (one: Option, two: Option): boolean =>
  one.not === two.not &&
  one.name === two.name &&
  one.values.length === two.values.length &&
  one.values.every((value, at) => value === two.values[at])

const widerInterface = (outer: string, inner: string): boolean =>
  outer.endsWith('+') ? inner.startsWith(outer.slice(0, -1)) : outer === inner

const headImplied = (wanted: Option, later: Rule): boolean =>
  later.head.some((option) => {
    if (wanted.name !== option.name) return false
    if (sameOption(wanted, option)) return true
    if (wanted.not || option.not) return false
    if (wanted.network && option.network) return contains(wanted.network, option.network)
    const isInterface = wanted.name === '-i' || wanted.name === '-o'
    return isInterface && widerInterface(wanted.values[0] ?? '', option.values[0] ?? '')
  })

type Ports = readonly (readonly [number, number])[]

const side: Readonly<Record<string, 'source' | 'destination'>> = {
  '--sport': 'source',
  '--sports': 'source',
  '--dport': 'destination',
  '--dports': 'destination',
}

const portsOf = ({ not, values }: Option): Ports | undefined => {
  const ranges = values
    .join(' ')
    .split(',')
    .map((text) => /^(\d+)(?::(\d+))?$/.exec(text))
  if (not || ranges.some((range) => !range)) return undefined
  return ranges.map((range) => [Number(range![1]), Number(range![2] ?? range![1])])
}

const isPortMatch = ({ name }: Match): boolean => name === 'tcp' || name === 'udp' || name === 'multiport'

const portImplied = (wanted: Option, later: Rule): boolean => {
  const outer = portsOf(wanted)
  return later.matches.filter(isPortMatch).some(({ options }) =>
    options.some((option) => {
      if (sameOption(wanted, option)) return true
      const inner = portsOf(option)
      if (!outer || !inner || side[wanted.name] === undefined || side[wanted.name] !== side[option.name]) return false
      return inner.every(([low, high]) => outer.some(([from, to]) => from <= low && high <= to))
    }),
  )
}

const statesOf = ({ name, options }: Match): readonly string[] | undefined => {
  const [option, more] = options
  const isStates = (name === 'state' && option?.name === '--state') || (name === 'conntrack' && option?.name === '--ctstate')
  return isStates && !more && !option!.not ? option!.values.join(' ').split(',') : undefined
}

const stateImplied = (wanted: Match, later: Rule): boolean => {
  const outer = statesOf(wanted)
  return later.matches.some((match) => {
    const inner = statesOf(match)
    return outer !== undefined && inner?.every((state) => outer.includes(state)) === true
  })
}

const matchImplied = (wanted: Match, later: Rule, between: readonly (string | undefined)[]): boolean => {
  const { name, options } = wanted
  // A bare `-m tcp` is a condition too: it does not match the later fragments of a packet.
  if (isPortMatch(wanted) && options.every((option) => side[option.name] !== undefined || option.name === '--tcp-flags')) {
    return later.matches.some(isPortMatch) && options.every((option) => portImplied(option, later))
  }
  const untouched = between.every((target) => target === undefined || harmless.has(target))
  if (name === 'state' || name === 'conntrack') {
    if (between.some((target) => target === 'CT' || target === 'NOTRACK') || wanted.text.includes('--ctexpire')) return false
    if (stateImplied(wanted, later)) return true
  }
  const counts = steady.has(name) ? !wanted.text.includes('--tcp-option') || untouched : alterable.has(name) && untouched
  return counts && later.matches.some((match) => match.text === wanted.text)
}

const ends = (earlier: Rule, later: Rule, between: readonly (string | undefined)[]): boolean =>
  (earlier.goes || (earlier.target !== undefined && terminal.has(earlier.target))) &&
  earlier.head.every((option) => headImplied(option, later)) &&
  earlier.matches.every((match) => matchImplied(match, later, between))

const readOnce = byText(readRule)

const readRules = new WeakMap<readonly Line[], readonly (Rule | undefined)[]>()

/** A chain is asked about once for each own rule, but cut apart once. */
const rulesOf = (lines: readonly Line[]): readonly (Rule | undefined)[] => {
  const rules = readRules.get(lines) ?? lines.map(readOnce)
  readRules.set(lines, rules)
  return rules
}

/**
 * The number, from 1, of the first line above `lines[index]` that ends every packet that this one would match; undefined where none surely
 * does. Doubt counts as no: a condition that is not understood must stand in both lines, word for word.
 */
export const shadowedBy = (lines: readonly Line[], index: number): number | undefined => {
  const rules = rulesOf(lines)
  const later = rules[index]
  if (!later) return undefined
  const between: (string | undefined)[] = []
  let found: number | undefined
  for (let at = index - 1; at >= 0; at--) {
    const rule = rules[at]
    if (rule && ends(rule, later, between)) found = at + 1
    const target = rule ? rule.target : 'unread'
    if (!between.includes(target)) between.push(target)
  }
  return found
}
