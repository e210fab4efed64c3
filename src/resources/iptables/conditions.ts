import { byText } from '../../by-text.js'
import type { Line } from '../../types.js'
import { type Network, parseNetwork } from './address.js'
import { type Ports, parsePorts, sideOf } from './ports.js'
import { splitLine, uncommented } from './tokens.js'

/** `! -s 192.0.2.0/24` of a rule's head, or `! --dport 80` of a match. */
export interface Option {
  readonly not: boolean
  readonly name: string
  readonly values: readonly string[]
  /** Of `-s` and `-d`. */
  readonly network?: Network
  /** Of `--dport`, `--sports` and the like. */
  readonly ports?: Ports
}

/** `-m NAME ...`; `text` is the whole match as it stands. */
export interface Match {
  readonly name: string
  readonly options: readonly Option[]
  readonly text: string
}

/** A rule cut apart: `-s 192.0.2.1/32 -p tcp -m tcp --dport 80 -j ACCEPT`. */
export interface Rule {
  readonly head: readonly Option[]
  readonly matches: readonly Match[]
  /** `-g` ends the chain for its packets, whatever the other chain does. */
  readonly goes: boolean
  readonly target: string | undefined
}

const optionsOf = (words: readonly string[]): readonly Option[] => {
  const options: { not: boolean; name: string; values: string[] }[] = []
  let not = false
  for (const word of words) {
    if (word === '!') not = true
    else if (word.startsWith('-')) {
      options.push({ not, name: word, values: [] })
      not = false
    } else options.at(-1)?.values.push(word)
  }
  return options
}

const networkOf = byText(parseNetwork)

const withNetwork = (option: Option): Option => {
  const network = option.name === '-s' || option.name === '-d' ? networkOf(option.values[0] ?? '') : undefined
  return network ? { ...option, network } : option
}

const withPorts = (option: Option): Option => {
  const ports = sideOf(option.name) && parsePorts(option.values.join(' '))
  return ports ? { ...option, ports } : option
}

/**
 * Cuts a line of iptables-save apart, comments left out: its head up to the first `-m`, its matches, its target. Undefined where a quoted
 * word stands in it, since that could look like an option.
 */
export const readRule = (line: Line): Rule | undefined => {
  const text = uncommented(line)
  if (text.includes('"')) return undefined
  const words = splitLine(text)
  const end = words.findIndex((word) => word === '-j' || word === '-g')
  const conditions = end < 0 ? words : words.slice(0, end)
  const starts = conditions.flatMap((word, at) => (word === '-m' ? [at] : []))
  const matches = starts.map((start, n): Match => {
    const [, name = '', ...rest] = conditions.slice(start, starts[n + 1])
    return { name, options: optionsOf(rest).map(withPorts), text: [name, ...rest].join(' ') }
  })
  return {
    head: optionsOf(conditions.slice(0, starts[0])).map(withNetwork),
    matches,
    goes: end >= 0 && words[end] === '-g',
    target: end < 0 ? undefined : words[end + 1],
  }
}
