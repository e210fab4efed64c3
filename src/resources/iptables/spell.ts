import type { Family, Line } from '../../types.js'
import { type Context, type Extension, type Given, matches, type Options } from './spell-matches.js'
import { targets, unknownTargets } from './spell-targets.js'
import { network, parts, type Spelled } from './spell-values.js'

const heads: Readonly<Record<string, string>> = {
  '-s': '-s',
  '--source': '-s',
  '--src': '-s',
  '-d': '-d',
  '--destination': '-d',
  '--dst': '-d',
  '-i': '-i',
  '--in-interface': '-i',
  '-o': '-o',
  '--out-interface': '-o',
  '-p': '-p',
  '--protocol': '-p',
  '--proto': '-p',
  '-f': '-f',
  '--fragment': '-f',
  '-m': '-m',
  '--match': '-m',
  '-j': '-j',
  '--jump': '-j',
  '-g': '-g',
  '--goto': '-g',
}

// Names that are the same in every /etc/protocols.
const protocols: Readonly<Record<string, string>> = {
  '1': 'icmp',
  '2': 'igmp',
  '6': 'tcp',
  '17': 'udp',
  '33': 'dccp',
  '47': 'gre',
  '50': 'esp',
  '51': 'ah',
  '58': 'ipv6-icmp',
  '112': 'vrrp',
  '132': 'sctp',
  '136': 'udplite',
  icmpv6: 'ipv6-icmp',
}
const protocolNames = new Set(Object.values(protocols))

/** The match that an option loads by itself, by the protocol of the rule. */
const implicit: Readonly<Record<string, string>> = { tcp: 'tcp', udp: 'udp', icmp: 'icmp', 'ipv6-icmp': 'icmp6' }

interface Loaded {
  readonly name: string
  readonly extension: Extension
  readonly options: Map<string, Given>
}

interface Draft {
  readonly head: Map<string, Given>
  readonly matches: Loaded[]
  target?: Loaded
}

const protocolOf = (text: string): Spelled => {
  const name = text.toLowerCase()
  if (name === 'all' || name === '0') return ''
  return protocols[name] ?? (protocolNames.has(name) ? name : undefined)
}

const load = (name: string, table: Readonly<Record<string, Extension>>): Loaded | undefined =>
  Object.hasOwn(table, name) ? { name, extension: table[name]!, options: new Map() } : undefined

const protocolIn = (draft: Draft): string | undefined => {
  const given = draft.head.get('-p')
  return given && !given.not ? protocolOf(given.values[0]!) : undefined
}

/** Who takes the option: the target, else the last match that knows it, else the protocol's match, loaded there and then. */
const takerOf = (option: string, draft: Draft): Loaded | undefined => {
  const takes = ({ extension }: Loaded): boolean => Object.hasOwn(extension.takes, option)
  if (draft.target && takes(draft.target)) return draft.target
  const known = draft.matches.filter(takes)
  if (known.length > 0) return new Set(known.map(({ name }) => name)).size === 1 ? known.at(-1) : undefined
  const loaded = load(implicit[protocolIn(draft) ?? ''] ?? '', matches)
  if (!loaded || !takes(loaded)) return undefined
  draft.matches.push(loaded)
  return loaded
}

const target = (name: string, goes: boolean): Loaded | undefined => {
  if (goes || !Object.hasOwn(targets, name)) {
    // A name of 29 bytes or more is refused, and a chain's name is printed bare.
    const isChain = /^[A-Za-z_][\w.-]{0,27}$/.test(name) && !unknownTargets.has(name) && !(goes && Object.hasOwn(targets, name))
    return isChain ? { name, extension: { takes: {}, print: () => '' }, options: new Map() } : undefined
  }
  return load(name, targets)
}

