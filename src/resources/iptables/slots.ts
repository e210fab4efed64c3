import type { Line } from '../../types.js'
import { grouped } from './grouped.js'
import { commonSubsequence } from './lcs.js'
import type { Anchored, Item } from './place.js'
import { type Entry, keyOf } from './roles.js'
import { bare } from './tokens.js'

/** Own lines whose order is held, in one slot: the gap below so many foreign lines. `pivot` = an own line of another playbook that they are placed beside. */
export interface Cluster {
  readonly slot: number
  /** Where it goes when none of it stands in the slot yet: `end` = last of all, but above the rules placed `last`. */
  readonly start: 'top' | 'bottom' | 'end'
  readonly above: readonly string[]
  readonly pivot?: number
  readonly keys: readonly string[]
}

/** What an item hangs on. */
type Root =
  | { readonly kind: 'slot'; readonly slot: number; readonly rank: 0 | 1 | 2; readonly start: 'top' | 'bottom' }
  | { readonly kind: 'any'; readonly slot: number; readonly present: boolean }
  | { readonly kind: 'pivot'; readonly slot: number; readonly at: number; readonly side: 'after' | 'before' }
  | { readonly kind: 'item'; readonly slot: number; readonly id: string; readonly side: 'after' | 'before' }

type Found = Root | { readonly failure: string }

/** The slots of a chain: where each item goes, or why it cannot. */
export interface Slots {
  readonly clusters: readonly Cluster[]
  readonly failures: readonly string[]
}

const keysOf = (item: Item): readonly string[] => item.lines.map((_, index) => keyOf(item.id, index))

const standing = (item: Item, mine: readonly Entry[], end: number): Root => {
  let best = { slot: end, length: 0 }
  for (const slot of new Set(mine.map((entry) => entry.slot))) {
    const here = mine.filter((entry) => entry.slot === slot).map(({ role }) => ('key' in role ? role.key : ''))
    const { length } = commonSubsequence(keysOf(item), here)
    if (length > best.length) best = { slot, length }
  }
  return { kind: 'any', slot: best.slot, present: best.length > 0 }
}

const textOf = (anchor: Anchored): string => ('id' in anchor ? `id:${anchor.id}` : bare(anchor.line))

