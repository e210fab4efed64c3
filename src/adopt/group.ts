import type { HostItem, Item } from './items.js'

/** What one host holds, in the order of its chains. */
export interface HostHolds {
  readonly host: string
  readonly items: readonly HostItem[]
  readonly ordered: boolean
}

/** Items that the same hosts hold; `why`: nobody has decided on them yet. */
export interface Shared {
  readonly hosts: readonly string[]
  readonly items: readonly Item[]
  readonly why?: string
}

interface Spread {
  readonly item: Item
  readonly why?: string
  readonly hosts: Set<string>
}

/** Puts together what hosts agree on, what most hosts hold first; chains in which that would turn the order of rules around are kept apart by host. */
export function shareOut(all: readonly HostHolds[]): readonly Shared[] {
  let apart: ReadonlySet<string> = new Set()
  for (;;) {
    const shared = share(all, apart)
    const turned = turnedChains(all, shared).filter((chain) => !apart.has(chain))
    if (turned.length === 0) return shared
    apart = new Set([...apart, ...turned])
  }
}

function share(all: readonly HostHolds[], apart: ReadonlySet<string>): readonly Shared[] {
  const spread = new Map<string, Spread>()
  for (const { host, items } of all) {
    const texts = new Map([...apart].map((chain) => [chain, JSON.stringify(ruleTexts(items, chain))]))
    for (const { item, why } of items) {
      const chain = chainOf(item)
      const whole = chain === undefined || why !== undefined ? '' : (texts.get(chain) ?? '')
      const name = JSON.stringify([item, why, whole])
      const known = spread.get(name) ?? { item, ...(why !== undefined && { why }), hosts: new Set<string>() }
      known.hosts.add(host)
      spread.set(name, known)
    }
  }
  const groups = new Map<string, { readonly hosts: readonly string[]; readonly items: Item[]; readonly why?: string }>()
  for (const { item, why, hosts } of spread.values()) {
    const name = JSON.stringify([[...hosts], why])
    const group = groups.get(name) ?? { hosts: [...hosts], items: [], ...(why !== undefined && { why }) }
    group.items.push(item)
    groups.set(name, group)
  }
  const rank = new Map(all.map(({ host }, at) => [host, at]))
  const first = ({ hosts }: Shared): number => rank.get(hosts[0]!)!
  return [...groups.values()].sort((a, b) => b.hosts.length - a.hosts.length || first(a) - first(b))
}

/** `INPUT` of every table and family that a rule may stand in. */
function chainOf(item: Item): string | undefined {
  return item.kind === 'rule' ? `${item.entry.table ?? 'filter'} ${item.entry.chain}` : undefined
}

const ruleTexts = (items: readonly HostItem[], chain: string): readonly Item[] =>
  items.flatMap(({ item, why }) => (why === undefined && chainOf(item) === chain ? [item] : []))

/** Chains in which a host's rules would stand in another order, and mean something else, if they were put there anew. */
function turnedChains(all: readonly HostHolds[], shared: readonly Shared[]): readonly string[] {
  const turned = new Set<string>()
  for (const { host, items, ordered } of all) {
    const written = shared.filter((one) => one.why === undefined && one.hosts.includes(host)).flatMap((one) => one.items)
    const place = new Map(written.map((item, at) => [JSON.stringify(item), at]))
    const chains = new Set(items.flatMap(({ item, why }) => (why === undefined ? (chainOf(item) ?? []) : [])))
    for (const chain of chains) {
      const rules = ruleTexts(items, chain)
      const places = rules.map((rule) => place.get(JSON.stringify(rule)) ?? 0)
      const sorted = places.every((at, index) => index === 0 || places[index - 1]! < at)
      const wrong =
        !sorted &&
        rules.some((rule, at) =>
          rules.slice(at + 1).some((later, step) => places[at + 1 + step]! < places[at]! && (ordered || !commute(rule, later))),
        )
      if (wrong) turned.add(chain)
    }
  }
  return [...turned]
}

/** Two rules that both accept, or both drop, may change places. */
function commute(a: Item, b: Item): boolean {
  const verdict = (item: Item): string | undefined =>
    item.kind === 'rule' ? / -j (ACCEPT|DROP)$/.exec(` ${item.entry.rule}`)?.[1] : undefined
  return verdict(a) !== undefined && verdict(a) === verdict(b)
}
