import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { type PlaceInput, place } from '../../../src/resources/iptables/place.js'
import { type ItemRow, tell, toItem, toLine, toLines, toWord } from './shorthand.js'

interface Row {
  readonly name: string
  readonly live: string
  readonly items: Readonly<Record<string, ItemRow>>
  readonly remove?: readonly string[]
  readonly absent?: Readonly<Record<string, string>>
  readonly target: string
  readonly changes: readonly string[]
  readonly failures?: readonly string[]
}

const rows = parse(readFileSync(new URL('place-rows.yaml', import.meta.url), 'utf8')) as readonly Row[]

const inputOf = (row: Row): PlaceInput => ({
  live: toLines(row.live),
  items: Object.entries(row.items).map(([id, item]) => toItem(id, item)),
  remove: row.remove ?? [],
  absent: Object.entries(row.absent ?? {}).map(([id, word]) => ({ id, line: toLine(word) })),
})

describe('place', () => {
  it.each(rows)('$name', (row) => {
    const placed = place(inputOf(row))
    expect(placed.failures.map((text) => text.replaceAll('-j ', ''))).toEqual(row.failures ?? [])
    expect(placed.lines.map(toWord).join(' ')).toBe(row.target)
    expect(placed.changes.map(tell)).toEqual(row.changes)
  })

  it.each(rows.filter(({ failures }) => !failures))('twice: $name', (row) => {
    const input = inputOf(row)
    expect(place({ ...input, live: place(input).lines }).changes).toEqual([])
  })

  it('places a thousand rules among a thousand in well under a second', () => {
    const live = Array.from({ length: 1000 }, (_, n) => `-s 192.0.2.1/32 -p tcp -m tcp --dport ${n} -j ACCEPT`)
    const lines = Array.from(
      { length: 1000 },
      (_, n) => `-s 198.51.100.1/32 -p tcp -m tcp --dport ${n} -m comment --comment "holdfast:a" -j ACCEPT`,
    )
    const start = performance.now()
    const { changes } = place({
      live,
      items: [{ id: 'a', lines, place: { kind: 'after', anchors: [{ line: live[500]! }] } }],
      remove: [],
      absent: [],
    })
    expect(changes.length).toBe(1000)
    expect(performance.now() - start).toBeLessThan(2000)
  })
})