/** Works out for each item what it hangs on: a slot, an own line that stands, or another item. */
const findRoots = (items: readonly Item[], entries: readonly Entry[]): ReadonlyMap<string, Found> => {
  const end = entries.filter(({ role }) => role.kind === 'foreign').length
  const byItem = grouped(entries, ({ role }) => ('key' in role ? role.id : undefined))
  const roots = new Map<string, Found>()
  const open = new Set<string>()

  const others = (wanted: (entry: Entry) => boolean, side: 'after' | 'before'): Root | undefined => {
    const found = entries.filter((entry) => entry.role.kind === 'other' && wanted(entry))
    const slot = found[0]?.slot
    const entry = side === 'before' ? found[0] : found.filter((other) => other.slot === slot).at(-1)
    return entry && { kind: 'pivot', slot: entry.slot, at: entry.at, side }
  }

  const beside = (id: string, side: 'after' | 'before'): Found => {
    const root = rootOf(items.find((item) => item.id === id)!)
    return 'failure' in root ? root : { kind: 'item', slot: root.slot, id, side }
  }

  const byId = (self: Item, id: string, side: 'after' | 'before'): Found | undefined => {
    const item = items.find((other) => other.id === id && other.id !== self.id && other.lines.length > 0)
    return item ? beside(item.id, side) : others(({ role }) => role.kind === 'other' && role.id === id, side)
  }

  const byLine = (self: Item, line: Line, side: 'after' | 'before'): Found | undefined => {
    const text = bare(line)
    const foreign = entries.find((entry) => entry.role.kind === 'foreign' && entry.bare === text)
    const candidates: Found[] = items
      .filter((item) => item.id !== self.id && item.lines.some((wanted) => bare(wanted) === text))
      .map((item) => beside(item.id, side))
    const other = others((entry) => entry.bare === text, side)
    if (other) candidates.push(other)
    const slotOf = (found: Found): number => ('failure' in found ? -1 : found.slot)
    const first = candidates.reduce<Found | undefined>((best, next) => (best && slotOf(best) <= slotOf(next) ? best : next), undefined)
    if (first && (!foreign || slotOf(first) <= foreign.slot)) return first
    if (!foreign) return undefined
    return side === 'after'
      ? { kind: 'slot', slot: foreign.slot + 1, rank: 1, start: 'top' }
      : { kind: 'slot', slot: foreign.slot, rank: 1, start: 'bottom' }
  }

  const anchored = (item: Item, side: 'after' | 'before', anchors: readonly Anchored[]): Found => {
    for (const anchor of anchors) {
      const found = 'id' in anchor ? byId(item, anchor.id, side) : byLine(item, anchor.line, side)
      if (found) return found
    }
    return {
      failure: `${item.id}: the chain has no rule ${anchors.map((anchor) => `'${textOf(anchor)}'`).join(' nor ')} to place it ${side}`,
    }
  }

  const findRoot = (item: Item): Found => {
    const { place } = item
    if (place.kind === 'first') return { kind: 'slot', slot: 0, rank: 0, start: 'top' }
    if (place.kind === 'last') return { kind: 'slot', slot: end, rank: 2, start: 'bottom' }
    if (place.kind === 'any') return standing(item, byItem.get(item.id) ?? [], end)
    return anchored(item, place.kind, place.anchors)
  }

  const rootOf = (item: Item): Found => {
    const known = roots.get(item.id)
    if (known) return known
    if (open.has(item.id)) return { failure: `${[...open].join(', ')}: placed beside each other in a circle` }
    open.add(item.id)
    const root = findRoot(item)
    open.delete(item.id)
    roots.set(item.id, root)
    return root
  }

  for (const item of items) rootOf(item)
  return roots
}

/** The order of the items of each slot: what shares a place in YAML order, what hangs on an item directly beside it. */
export const slotsOf = (all: readonly Item[], entries: readonly Entry[]): Slots => {
  const items = all.filter((item) => item.lines.length > 0)
  const roots = findRoots(items, entries)
  const failures = [...new Set([...roots.values()].flatMap((root) => ('failure' in root ? [root.failure] : [])))]
  if (failures.length > 0) return { clusters: [], failures }

  const hanging = grouped(items, (item) => {
    const root = roots.get(item.id) as Root
    if (root.kind === 'item') return `${root.side} ${root.id}`
    if (root.kind === 'pivot') return `${root.side} pivot ${root.at}`
    return root.kind
  })
  const expand = (item: Item): readonly string[] => [...side('before', item.id), ...keysOf(item), ...side('after', item.id)]
  const side = (which: string, of: string): readonly string[] => (hanging.get(`${which} ${of}`) ?? []).flatMap(expand)

  const clusters: Cluster[] = []
  const slotted = (hanging.get('slot') ?? []).flatMap((item) => {
    const root = roots.get(item.id) as Root
    return root.kind === 'slot' ? [{ item, ...root }] : []
  })
  for (const [slot, members] of grouped(slotted, (member) => member.slot)) {
    const sorted = members.toSorted((one, two) => one.rank - two.rank)
    clusters.push({ slot, start: sorted[0]!.start, above: [], keys: sorted.flatMap(({ item }) => expand(item)) })
  }
  const pivots = entries.filter(
    ({ at, role }) => role.kind === 'other' && (hanging.has(`after pivot ${at}`) || hanging.has(`before pivot ${at}`)),
  )
  for (const { at, slot } of pivots) {
    clusters.push({ slot, start: 'top', pivot: at, above: side('before', `pivot ${at}`), keys: side('after', `pivot ${at}`) })
  }
  for (const item of hanging.get('any') ?? []) {
    const root = roots.get(item.id) as Root
    const start = root.kind === 'any' && !root.present ? 'end' : 'top'
    clusters.push({ slot: root.slot, start, above: [], keys: expand(item) })
  }
  return { clusters, failures }
}
