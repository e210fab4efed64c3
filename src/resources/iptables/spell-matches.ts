import type { Family } from '../../types.js'
import { icmp6Names, icmpNames } from './icmp-types.js'
import { address, hex, marked, number, ordered, parts, port, portRange, type Spelled, savedString } from './spell-values.js'

/** An option as it was given: `! --dport 80`. */
export interface Given {
  readonly not: boolean
  readonly values: readonly string[]
}

/** What a match or target is printed in: the family, and the rule's protocol as it is printed. */
export interface Context {
  readonly family: Family
  readonly protocol: string | undefined
}

export type Options = ReadonlyMap<string, Given>

/** A match or a target of the table. */
export interface Extension {
  /** Option as it may be written -> the name under which `print` finds it. */
  readonly takes: Readonly<Record<string, string>>
  /** Options without a value, and with two. */
  readonly arity?: Readonly<Record<string, 0 | 2>>
  readonly print: (options: Options, context: Context) => Spelled
}

const only = (name: string, value: (text: string, context: Context) => Spelled): Extension => ({
  takes: { [name]: name },
  print: (options, context) => one(options, name, (text) => value(text, context)) || undefined,
})

/** One option with its value spelled anew; '' where it was not given. */
export const one = (options: Options, name: string, value: (text: string) => Spelled): Spelled => {
  const given = options.get(name)
  if (!given) return ''
  const text = value(given.values[0]!)
  return text === undefined ? undefined : `${given.not ? '! ' : ''}${name} ${text}`
}

/** An option without a value; '' where it was not given. */
export const flag = (options: Options, name: string): Spelled => (options.has(name) ? `${options.get(name)!.not ? '! ' : ''}${name}` : '')

const sport = { '--sport': '--sport', '--source-port': '--sport' }
const dport = { '--dport': '--dport', '--destination-port': '--dport' }

const portOption = (options: Options, name: string): Spelled => {
  const given = options.get(name)
  const range = given && portRange(given.values[0]!)
  if (!given) return ''
  if (!range) return undefined
  // nft 1.8.9 prints `! --dport 0:1023` as `--dport 1024:65535`, legacy does not.
  if (given.not && range[0] !== range[1] && (range[0] === 0 || range[1] === 65535)) return undefined
  if (range[0] === 0 && range[1] === 65535) return ''
  return one(options, name, () => (range[0] === range[1] ? `${range[0]}` : range.join(':')))
}

const flagNames = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG']
const tcpFlags = (text: string): Spelled => {
  const upper = text.toUpperCase()
  return upper === 'NONE' ? 'NONE' : ordered(upper === 'ALL' ? flagNames.join(',') : upper, flagNames)
}

const tcp: Extension = {
  takes: { ...sport, ...dport, '--tcp-flags': '--tcp-flags', '--syn': '--syn', '--tcp-option': '--tcp-option' },
  arity: { '--tcp-flags': 2, '--syn': 0 },
  print: (options, { protocol }) => {
    const syn = options.get('--syn')
    const given = options.get('--tcp-flags') ?? (syn && { not: syn.not, values: ['SYN,RST,ACK,FIN', 'SYN'] })
    const [mask, set] = given?.values.map(tcpFlags) ?? []
    const flags = !given ? '' : mask && set && `${given.not ? '! ' : ''}--tcp-flags ${mask} ${set}`
    const option = one(options, '--tcp-option', (text) => number(text, 255)?.toString())
    if (protocol !== 'tcp' || (syn && options.has('--tcp-flags'))) return undefined
    return parts(portOption(options, '--sport'), portOption(options, '--dport'), option, flags)
  },
}

const udp: Extension = {
  takes: { ...sport, ...dport },
  print: (options, { protocol }) =>
    protocol === 'udp' ? parts(portOption(options, '--sport'), portOption(options, '--dport')) : undefined,
}

