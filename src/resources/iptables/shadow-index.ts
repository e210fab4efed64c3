import type { Option, Rule } from './conditions.js'
import { grouped } from './grouped.js'
import { sideOf } from './ports.js'

/** The lines of a chain, from 0 and in order, that may end the packets of a rule: each one that does is among them. */
export type Candidates = (later: Rule) => readonly (readonly number[])[]

const isPort = (name: string): boolean => name === 'tcp' || name === 'udp' || name === 'multiport'

const wordsOf = ({ not, name, values }: Option): string => `${not ? '!' : ''}${name} ${values.join(' ')}`
const networkWords = (name: string, width: number, mask: bigint, bits: bigint): string => `${name} ${width} ${mask} ${bits}`

/** What each rule below must say as well for this one to end its packets: one word for each condition that can be asked for like that. */
const demands = (rule: Rule): readonly string[] => [
  ...rule.head.flatMap((option) => {
    const { not, name, network, values } = option
    if (!not && network) return [networkWords(name, network.width, network.mask, network.bits)]
    return !not && /^-[io]$/.test(name) && values[0]?.endsWith('+') ? [] : [wordsOf(option)]
  }),
  ...rule.matches.flatMap(({ name, options, text }) => {
    if (isPort(name)) return options.flatMap(portDemand)
    return name === 'state' || name === 'conntrack' ? [] : [text]
  }),
]

/** A single port can only hold itself. */
const portDemand = ({ not, name, ports }: Option): readonly string[] => {
  const [range, more] = ports ?? []
  return !not && range && !more && range[0] === range[1] ? [`${sideOf(name)} ${range[0]}`] : []
}

/** The first port that a rule demands: most rules are told apart by it, and it costs little to ask. */
const firstPort = ({ matches }: Rule): string | undefined => {
  for (const { name, options } of matches)
    if (isPort(name))
      for (const option of options) {
        const [port] = portDemand(option)
        if (port !== undefined) return port
      }
  return undefined
}

const portsSaid = ({ matches }: Rule): readonly string[] =>
  matches.flatMap(({ name, options }) =>
    isPort(name)
      ? options.flatMap(({ name: option, ports }) => (ports?.[0] === undefined ? [] : [`${sideOf(option)} ${ports[0][0]}`]))
      : [],
  )

/** All that a rule says, in the words of `demands`; `masks` are those that are asked for. */
const sayings = (rule: Rule, masks: readonly bigint[]): readonly string[] => [
  ...rule.head.flatMap((option) => {
    const { not, name, network } = option
    const wide = not || !network ? [] : masks.filter((mask) => (network.mask & mask) === mask)
    return [wordsOf(option), ...wide.map((mask) => networkWords(name, network!.width, mask, network!.bits & mask))]
  }),
  ...rule.matches.flatMap(({ name, text }) => (isPort(name) ? [] : [text])),
  ...portsSaid(rule),
]

const masksOf = (rules: readonly Rule[]): readonly bigint[] => [
  ...new Set(rules.flatMap(({ head }) => head.flatMap(({ not, network }) => (not || !network ? [] : [network.mask])))),
]

interface Ender {
  readonly rule: Rule
  readonly at: number
}

const few = 8

/**
 * Sorts the rules of a chain that may end packets by what they demand, so that a rule is held against those only that demand what it says: of
 * a thousand rules for a thousand ports, one. By port first; what too many ports share, or has none, by the rarest thing that it demands.
 */
export const candidatesOf = (enders: readonly Ender[]): Candidates => {
  const groups = [...grouped(enders, ({ rule }) => firstPort(rule))]
  const isRare = ([port, group]: (typeof groups)[number]): boolean => port !== undefined && group.length <= few
  const ports = new Map(groups.filter(isRare).map(([port, group]) => [port, group.map(({ at }) => at)]))
  const others = byRarest(enders.filter(({ rule }) => !ports.has(firstPort(rule))))
  return (later) => {
    const near = [...new Set(portsSaid(later))].flatMap((port) => {
      const found = ports.get(port)
      return found ? [found] : []
    })
    return [...near, ...others(later)]
  }
}

const byRarest = (enders: readonly Ender[]): Candidates => {
  if (enders.length <= few) return () => [enders.map(({ at }) => at)]
  const asked = enders.map(({ rule, at }) => ({ at, words: demands(rule) }))
  const counts = new Map<string, number>()
  for (const { words } of asked) for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  const rarest = (words: readonly string[]): string | undefined =>
    words.length === 0 ? undefined : words.reduce((best, word) => (counts.get(word)! < counts.get(best)! ? word : best))
  const byWord = grouped(asked, ({ words }) => rarest(words))
  const places = new Map([...byWord].map(([word, group]) => [word, group.map(({ at }) => at)]))
  const masks = masksOf(enders.map(({ rule }) => rule))
  return (later) =>
    [...new Set([undefined, ...sayings(later, masks)])].flatMap((word) => {
      const found = places.get(word)
      return found ? [found] : []
    })
}
