import { type Context, type Extension, flag, type Options, one } from './spell-matches.js'
import { address, hex, marked, number, parts, portRange, type Spelled, savedString } from './spell-values.js'

// Name and short name, in the order in which libipt_REJECT and libip6t_REJECT look for what was given; a prefix will do.
const rejections = {
  ipv4: [
    ['icmp-net-unreachable', 'net-unreach'],
    ['icmp-host-unreachable', 'host-unreach'],
    ['icmp-proto-unreachable', 'proto-unreach'],
    ['icmp-port-unreachable', 'port-unreach'],
    ['icmp-net-prohibited', 'net-prohib'],
    ['icmp-host-prohibited', 'host-prohib'],
    ['tcp-reset', 'tcp-rst'],
    ['icmp-admin-prohibited', 'admin-prohib'],
  ],
  ipv6: [
    ['icmp6-no-route', 'no-route'],
    ['icmp6-adm-prohibited', 'adm-prohibited'],
    ['icmp6-addr-unreachable', 'addr-unreach'],
    ['icmp6-port-unreachable', 'port-unreach'],
    ['tcp-reset', 'tcp-reset'],
    ['icmp6-policy-fail', 'policy-fail'],
    ['icmp6-reject-route', 'reject-route'],
  ],
} as const

const rejectWith = (text: string, { family, protocol }: Context): Spelled => {
  const given = text.toLowerCase()
  const name = rejections[family].find((names) => names.some((known) => known.startsWith(given)))?.[0]
  return name === 'tcp-reset' && protocol !== 'tcp' ? undefined : name
}

const levels: Readonly<Record<string, number>> = {
  emerg: 0,
  panic: 0,
  alert: 1,
  crit: 2,
  err: 3,
  error: 3,
  warn: 4,
  warning: 4,
  notice: 5,
  info: 6,
  debug: 7,
}

const logLevel = (text: string): Spelled => (levels[text] ?? number(text, 7))?.toString()

const logFlags = ['--log-tcp-sequence', '--log-tcp-options', '--log-ip-options', '--log-uid', '--log-macdecode']

const same = (...names: readonly string[]): Readonly<Record<string, string>> => Object.fromEntries(names.map((name) => [name, name]))
const bare = (...names: readonly string[]): Readonly<Record<string, 0>> => Object.fromEntries(names.map((name) => [name, 0]))

/** The flags of a target, in the order given here. */
const flags = (options: Options, names: readonly string[]): Spelled => parts(...names.map((name) => flag(options, name)))

const portPair = (text: string): Spelled => {
  const range = portRange(text, '-')
  if (!range || (range[0] === range[1] && text.includes('-'))) return undefined
  return range[0] === range[1] ? `${range[0]}` : range.join('-')
}

const carriesPorts = ({ protocol }: Context): boolean => ['tcp', 'udp', 'udplite', 'sctp', 'dccp'].includes(protocol ?? '')

/** `10.0.0.1-10.0.0.9:80-90`, `[2001:db8::1]:8080`. */
const natAddress = (text: string, context: Context): Spelled => {
  const { family } = context
  const pattern = family === 'ipv4' ? /^([\d.]+)(?:-([\d.]+))?(?::(.+))?$/ : /^\[?([\da-f:.]+)(?:-([\da-f:.]+))?(?:\]:(.+))?$/i
  const [, low, high, ports] = pattern.exec(text) ?? []
  if (low === undefined || (family === 'ipv6' && text.startsWith('[') !== (ports !== undefined))) return undefined
  const [from, to] = [address(low, family), high === undefined ? '' : address(high, family)]
  const port = ports === undefined ? '' : portPair(ports)
  if (!from || to === undefined || port === undefined || (port !== '' && !carriesPorts(context))) return undefined
  const range = to === '' || to === from ? from : `${from}-${to}`
  if (port === '') return range
  return family === 'ipv4' ? `${range}:${port}` : `[${range}]:${port}`
}

const nat = (name: string, extra: readonly string[]): Extension => ({
  takes: { '--to': name, ...same(name, ...extra) },
  arity: bare(...extra),
  print: (options, context) =>
    options.has(name)
      ? parts(
          one(options, name, (text) => natAddress(text, context)),
          flags(options, extra),
        )
      : undefined,
})

