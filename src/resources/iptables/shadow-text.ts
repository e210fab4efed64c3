import type { Line } from '../../types.js'
import type { Rule } from './conditions.js'
import { hasPlainComments } from './tokens.js'

const said = /--([sd])ports?\s+(\d+)/g
const alone = / -m (?:tcp|udp|multiport) --([sd])ports? (\d+)(?: |$)/

const portsIn = (line: Line): readonly string[] => Array.from(line.matchAll(said), ([, side, port]) => `${side}${Number(port)}`)

/**
 * Which lines of a chain can end the packets of no other one, told by their text: those for a single port that no other line begins its ports
 * with. Most of a long chain is like that, and need not be cut apart.
 */
export const lonelyIn = (lines: readonly Line[]): readonly boolean[] => {
  const counts = new Map<string, number>()
  for (const line of lines) for (const port of new Set(portsIn(line))) counts.set(port, (counts.get(port) ?? 0) + 1)
  return lines.map((line) => {
    const [, side, port] = alone.exec(line) ?? []
    return side !== undefined && counts.get(`${side}${Number(port)}`) === 1 && hasPlainComments(line)
  })
}

/** Texts of which a line must hold one of each list for the rule to end its packets. */
export const needsOf = ({ head, matches }: Rule): readonly (readonly string[])[] => [
  ...head.flatMap(({ not, name, values, network }) => {
    if (!not && network) return [[`${name} `]]
    return !not && /^-[io]$/.test(name) && values[0]?.endsWith('+') ? [] : [[[name, ...values].join(' ')]]
  }),
  ...matches.map(({ name, text }) => {
    if (name === 'tcp' || name === 'udp' || name === 'multiport') return ['-m tcp', '-m udp', '-m multiport']
    return name === 'state' || name === 'conntrack' ? ['-m state', '-m conntrack'] : [`-m ${text}`]
  }),
]