const portList = (text: string): Spelled => {
  const ranges = text.split(',').map((item) => {
    if (!item.includes(':')) return port(item)?.toString()
    const range = /^[^:]+:[^:]+$/.test(item) ? portRange(item) : undefined
    return range && range[0] < range[1] ? range.join(':') : undefined
  })
  const slots = ranges.reduce((sum, range) => sum + (range?.includes(':') ? 2 : 1), 0)
  return ranges.includes(undefined) || slots > 15 ? undefined : ranges.join(',')
}

const multiport: Extension = {
  takes: {
    '--sports': '--sports',
    '--sport': '--sports',
    '--source-ports': '--sports',
    '--dports': '--dports',
    '--dport': '--dports',
    '--destination-ports': '--dports',
    '--ports': '--ports',
  },
  print: (options, { protocol }) => {
    const [name] = options.keys()
    const carries = ['tcp', 'udp', 'udplite', 'sctp', 'dccp'].includes(protocol ?? '')
    return name !== undefined && options.size === 1 && carries ? one(options, name, portList) : undefined
  },
}

const states = ['INVALID', 'NEW', 'RELATED', 'ESTABLISHED', 'UNTRACKED']

// libxt_limit: a rate is kept as a period in 1/10000 s and printed in the largest unit that loses nothing.
const second = 10_000
const units = [
  ['day', 86_400 * second],
  ['hour', 3600 * second],
  ['min', 60 * second],
  ['sec', second],
] as const
const limitRate = (text: string): Spelled => {
  const [, count, unit = 'second'] = /^([1-9]\d{0,5})(?:\/([a-z]+))?$/i.exec(text) ?? []
  const mult = ['second', 'minute', 'hour', 'day'].findIndex(
    (name) => name.startsWith(unit.toLowerCase()) || unit.toLowerCase() === name.slice(0, 3),
  )
  if (count === undefined || mult < 0) return undefined
  const period = Math.floor((second * [1, 60, 3600, 86_400][mult]!) / Number(count))
  if (period === 0) return undefined
  let at = 1
  while (at < units.length && period <= units[at]![1] && Math.floor(units[at]![1] / period) >= units[at]![1] % period) at++
  const [name, size] = units[at - 1]!
  return `${Math.floor(size / period)}/${name}`
}

const limit: Extension = {
  takes: { '--limit': '--limit', '--limit-burst': '--limit-burst' },
  print: (options) => {
    if ([...options.values()].some(({ not }) => not)) return undefined
    const rate = options.has('--limit') ? one(options, '--limit', limitRate) : '--limit 3/hour'
    const burst = one(options, '--limit-burst', (text) => number(text, 10_000)?.toString())
    return parts(rate, burst === '--limit-burst 5' ? '' : burst)
  },
}

const icmpType =
  (names: Readonly<Record<string, string>>) =>
  (text: string): Spelled => {
    const [type, code, more] = text.split('/')
    if (names[text]) return names[text]
    if (number(type, 254) === undefined || more !== undefined) return undefined
    return code === undefined ? `${Number(type)}` : number(code, 254) === undefined ? undefined : `${Number(type)}/${Number(code)}`
  }

const range = (text: string, { family }: Context): Spelled => {
  const [low, high = low, more] = text.split('-')
  const [from, to] = [address(low!, family), address(high!, family)]
  return from && to && more === undefined ? `${from}-${to}` : undefined
}

const types = [
  'UNSPEC',
  'UNICAST',
  'LOCAL',
  'BROADCAST',
  'ANYCAST',
  'MULTICAST',
  'BLACKHOLE',
  'UNREACHABLE',
  'PROHIBIT',
  'THROW',
  'NAT',
  'XRESOLVE',
]

const addrtype: Extension = {
  takes: {
    '--src-type': '--src-type',
    '--dst-type': '--dst-type',
    '--limit-iface-in': '--limit-iface-in',
    '--limit-iface-out': '--limit-iface-out',
  },
  arity: { '--limit-iface-in': 0, '--limit-iface-out': 0 },
  print: (options) => {
    const named = parts(
      one(options, '--src-type', (text) => ordered(text, types)),
      one(options, '--dst-type', (text) => ordered(text, types)),
    )
    return named === '' ? undefined : parts(named, flag(options, '--limit-iface-in'), flag(options, '--limit-iface-out'))
  },
}

