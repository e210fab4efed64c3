import { byText } from '../../by-text.js'
import type { Line } from '../../types.js'
import { contains } from './address.js'
import { type Match, type Option, type Rule, readRule } from './conditions.js'
import { sideOf } from './ports.js'
import { type Candidates, candidatesOf } from './shadow-index.js'
import { lonelyIn, needsOf } from './shadow-text.js'

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
  readonly isUntouched: () => boolean
  /** No target that says how the packet is tracked. */
  readonly isUntracked: () => boolean
}

const matchImplied = (wanted: Match, later: Rule, { isUntouched, isUntracked }: Between): boolean => {
  const { name, options } = wanted
  // A bare `-m tcp` is a condition too: it does not match the later fragments of a packet.
  if (isPortMatch(wanted) && options.every((option) => sideOf(option.name) !== undefined || option.name === '--tcp-flags')) {
    return later.matches.some(isPortMatch) && options.every((option) => portImplied(option, later))
  }
  if (name === 'state' || name === 'conntrack') {
    if (!isUntracked() || wanted.text.includes('--ctexpire')) return false
    if (stateImplied(wanted, later)) return true
  }
  const counts = steady.has(name) ? !wanted.text.includes('--tcp-option') || isUntouched() : alterable.has(name) && isUntouched()
  return counts && later.matches.some((match) => match.text === wanted.text)
}

const mayEnd = (rule: Rule): boolean => rule.goes || (rule.target !== undefined && terminal.has(rule.target))

const ends = (earlier: Rule, later: Rule, between: Between): boolean =>
  earlier.head.every((option) => headImplied(option, later)) && earlier.matches.every((match) => matchImplied(match, later, between))

/** A chain, of which only those rules are cut apart that have to be. */
interface Read {
  readonly ruleAt: (at: number) => Rule | undefined
  /** Whether it is told by its text that no rule ends the packets of this one. */
  readonly isClear: (at: number) => boolean
  readonly candidates: Candidates
  readonly between: (from: number, to: number) => Between
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

/** For each line the last one above it that alters packets, and their tracking. */
const alteredIn = (rules: readonly (Rule | undefined)[]) => ({
  packets: lastAbove(rules, (rule) => !rule || (rule.target !== undefined && !harmless.has(rule.target))),
  tracking: lastAbove(rules, (rule) => rule?.target === 'CT' || rule?.target === 'NOTRACK'),
})

const few = 8

const readChain = (lines: readonly Line[]): Read => {
  const known = new Map<number, Rule | undefined>()
  const ruleAt = (at: number): Rule | undefined => {
    if (!known.has(at)) known.set(at, readOnce(lines[at]!))
    return known.get(at)
  }
  const lonely = lonelyIn(lines)
  const enders = lines.flatMap((_, at) => {
    const rule = lonely[at] ? undefined : ruleAt(at)
    return rule && mayEnd(rule) ? [{ rule, at, needs: needsOf(rule) }] : []
  })
  let altered: ReturnType<typeof alteredIn> | undefined
  const alterations = () => {
    altered ??= alteredIn(lines.map((_, at) => ruleAt(at)))
    return altered
  }
  return {
    ruleAt,
    isClear: (index) =>
      lonely[index] === true &&
      enders.length <= few &&
      !enders.some(({ at, needs }) => at < index && needs.every((texts) => texts.some((text) => lines[index]!.includes(text)))),
    candidates: candidatesOf(enders),
    between: (from, to) => ({
      isUntouched: () => alterations().packets[to]! <= from,
      isUntracked: () => alterations().tracking[to]! <= from,
    }),
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
  const { ruleAt, isClear, candidates, between } = chainOf(lines)
  if (isClear(index)) return undefined
  const later = ruleAt(index)
  if (!later) return undefined
  const doesEnd = (at: number): boolean => at < index && ends(ruleAt(at)!, later, between(at, index))
  const found = candidates(later).flatMap((group) => group.find(doesEnd) ?? [])
  return found.length === 0 ? undefined : Math.min(...found) + 1
}
