import { byText } from '../../by-text.js'
import type { Line } from '../../types.js'
import { contains } from './address.js'
import { type Match, type Option, type Rule, readRule } from './conditions.js'
import { sideOf } from './ports.js'
import { type Candidates, candidatesOf } from './shadow-index.js'

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

const isPortMatch = ({ name }: Match): boolean => name === 'tcp' || name === 'udp' || name === 'multiport'

const portImplied = (wanted: Option, later: Rule): boolean => {
  const outer = wanted.not ? undefined : wanted.ports
  return later.matches.filter(isPortMatch).some(({ options }) =>
    options.some((option) => {
      if (sameOption(wanted, option)) return true
      const inner = option.not ? undefined : option.ports
      if (!outer || !inner || sideOf(wanted.name) !== sideOf(option.name)) return false
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

/** What lies between two lines of a chain. */
interface Between {
  /** No target that may alter a packet, or that is not known. */
  readonly untouched: boolean
  /** No target that says how the packet is tracked. */
  readonly untracked: boolean
}

const matchImplied = (wanted: Match, later: Rule, { untouched, untracked }: Between): boolean => {
  const { name, options } = wanted
  // A bare `-m tcp` is a condition too: it does not match the later fragments of a packet.
  if (isPortMatch(wanted) && options.every((option) => sideOf(option.name) !== undefined || option.name === '--tcp-flags')) {
    return later.matches.some(isPortMatch) && options.every((option) => portImplied(option, later))
  }
  if (name === 'state' || name === 'conntrack') {
    if (!untracked || wanted.text.includes('--ctexpire')) return false
    if (stateImplied(wanted, later)) return true
  }
  const counts = steady.has(name) ? !wanted.text.includes('--tcp-option') || untouched : alterable.has(name) && untouched
  return counts && later.matches.some((match) => match.text === wanted.text)
}

const mayEnd = (rule: Rule): boolean => rule.goes || (rule.target !== undefined && terminal.has(rule.target))

const ends = (earlier: Rule, later: Rule, between: Between): boolean =>
  earlier.head.every((option) => headImplied(option, later)) && earlier.matches.every((match) => matchImplied(match, later, between))

/** A chain cut apart: its rules, those that may end packets, and for each line the last one above it that alters packets or their tracking. */
interface Read {
  readonly rules: readonly (Rule | undefined)[]
  readonly candidates: Candidates
  readonly altered: readonly number[]
  readonly tracked: readonly number[]
}

const readOnce = byText(readRule)

const lastAbove = (rules: readonly (Rule | undefined)[], is: (rule: Rule | undefined) => boolean): readonly number[] => {
  let last = -1
  return rules.map((rule, at) => {
    const before = last
    if (is(rule)) last = at
    return before
  })
}

const readChain = (lines: readonly Line[]): Read => {
  const rules = lines.map(readOnce)
  return {
    rules,
    candidates: candidatesOf(rules.flatMap((rule, at) => (rule && mayEnd(rule) ? [{ rule, at }] : []))),
    altered: lastAbove(rules, (rule) => !rule || (rule.target !== undefined && !harmless.has(rule.target))),
    tracked: lastAbove(rules, (rule) => rule?.target === 'CT' || rule?.target === 'NOTRACK'),
  }
}

const readChains = new WeakMap<readonly Line[], Read>()

/** A chain is asked about once for each own rule, but cut apart once. */
const chainOf = (lines: readonly Line[]): Read => {
  const read = readChains.get(lines) ?? readChain(lines)
  readChains.set(lines, read)
  return read
}

/**
 * The number, from 1, of the first line above `lines[index]` that ends every packet that this one would match; undefined where none surely
 * does. Doubt counts as no: a condition that is not understood must stand in both lines, word for word.
 */
export const shadowedBy = (lines: readonly Line[], index: number): number | undefined => {
  const { rules, candidates, altered, tracked } = chainOf(lines)
  const later = rules[index]
  if (!later) return undefined
  const doesEnd = (at: number): boolean =>
    at < index && ends(rules[at]!, later, { untouched: altered[index]! <= at, untracked: tracked[index]! <= at })
  const found = candidates(later).flatMap((group) => group.find(doesEnd) ?? [])
  return found.length === 0 ? undefined : Math.min(...found) + 1
}
