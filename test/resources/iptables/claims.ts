import type { Item } from '../../../src/resources/iptables/place.js'
import { bare, ownId } from '../../../src/resources/iptables/tokens.js'

/** A checker of place's laws that shares no code with it: says in words which claim does not hold in `lines`. */
interface Spot {
  readonly item: Item
  readonly at: readonly number[]
}

const combine = <T>(lists: readonly (readonly T[])[]): T[][] =>
  lists.reduce<T[][]>((all, list) => all.flatMap((head) => list.map((one) => [...head, one])), [[]])

const candidates = (lines: readonly string[], id: string, wanted: string): number[] => {
  const own = lines.flatMap((line, at) => (ownId(line) === id && bare(line) === bare(wanted) ? [at] : []))
  return own.length > 0 ? own : lines.flatMap((line, at) => (line === bare(wanted) ? [at] : []))
}

const rankOf = ({ place }: Item): number => (place.kind === 'first' ? 0 : place.kind === 'last' ? 2 : 1)

/** Does a claim name one of the two items themselves? Then one text means two places. */
const names = (one: Item, two: Item): boolean =>
  'anchors' in one.place &&
  one.place.anchors.some((anchor) =>
    [one, two].some(({ id, lines }) => ('id' in anchor ? anchor.id === id : lines.some((line) => bare(line) === bare(anchor.line)))),
  )

const complaints = (lines: readonly string[], spots: readonly Spot[], strict: boolean): string[] => {
  const assigned = new Set(spots.flatMap(({ at }) => at))
  const foreign = lines.map((line, at) => ownId(line) === undefined && !assigned.has(at))
  const slotOf = (at: number): number => foreign.slice(0, at).filter(Boolean).length
  const found: string[] = []
  if (assigned.size !== spots.flatMap(({ at }) => at).length) found.push('one line counts twice')

  const anchorOf = ({ item }: Spot): readonly number[] => {
    if (!('anchors' in item.place)) return []
    for (const anchor of item.place.anchors) {
      if ('id' in anchor) {
        const other = spots.find((spot) => spot.item.id === anchor.id && spot.item.id !== item.id)
        const at = other ? other.at : lines.flatMap((line, n) => (ownId(line) === anchor.id && anchor.id !== item.id ? [n] : []))
        if (at.length > 0) return at
        continue
      }
      const own = spots.find((spot) => spot.item.id === item.id)!.at
      const equals = lines.flatMap((line, n) => (bare(line) === bare(anchor.line) && !own.includes(n) ? [n] : []))
      const first = equals[0]
      if (first === undefined) continue
      return foreign[first] ? [first] : equals.filter((at) => !foreign[at] && slotOf(at) === slotOf(first))
    }
    return [-9]
  }

  for (const spot of spots) {
    const { item, at } = spot
    const slots = new Set(at.map(slotOf))
    if (slots.size > 1) found.push(`${item.id}: not together`)
    if (at.some((one, n) => n > 0 && one < at[n - 1]!)) found.push(`${item.id}: not in list order`)
    const slot = slotOf(at[0]!)
    const { kind } = item.place
    if (kind === 'first' && slot !== 0) found.push(`${item.id}: not first`)
    if (kind === 'last' && slot !== foreign.filter(Boolean).length) found.push(`${item.id}: not last`)
    if (kind !== 'after' && kind !== 'before') continue
    const beside = anchorOf(spot).some((anchor) => {
      const gap = foreign.slice(Math.min(anchor, ...at) + 1, Math.max(anchor, ...at))
      return !gap.includes(true) && at.every((one) => (kind === 'after' ? one > anchor : one < anchor))
    })
    if (!beside) found.push(`${item.id}: not ${kind} its anchor`)
  }
  for (const [n, one] of spots.entries()) {
    for (const two of spots.slice(n + 1)) {
      const shared = strict
        ? one.item.place.kind !== 'any' && two.item.place.kind !== 'any' && slotOf(one.at[0]!) === slotOf(two.at[0]!)
        : one.item.place.kind !== 'any' && !names(one.item, two.item) && JSON.stringify(one.item.place) === JSON.stringify(two.item.place)
      const rightWay = rankOf(one.item) <= rankOf(two.item) ? one.at.at(-1)! < two.at[0]! : two.at.at(-1)! < one.at[0]!
      if (shared && !rightWay) found.push(`${one.item.id}, ${two.item.id}: not in the file's order`)
    }
  }
  return found
}

/** What is wrong in `lines`; empty = every claim holds. `strict`: all items of one slot keep the file's order, not only those of one claim. */
export const wrongIn = (lines: readonly string[], all: readonly Item[], strict = false): string[] => {
  const items = all.filter((item) => item.lines.length > 0)
  const choices = items.map((item) => combine(item.lines.map((line) => candidates(lines, item.id, line))))
  const missing = items.filter((_, n) => choices[n]!.length === 0)
  if (missing.length > 0) return missing.map(({ id }) => `${id}: not there`)
  let best: string[] | undefined
  for (const choice of combine<number[]>(choices)) {
    const found = complaints(
      lines,
      choice.map((at, n) => ({ item: items[n]!, at })),
      strict,
    )
    if (found.length === 0) return []
    if (!best || found.length < best.length) best = found
  }
  return best ?? []
}