/** Takes one option with its values into the draft; the number of words taken, or undefined where it is not known. */
const take = (words: readonly string[], at: number, not: boolean, draft: Draft): number | undefined => {
  const word = words[at]!
  const head = Object.hasOwn(heads, word) ? heads[word]! : undefined
  const value = words[at + 1]
  if (head !== undefined && draft.head.has(head)) return undefined
  if (head === '-f') {
    draft.head.set(head, { not, values: [] })
    return 1
  }
  if (head !== undefined && value === undefined) return undefined
  if (head === '-m' || head === '-j' || head === '-g') {
    const loaded = head === '-m' ? load(value!, matches) : target(value!, head === '-g')
    if (!loaded || not || (head !== '-m' && draft.target)) return undefined
    if (head === '-m') draft.matches.push(loaded)
    else draft.target = loaded
    if (head === '-g') draft.head.set('-g', { not: false, values: [] })
    return 2
  }
  if (head !== undefined) {
    draft.head.set(head, { not, values: [value!] })
    return 2
  }
  const taker = takerOf(word, draft)
  const name = taker?.extension.takes[word]
  if (!taker || name === undefined || taker.options.has(name)) return undefined
  const arity = taker.extension.arity?.[name] ?? 1
  const values = words.slice(at + 1, at + 1 + arity)
  if (values.length < arity || values.includes('!')) return undefined
  taker.options.set(name, { not, values })
  return 1 + arity
}

const read = (words: readonly string[], family: Family): Draft | undefined => {
  const draft: Draft = { head: new Map(), matches: [] }
  let not = false
  for (let at = 0; at < words.length; ) {
    if (words[at] === (family === 'ipv4' ? '-4' : '-6') && !not) {
      at++
    } else if (words[at] === '!' && !not) {
      not = true
      at++
    } else {
      const taken = take(words, at, not, draft)
      if (taken === undefined) return undefined
      not = false
      at += taken
    }
  }
  return not ? undefined : draft
}

const headPart = (head: Options, name: string, value: (text: string) => Spelled): Spelled => {
  const given = head.get(name)
  if (!given) return ''
  const text = value(given.values[0]!)
  // `! -s 0.0.0.0/0` meets nothing: nft refuses it, legacy keeps it.
  if (!text) return text === '' && !given.not ? '' : undefined
  return `${given.not ? '! ' : ''}${name} ${text}`
}

const interfaceName = (text: string): Spelled => (text === '+' ? '' : /^[\w.:@-]{1,14}[\w.:@+-]?$/.test(text) ? text : undefined)

const fragments = (head: Options, family: Family): Spelled => {
  const given = head.get('-f')
  if (!given) return ''
  return family === 'ipv4' ? `${given.not ? '! ' : ''}-f` : undefined
}

const printed = ({ name, extension, options }: Loaded, how: string, context: Context, mayNegate: boolean): Spelled => {
  if (!mayNegate && [...options.values()].some(({ not }) => not)) return undefined
  const rest = extension.print(options, context)
  return rest === undefined ? undefined : parts(how, name, rest)
}

/**
 * What iptables-save 1.8.9 prints of a rule's words (after `-A CHAIN`), for hosts that cannot say it themselves; undefined for anything that
 * is not surely known: `['-p', 'tcp', '--dport', 'ssh', '-j', 'ACCEPT']` -> `-p tcp -m tcp --dport 22 -j ACCEPT`.
 */
export const spell = (words: readonly string[], family: Family): Line | undefined => {
  const draft = read(words, family)
  if (!draft) return undefined
  const { head } = draft
  const context: Context = { family, protocol: protocolIn(draft) }
  return parts(
    headPart(head, '-s', (text) => network(text, family)),
    headPart(head, '-d', (text) => network(text, family)),
    headPart(head, '-i', interfaceName),
    headPart(head, '-o', interfaceName),
    headPart(head, '-p', protocolOf),
    fragments(head, family),
    ...draft.matches.map((match) => printed(match, '-m', context, true)),
    draft.target ? printed(draft.target, head.has('-g') ? '-g' : '-j', context, false) : '',
  )
}
