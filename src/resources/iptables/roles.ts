import type { Line } from '../../types.js'
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

const nearest = (reads: readonly Read[], from: number, step: 1 | -1, ours: ReadonlySet<Line>): Read | undefined => {
  let at = from + step
  while (reads[at] && (reads[at]!.id !== undefined || ours.has(reads[at]!.bare))) at += step
  return reads[at]
}

const isAnchor = (claim: Claim, read: Read | undefined): boolean =>
  'anchors' in claim && read !== undefined && claim.anchors.some((anchor) => 'line' in anchor && bare(anchor.line) === read.bare)

/** Of several by-hand copies of one wanted line the one that stands where the claim wants it, else the first. */
const byHand = (claim: Claim, copies: readonly number[], reads: readonly Read[], ours: ReadonlySet<Line>): number | undefined => {
  if (claim.kind === 'last') return copies.at(-1)
  if (claim.kind === 'any' || claim.kind === 'first') return copies[0]
  const step = claim.kind === 'after' ? -1 : 1
  return copies.find((at) => isAnchor(claim, nearest(reads, at, step, ours))) ?? copies[0]
}

const itemRoles = (
  item: Item,
  reads: readonly Read[],
  taken: ReadonlyMap<number, Role>,
  ours: ReadonlySet<Line>,
): ReadonlyMap<number, Role> => {
  const mine = reads.flatMap((read, at) => (read.id === item.id && !taken.has(at) ? [{ ...read, at }] : []))
  const roles = new Map(ownRoles(item, mine))
  const have = new Set([...roles.values()].map((role) => ('key' in role ? role.key : '')))
  const missing: string[] = []
  item.lines.forEach((line, index) => {
    const key = keyOf(item.id, index)
    if (have.has(key)) return
    const plain = bare(line)
    const copies = reads.flatMap((read, at) =>
      read.id === undefined && read.bare === plain && !taken.has(at) && !roles.has(at) ? [at] : [],
    )
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
  const reads = input.live.map((line): Read => ({ line, bare: bare(line), id: ownId(line) }))
  const ours = new Set(input.items.flatMap((item) => item.lines.map(bare)))
  const removed = new Set(input.remove)
  const absent = absentBy(input)
  const roles = new Map<number, Role>()
  reads.forEach((read, at) => {
    const id = read.id !== undefined && removed.has(read.id) ? read.id : absent(read.line, read.bare)
    if (id !== undefined) roles.set(at, { kind: 'gone', id })
  })
  for (const item of input.items) for (const [at, role] of itemRoles(item, reads, roles, ours)) roles.set(at, role)

  let slot = 0
  return reads.map((read, at) => {
    const role = roles.get(at) ?? (read.id === undefined ? { kind: 'foreign' as const } : { kind: 'other' as const, id: read.id })
    const entry = { line: read.line, bare: read.bare, at, slot, role }
    if (role.kind === 'foreign') slot++
    return entry
  })
}
