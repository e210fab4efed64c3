import type { Line } from '../../types.js'
import { grouped } from './grouped.js'
import type { Claim, Item, PlaceInput } from './place.js'
import { bare, ownId, uncommented } from './tokens.js'

/** What a live line is to this run. `copy` = it stands for the wanted line `key`; `stale` = that line's older text, replaced where it stands. */
export type Role =
  | { readonly kind: 'foreign' }
  | { readonly kind: 'other'; readonly id: string }
  | { readonly kind: 'gone'; readonly id: string }
  | { readonly kind: 'copy' | 'stale'; readonly id: string; readonly key: string }

/** One live line; `slot` = how many foreign lines stand above it. */
export interface Entry {
  readonly line: Line
  readonly bare: Line
  readonly at: number
  readonly slot: number
  readonly role: Role
}

interface Read {
  readonly line: Line
  readonly bare: Line
  readonly id: string | undefined
  readonly gone: string | undefined
}

/** The lines of a chain by the id in their comment, and those without one by their text: where they stand, in order. */
interface Index {
  readonly own: ReadonlyMap<string | undefined, readonly number[]>
  readonly plain: ReadonlyMap<Line, readonly number[]>
}

const indexOf = (reads: readonly Read[]): Index => {
  const own = grouped([...reads.keys()], (at) => reads[at]!.id)
  return { own, plain: grouped(own.get(undefined) ?? [], (at) => reads[at]!.bare) }
}

/** The name of one wanted line: its id and its place in the list. */
export const keyOf = (id: string, index: number): string => `${id}#${index}`

const absentBy = (input: PlaceInput): ((line: Line, plain: Line) => string | undefined) => {
  const ids = new Map(input.absent.map(({ id, line }) => [bare(line), id]))
  return (line, plain) => ids.get(plain) ?? ids.get(uncommented(line))
}

/** The own lines of one item: those that equal a wanted line, and the rest, which take the place of the wanted lines that none equals. */
const ownRoles = (item: Item, mine: readonly { readonly at: number; readonly bare: Line }[]): ReadonlyMap<number, Role> => {
  const keys = new Map(item.lines.map((line, index) => [bare(line), keyOf(item.id, index)] as const).reverse())
  const roles = new Map<number, Role>()
  for (const { at, bare: plain } of mine) {
    const key = keys.get(plain)
    if (key !== undefined) roles.set(at, { kind: 'copy', id: item.id, key })
  }
  return roles
}

/** The first line of the chain that an anchor of the claim names; anchors in their order. */
const anchorAt = (claim: Claim, reads: readonly Read[]): number => {
  if (!('anchors' in claim)) return -1
  for (const anchor of claim.anchors) {
    const text = 'line' in anchor ? bare(anchor.line) : undefined
    const at = reads.findIndex((read) => !read.gone && ('id' in anchor ? read.id === anchor.id : read.bare === text))
    if (at >= 0) return at
  }
  return -1
}

/** Of several by-hand copies of one wanted line the one that stands where the claim wants it, else the first. */
const byHand = (claim: Claim, copies: readonly number[], reads: readonly Read[], ours: ReadonlySet<Line>): number | undefined => {
  if (claim.kind === 'last') return copies.at(-1)
  const anchor = anchorAt(claim, reads)
  if (anchor < 0 || copies.length < 2) return copies[0]
  const between = (at: number): readonly Read[] => reads.slice(Math.min(at, anchor) + 1, Math.max(at, anchor))
  const right = copies.filter(
    (at) =>
      at > anchor === (claim.kind === 'after') && between(at).every((read) => read.gone || read.id !== undefined || ours.has(read.bare)),
  )
  return (claim.kind === 'after' ? right[0] : right.at(-1)) ?? copies[0]
}

const itemRoles = (
  item: Item,
  reads: readonly Read[],
  index: Index,
  taken: ReadonlyMap<number, Role>,
  ours: ReadonlySet<Line>,
): ReadonlyMap<number, Role> => {
  const mine = (index.own.get(item.id) ?? []).flatMap((at) => (taken.has(at) ? [] : [{ ...reads[at]!, at }]))
  const roles = new Map(ownRoles(item, mine))
  const have = new Set([...roles.values()].map((role) => ('key' in role ? role.key : '')))
  const missing: string[] = []
  item.lines.forEach((line, number) => {
    const key = keyOf(item.id, number)
    if (have.has(key)) return
    const plain = bare(line)
    const copies = (index.plain.get(plain) ?? []).filter((at) => !taken.has(at) && !roles.has(at))
    const chosen = byHand(item.place, copies, reads, ours)
    if (chosen === undefined) missing.push(key)
    else roles.set(chosen, { kind: 'copy', id: item.id, key })
  })
  for (const { at } of mine) {
    if (roles.has(at)) continue
    const key = missing.shift()
    roles.set(at, key === undefined ? { kind: 'gone', id: item.id } : { kind: 'stale', id: item.id, key })
  }
  return roles
}

/** Tells for each live line what it is: foreign, own of another playbook, to be deleted, or standing for a wanted line. */
export const rolesOf = (input: PlaceInput): readonly Entry[] => {
  const ours = new Set(input.items.flatMap((item) => item.lines.map(bare)))
  const removed = new Set(input.remove)
  const absent = absentBy(input)
  const reads = input.live.map((line): Read => {
    const id = ownId(line)
    const plain = bare(line)
    return { line, bare: plain, id, gone: id !== undefined && removed.has(id) ? id : absent(line, plain) }
  })
  const roles = new Map<number, Role>()
  for (const [at, { gone }] of reads.entries()) if (gone !== undefined) roles.set(at, { kind: 'gone', id: gone })
  const index = indexOf(reads)
  for (const item of input.items) for (const [at, role] of itemRoles(item, reads, index, roles, ours)) roles.set(at, role)

  let slot = 0
  return reads.map((read, at) => {
    const role = roles.get(at) ?? (read.id === undefined ? { kind: 'foreign' as const } : { kind: 'other' as const, id: read.id })
    const entry = { line: read.line, bare: read.bare, at, slot, role }
    if (role.kind === 'foreign') slot++
    return entry
  })
}
