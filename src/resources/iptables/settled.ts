import type { PlaceInput } from './place.js'
import { ownId } from './tokens.js'

/**
 * Whether a chain holds what is wanted of it already, told without placing anything: all items may stand anywhere, and the own lines of each
 * stand there once, together and in order. Where that is not so, it may hold it all the same.
 */
export const isSettled = ({ live, items, remove, absent }: PlaceInput): boolean => {
  if (absent.length > 0 || items.some(({ place, lines }) => place.kind !== 'any' || lines.length === 0)) return false
  const standing = new Map<string, { readonly first: number; count: number }>()
  for (const [at, line] of live.entries()) {
    const id = ownId(line)
    if (id === undefined) continue
    const before = standing.get(id)
    if (before === undefined) standing.set(id, { first: at, count: 1 })
    else before.count++
  }
  if (remove.some((id) => standing.has(id))) return false
  return items.every(({ id, lines }) => {
    const own = standing.get(id)
    return own !== undefined && own.count === lines.length && lines.every((line, index) => live[own.first + index] === line)
  })
}
