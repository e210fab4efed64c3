import type { Line } from '../../types.js'
import { grouped } from './grouped.js'
import { commonSubsequence } from './lcs.js'
import { type Entry, keyOf, rolesOf } from './roles.js'
import { type Cluster, slotsOf } from './slots.js'
import { bare } from './tokens.js'

/** A rule to stand beside: an own one by id, or the first line of the chain that equals `line`, comments of ours ignored. */
export type Anchored = { readonly id: string } | { readonly line: Line }

/** want.ts's Place with its anchors spelled. */
export type Claim =
  | { readonly kind: 'any' }
  | { readonly kind: 'first' }
  | { readonly kind: 'last' }
  | { readonly kind: 'after' | 'before'; readonly anchors: readonly Anchored[] }

/** One id in one chain: its lines as the host spells them, own comment included, in list order. None = its lines go. */
export interface Item {
  readonly id: string
  readonly lines: readonly Line[]
  readonly place: Claim
}

export interface PlaceInput {
  readonly live: readonly Line[]
  /** In YAML order, an id once. */
  readonly items: readonly Item[]
  /** Ids whose own lines go. */
  readonly remove: readonly string[]
  /** Lines of which every copy goes; `id` is what the change is called. A line without a comment also takes the commented copies. */
  readonly absent: readonly { readonly id: string; readonly line: Line }[]
}

/** `from` and `to` count from 1, in the chain before and after. A `replace` with both has also moved. */
export interface Placement {
  readonly id: string
  readonly kind: 'add' | 'replace' | 'move' | 'remove'
  readonly before?: Line
  readonly after?: Line
  readonly from?: number
  readonly to?: number
}

export interface Placed {
  readonly lines: readonly Line[]
  readonly changes: readonly Placement[]
  /** A missing anchor, by id; nothing is changed then. */
  readonly failures: readonly string[]
}

/** A line of the target: a live one that stays, or a wanted one that comes. */
interface Cell {
  readonly line: Line
  readonly entry?: Entry
  readonly key?: string
}

const stays = (keys: readonly string[], entries: readonly Entry[]): readonly Entry[] => {
  const wanted = new Set(keys)
  const here = entries.filter(({ role }) => 'key' in role && wanted.has(role.key))
  return commonSubsequence(
    keys,
    here.map(({ role }) => ('key' in role ? role.key : '')),
  ).map(([, at]) => here[at]!)
}

const kept = ({ pivot, above, keys }: Cluster, here: readonly Entry[]): readonly Entry[] => {
  if (pivot === undefined) return stays(keys, here)
  const over = here.filter(({ at }) => at < pivot)
  const under = here.filter(({ at }) => at > pivot)
  return [...stays(above, over), ...stays(keys, under)]
}

const slotEdges = (cells: readonly Cell[], slot: number): readonly [number, number] => {
  let top = 0
  let seen = 0
  for (const [at, { entry }] of cells.entries()) {
    if (entry?.role.kind !== 'foreign') continue
    if (seen === slot) return [top, at]
    seen++
    top = at + 1
  }
  return [top, cells.length]
}

const startOf = (cells: readonly Cell[], { start, slot, pivot }: Cluster, lasts: ReadonlySet<string>): number => {
  if (pivot !== undefined) return cells.findIndex(({ entry }) => entry?.at === pivot)
  const [top, bottom] = slotEdges(cells, slot)
  if (start === 'top') return top
  const last = start === 'end' ? cells.findIndex(({ key }) => key !== undefined && lasts.has(key)) : -1
  return last < 0 ? bottom : last
}

/** Puts the keys that are not in `cells` yet behind their predecessors; the first of all before the first that stands, else at `start`. */
const insert = (
  cells: Cell[],
  stand: ReadonlySet<string | undefined>,
  keys: readonly string[],
  start: () => number,
  lines: ReadonlyMap<string, Line>,
): void => {
  const standing = new Set(keys.filter((key) => stand.has(key)))
  if (standing.size === keys.length) return
  let at = standing.size > 0 ? cells.findIndex(({ key }) => key !== undefined && standing.has(key)) : start()
  for (const key of keys) {
    if (standing.has(key)) at = cells[at]?.key === key ? at : cells.findIndex((cell) => cell.key === key)
    else cells.splice(at, 0, { line: lines.get(key)!, key })
    at++
  }
}

const layOut = (input: PlaceInput, entries: readonly Entry[], clusters: readonly Cluster[]): readonly Cell[] => {
  const lines = new Map(input.items.flatMap((item) => item.lines.map((line, index) => [keyOf(item.id, index), line] as const)))
  const lasts = new Set(input.items.flatMap(({ id, place, lines: all }) => (place.kind === 'last' ? all.map((_, n) => keyOf(id, n)) : [])))
  const bySlot = grouped(entries, ({ slot }) => slot)
  const staying = new Set(clusters.flatMap((cluster) => kept(cluster, bySlot.get(cluster.slot) ?? [])))
  const cells = entries.flatMap((entry): Cell[] => {
    const { role, line } = entry
    if (role.kind === 'foreign' || role.kind === 'other') return [{ line, entry }]
    if (!staying.has(entry) || !('key' in role)) return []
    return [{ line: role.kind === 'stale' ? lines.get(role.key)! : line, entry, key: role.key }]
  })
  const stand = new Set(cells.map(({ key }) => key))
  for (const cluster of clusters) {
    if (cluster.pivot !== undefined) insert(cells, stand, cluster.above, () => startOf(cells, cluster, lasts), lines)
    insert(cells, stand, cluster.keys, () => startOf(cells, cluster, lasts) + (cluster.pivot === undefined ? 0 : 1), lines)
  }
  return cells
}

const changesOf = (entries: readonly Entry[], cells: readonly Cell[]): readonly Placement[] => {
  const left = new Set(entries)
  for (const { entry } of cells) if (entry) left.delete(entry)
  const changes: Placement[] = []
  for (const [at, { line, entry, key }] of cells.entries()) {
    if (entry?.role.kind === 'stale') changes.push({ id: entry.role.id, kind: 'replace', before: entry.line, after: line })
    if (entry || key === undefined) continue
    const id = key.slice(0, key.lastIndexOf('#'))
    const source = [...left].find(({ role }) => 'key' in role && role.key === key)
    if (!source) {
      changes.push({ id, kind: 'add', after: line, to: at + 1 })
      continue
    }
    left.delete(source)
    const kind = source.bare === bare(line) ? 'move' : 'replace'
    changes.push({ id, kind, before: source.line, after: line, from: source.at + 1, to: at + 1 })
  }
  for (const { role, line, at } of left) if ('id' in role) changes.push({ id: role.id, kind: 'remove', before: line, from: at + 1 })
  return changes
}

/**
 * Works out a chain in which every claim holds, with the fewest own lines moved: foreign lines stay in their order, and each item stands in
 * the slot (the gap between two foreign lines) that its place names. Lines that stand right are kept as they are.
 */
export const place = (input: PlaceInput): Placed => {
  const entries = rolesOf(input)
  const { clusters, failures } = slotsOf(input.items, entries)
  const contradicted = input.items.filter(({ lines }) => lines.some((line) => input.absent.some((gone) => bare(gone.line) === bare(line))))
  const all = [...contradicted.map(({ id }) => `${id}: the same rule is also to be absent`), ...failures]
  if (all.length > 0) return { lines: input.live, changes: [], failures: all }
  const cells = layOut(input, entries, clusters)
  return { lines: cells.map(({ line }) => line), changes: changesOf(entries, cells), failures: [] }
}