const toPorts = (extra: readonly string[]): Extension => ({
  takes: { '--to-port': '--to-ports', ...same('--to-ports', ...extra) },
  arity: bare(...extra),
  print: (options, context) =>
    options.size > 0 && !carriesPorts(context) && options.has('--to-ports')
      ? undefined
      : parts(one(options, '--to-ports', portPair), flags(options, extra)),
})

const xmark = (value: number, mask: number): Spelled => `--set-xmark ${hex(value)}/${hex(mask)}`

const mark: Extension = {
  takes: same('--set-mark', '--set-xmark', '--and-mark', '--or-mark', '--xor-mark'),
  print: (options) => {
    const [name] = options.keys()
    const text = options.get(name ?? '')?.values[0] ?? ''
    const pair = marked(text)
    if (!pair || options.size !== 1) return undefined
    const [value, mask] = pair
    if (name === '--set-mark') return xmark(value, value | mask)
    if (name === '--set-xmark') return xmark(value, mask)
    if (text.includes('/')) return undefined
    if (name === '--and-mark') return xmark(0, ~value)
    return name === '--or-mark' ? xmark(value, value) : xmark(value, 0)
  },
}

const nothing: Extension = { takes: {}, print: () => '' }

/** The targets of the table, as libxtables 1.8.9 prints them (measured, back ends nft and legacy alike). */
export const targets: Readonly<Record<string, Extension>> = {
  ACCEPT: nothing,
  DROP: nothing,
  RETURN: nothing,
  NOTRACK: nothing,
  TRACE: nothing,
  REJECT: {
    takes: same('--reject-with'),
    print: (options, context) => {
      const given =
        options.get('--reject-with')?.values[0] ?? (context.family === 'ipv4' ? 'icmp-port-unreachable' : 'icmp6-port-unreachable')
      const name = rejectWith(given, context)
      return name && `--reject-with ${name}`
    },
  },
  LOG: {
    takes: same('--log-prefix', '--log-level', ...logFlags),
    arity: bare(...logFlags),
    print: (options) => {
      // 1.8.9 cuts a prefix to 29 bytes, and omits level 4.
      const prefix = one(options, '--log-prefix', (text) =>
        /[\n\0]/.test(text) || new TextEncoder().encode(text).length > 29 ? undefined : savedString(text),
      )
      const level = one(options, '--log-level', logLevel)
      return parts(prefix, level === '--log-level 4' ? '' : level, flags(options, logFlags))
    },
  },
  DNAT: nat('--to-destination', ['--random', '--persistent']),
  SNAT: nat('--to-source', ['--random', '--random-fully', '--persistent']),
  MASQUERADE: toPorts(['--random', '--random-fully']),
  REDIRECT: toPorts(['--random']),
  MARK: mark,
  TCPMSS: {
    takes: same('--set-mss', '--clamp-mss-to-pmtu'),
    arity: bare('--clamp-mss-to-pmtu'),
    print: (options) => {
      if (options.size !== 1) return undefined
      return parts(
        one(options, '--set-mss', (text) => number(text, 65535)?.toString()),
        flag(options, '--clamp-mss-to-pmtu'),
      )
    },
  },
  NFQUEUE: {
    takes: same('--queue-num', '--queue-bypass'),
    arity: bare('--queue-bypass'),
    print: (options) =>
      options.has('--queue-num')
        ? parts(
            one(options, '--queue-num', (text) => number(text, 65535)?.toString()),
            flag(options, '--queue-bypass'),
          )
        : undefined,
  },
  CT: {
    takes: same('--notrack'),
    arity: bare('--notrack'),
    print: (options) => (options.has('--notrack') ? '--notrack' : undefined),
  },
}

/** Targets that libxtables knows and this table does not; any other name is a chain. */
export const unknownTargets: ReadonlySet<string> = new Set(
  'QUEUE AUDIT CHECKSUM CLASSIFY CLUSTERIP CONNMARK CONNSECMARK DNPT DSCP ECN HL HMARK IDLETIMER LED MIRROR NETMAP NFLOG RATEEST SECMARK SET SNPT SYNPROXY TCPOPTSTRIP TEE TOS TPROXY TTL ULOG'.split(
    ' ',
  ),
)
