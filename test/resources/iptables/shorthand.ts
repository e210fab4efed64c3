import type { Anchored, Claim, Item, Placement } from '../../../src/resources/iptables/place.js'
import { bare, ownId } from '../../../src/resources/iptables/tokens.js'

/** `P!a` -> the rule P with the own comment of a. */
export const own = (word: string, id: string): string => `-m comment --comment "holdfast:${id}" -j ${word}`

export const toLine = (word: string): string => {
  const [text, id] = word.split('!')
  return id === undefined ? `-j ${text}` : own(text!, id)
}

export const toLines = (words: string): string[] => (words === '' ? [] : words.split(' ').map(toLine))

export const toWord = (line: string): string => {
  const id = ownId(line)
  return bare(line).replace('-j ', '') + (id === undefined ? '' : `!${id}`)
}

export interface ItemRow {
  readonly rules: string
  readonly place?: 'first' | 'last'
  readonly after?: string | string[]
  readonly before?: string | string[]
}

const toAnchor = (text: string): Anchored => (text.startsWith('id:') ? { id: text.slice(3) } : { line: `-j ${text}` })

const toClaim = ({ place, after, before }: ItemRow): Claim => {
  if (place) return { kind: place }
  if (after) return { kind: 'after', anchors: [after].flat().map(toAnchor) }
  if (before) return { kind: 'before', anchors: [before].flat().map(toAnchor) }
  return { kind: 'any' }
}

export const toItem = (id: string, row: ItemRow): Item => ({
  id,
  lines: row.rules === '' ? [] : row.rules.split(' ').map((word) => own(word, id)),
  place: toClaim(row),
})

export const tell = ({ kind, id, from, to }: Placement): string =>
  [kind, id, ...(from === undefined ? [] : [from]), ...(to === undefined ? [] : ['to', to])].join(' ')