const numbers =
  (most: number, separator: string) =>
  (text: string): Spelled => {
    const values = text.split(separator).map((item) => number(item, most))
    if (values.includes(undefined) || values.length > 2 || values[0]! > (values[1] ?? values[0]!)) return undefined
    return values[0] === values[1] ? `${values[0]}` : values.join(separator)
  }

const comparison = (name: string): Extension => ({
  takes: Object.fromEntries(['eq', 'lt', 'gt'].map((how) => [`--${name}-${how}`, `--${name}-${how}`])),
  print: (options) => {
    const [option] = options.keys()
    return option && options.size === 1 ? one(options, option, (text) => number(text, 255)?.toString()) : undefined
  },
})

/** `! --match-set NAME src,dst`: two values, printed as they are. */
const set: Extension = {
  takes: { '--match-set': '--match-set' },
  arity: { '--match-set': 2 },
  print: (options) => {
    const { not, values } = options.get('--match-set') ?? { not: false, values: [] }
    const [name = '', where = ''] = values
    return /^[\w.:-]{1,31}$/.test(name) && /^(src|dst)(,(src|dst))*$/.test(where)
      ? `${not ? '! ' : ''}--match-set ${name} ${where}`
      : undefined
  },
}

/** The matches of the table, as libxtables 1.8.9 prints them (measured, back ends nft and legacy alike). */
export const matches: Readonly<Record<string, Extension>> = {
  tcp,
  udp,
  multiport,
  state: only('--state', (text) => ordered(text, states)),
  conntrack: only('--ctstate', (text) => ordered(text, [...states, 'SNAT', 'DNAT'])),
  comment: {
    takes: { '--comment': '--comment' },
    print: (options) => {
      const given = options.get('--comment')
      const text = given?.values[0] ?? ''
      // 1.8.9 cuts a comment to 255 bytes and stores a newline that it cannot read again.
      return !given || given.not || /[\n\0]/.test(text) || new TextEncoder().encode(text).length > 255
        ? undefined
        : `--comment ${savedString(text)}`
    },
  },
  limit,
  icmp: only('--icmp-type', (text, { family, protocol }) =>
    family === 'ipv4' && protocol === 'icmp' ? icmpType(icmpNames)(text) : undefined,
  ),
  icmp6: only('--icmpv6-type', (text, { family, protocol }) =>
    family === 'ipv6' && protocol === 'ipv6-icmp' ? icmpType(icmp6Names)(text) : undefined,
  ),
  mark: only('--mark', (text) => {
    const pair = marked(text)
    return pair && (pair[1] === 0xffffffff ? hex(pair[0]) : `${hex(pair[0])}/${hex(pair[1])}`)
  }),
  mac: only('--mac-source', (text) => (/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text) ? text.toLowerCase() : undefined)),
  iprange: {
    takes: { '--src-range': '--src-range', '--dst-range': '--dst-range' },
    print: (options, context) =>
      parts(
        one(options, '--src-range', (text) => range(text, context)),
        one(options, '--dst-range', (text) => range(text, context)),
      ) || undefined,
  },
  addrtype,
  pkttype: only('--pkt-type', (text) => (/^(unicast|broadcast|multicast)$/.test(text) ? text : undefined)),
  length: only('--length', numbers(65535, ':')),
  owner: {
    takes: { '--uid-owner': '--uid-owner', '--gid-owner': '--gid-owner' },
    print: (options) =>
      parts(one(options, '--uid-owner', numbers(0xfffffffe, '-')), one(options, '--gid-owner', numbers(0xfffffffe, '-'))) || undefined,
  },
  ttl: comparison('ttl'),
  hl: comparison('hl'),
  set,
}
