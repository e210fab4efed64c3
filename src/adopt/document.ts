import { type Shared, shareOut } from './group.js'
import { hostItems } from './host-items.js'
import { hostsWord } from './hosts.js'
import { nameRules } from './ids.js'
import type { FoundOnHost, Item } from './items.js'

/** A play as a playbook's reader takes it. */
export interface AdoptedPlay {
  readonly name: string
  readonly hosts: string | readonly string[]
  readonly sysctl?: Readonly<Record<string, string | number>>
  readonly iptables?: readonly Extract<Item, { kind: 'rule' }>['entry'][]
  readonly chains?: readonly Extract<Item, { kind: 'chain' }>['entry'][]
}

/** What hosts hold now: plays that change nothing, those that somebody has to decide on (with the reason), and what was left out. */
export interface Adopted {
  readonly plays: readonly AdoptedPlay[]
  readonly undecided: readonly { readonly why: string; readonly play: AdoptedPlay }[]
  readonly leftOut: readonly { readonly hosts: string | readonly string[]; readonly what: string }[]
}

/** Makes plays of what hosts hold, grouped where they agree; `groups` are the inventory's, each with all its hosts. */
export function adopted(found: readonly FoundOnHost[], groups: ReadonlyMap<string, readonly string[]>): Adopted {
  const nameOf = nameRules(found.flatMap(({ judged }) => judged.flatMap(({ held }) => (held.kind === 'rule' ? [held] : []))))
  const shared = shareOut(found.map((one) => ({ host: one.host, items: hostItems(one, nameOf), ordered: one.ordered })))
  const word = (hosts: readonly string[]) => hostsWord(hosts, groups)
  const notes = new Map<string, string[]>()
  for (const { host, notes: told } of found) for (const what of new Set(told)) notes.set(what, [...(notes.get(what) ?? []), host])
  return {
    plays: shared.flatMap((one) => (one.why === undefined ? [playOf(one, word(one.hosts))] : [])),
    undecided: shared.flatMap((one) => (one.why === undefined ? [] : [{ why: one.why, play: playOf(one, word(one.hosts)) }])),
    leftOut: [...notes].map(([what, hosts]) => ({ hosts: word(hosts), what })),
  }
}

function playOf({ items, why }: Shared, hosts: AdoptedPlay['hosts']): AdoptedPlay {
  const values = items.flatMap((item) => (item.kind === 'value' ? [[item.key, numberOr(item.value)] as const] : []))
  const rules = items.flatMap((item) => (item.kind === 'rule' ? [item.entry] : []))
  const chains = items.flatMap((item) => (item.kind === 'chain' ? [item.entry] : []))
  const who = typeof hosts === 'string' ? hosts : hosts.length > 4 ? `${hosts.length} hosts` : hosts.join(', ')
  return {
    name: why === undefined ? `What ${who} ${who === 'all' || typeof hosts !== 'string' ? 'hold' : 'holds'}` : `To be decided for ${who}`,
    hosts,
    ...(values.length > 0 && { sysctl: Object.fromEntries(values) }),
    ...(rules.length > 0 && { iptables: rules }),
    ...(chains.length > 0 && { chains }),
  }
}

const numberOr = (value: string): string | number => (/^(0|-?[1-9]\d{0,14})$/.test(value) ? Number(value) : value)
