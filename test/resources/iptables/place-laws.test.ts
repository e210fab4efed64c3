import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Anchored, type Claim, type Item, type PlaceInput, place } from '../../../src/resources/iptables/place.js'
import { isSettled } from '../../../src/resources/iptables/settled.js'
import { bare, ownId } from '../../../src/resources/iptables/tokens.js'
import { wrongIn } from './claims.js'
import { own, toLine } from './shorthand.js'

const foreignWords = ['A', 'B', 'C']
const itemWords: Readonly<Record<string, readonly string[]>> = { a: ['P', 'Q'], b: ['R'], c: ['S', 'T'], d: ['P'] }
const ids = Object.keys(itemWords)

const anchor: fc.Arbitrary<Anchored> = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...foreignWords).map((word) => ({ line: toLine(word) })) },
  { weight: 1, arbitrary: fc.constantFrom('P', 'R', 'Z').map((word) => ({ line: toLine(word) })) },
  { weight: 1, arbitrary: fc.constantFrom('a', 'b', 'c', 'z').map((id) => ({ id })) },
)
const claimWith = (anchors: fc.Arbitrary<Anchored>): fc.Arbitrary<Claim> =>
  fc.oneof(
    fc.constant<Claim>({ kind: 'any' }),
    fc.constantFrom<Claim>({ kind: 'first' }, { kind: 'last' }),
    fc.record({ kind: fc.constantFrom('after' as const, 'before' as const), anchors: fc.array(anchors, { minLength: 1, maxLength: 2 }) }),
  )
const itemWith = (claim: fc.Arbitrary<Claim>): fc.Arbitrary<Item> =>
  fc.constantFrom(...ids).chain((id) =>
    fc.record({
      id: fc.constant(id),
      lines: fc.subarray([...itemWords[id]!], { minLength: 0 }).map((words) => words.map((word) => own(word, id))),
      place: claim,
    }),
  )
const itemsWith = (claim: fc.Arbitrary<Claim>): fc.Arbitrary<Item[]> =>
  fc.uniqueArray(itemWith(claim), { selector: ({ id }) => id, maxLength: 4 })

const liveWord = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...foreignWords) },
  { weight: 3, arbitrary: fc.constantFrom('P!a', 'Q!a', 'R!b', 'S!c', 'T!c', 'P!d') },
  { weight: 1, arbitrary: fc.constantFrom('P', 'R', 'T') },
  { weight: 1, arbitrary: fc.constantFrom('O!a', 'O!b', 'Z!z', 'R!y') },
)
const parts = {
  live: fc.array(liveWord.map(toLine), { maxLength: 9 }),
  items: itemsWith(claimWith(anchor)),
  remove: fc.constantFrom<string[]>([], ['y']),
  absent: fc.constantFrom<{ id: string; line: string }[]>([], [{ id: 'gone', line: toLine('C') }]),
}
const input: fc.Arbitrary<PlaceInput> = fc.record(parts)

const fixed = (lines: readonly string[], { items, remove, absent }: PlaceInput): string[] => {
  const mine = new Set(items.flatMap((item) => [item.id]))
  const words = new Set(items.flatMap((item) => item.lines.map(bare)))
  const gone = new Set(absent.map(({ line }) => line))
  return lines.filter((line) => {
    const id = ownId(line)
    return !gone.has(line) && !words.has(line) && (id === undefined || (!mine.has(id) && !remove.includes(id)))
  })
}

/** A by-hand copy may be taken over by a wanted line, the other copies are foreign. */
const leastByHand = ({ live, items }: PlaceInput): ReadonlyMap<string, number> => {
  const least = new Map<string, number>()
  for (const word of items.flatMap((item) => item.lines.map(bare))) {
    least.set(word, (least.get(word) ?? live.filter((line) => line === word).length) - 1)
  }
  return least
}

describe('the laws of place', () => {
  it('keeps foreign rules and those of other playbooks, makes every claim true, and then does nothing', { timeout: 60_000 }, () => {
    let placed = 0
    const laws = fc.property(input, (given) => {
      const { lines, changes, failures } = place(given)
      if (failures.length > 0) {
        expect({ lines, changes }).toEqual({ lines: given.live, changes: [] })
        return
      }
      placed++
      expect(fixed(lines, given)).toEqual(fixed(given.live, given))
      for (const [word, least] of leastByHand(given)) expect(lines.filter((line) => line === word).length).toBeGreaterThanOrEqual(least)
      expect(wrongIn(lines, given.items)).toEqual([])
      expect(place({ ...given, live: lines }).changes).toEqual([])
      expect(changes.length === 0).toBe(lines.join('\n') === given.live.join('\n'))
    })
    fc.assert(laws, { numRuns: 4000 })
    expect(placed).toBeGreaterThan(2000)
  })

  it('has nothing to do where a chain is settled', { timeout: 60_000 }, () => {
    let settled = 0
    const anywhere = fc.record({ ...parts, items: itemsWith(fc.constant<Claim>({ kind: 'any' })), absent: fc.constant([]) })
    const law = fc.property(fc.oneof(input, { weight: 3, arbitrary: anywhere }), (given) => {
      // what was placed once is mostly settled
      for (const { live } of [given, { live: place(given).lines }]) {
        if (!isSettled({ ...given, live })) continue
        settled++
        expect(place({ ...given, live })).toEqual({ lines: live, changes: [], failures: [] })
      }
    })
    fc.assert(law, { numRuns: 4000 })
    expect(settled).toBeGreaterThan(1500)
  })

  it('moves as few own rules as can be', { timeout: 60_000 }, () => {
    const simple = fc.constantFrom(...foreignWords).map((word): Anchored => ({ line: toLine(word) }))
    const single = itemsWith(claimWith(simple)).map((items) => items.filter(({ id, lines }) => id !== 'd' && lines.length > 0))
    const cases = single
      .map((items) => ({ items, own: items.flatMap(({ lines }) => lines) }))
      .filter((given) => given.own.length > 0 && given.own.length <= 3)
      .chain(({ items, own: wanted }) =>
        fc
          .tuple(fc.subarray([...foreignWords]), fc.constantFrom([], ['Z!z']))
          .chain(([foreign, other]) =>
            fc.shuffledSubarray([...wanted, ...foreign.map(toLine), ...other.map(toLine)], {
              minLength: wanted.length + foreign.length + other.length,
            }),
          )
          .map((live) => ({ items, live, wanted })),
      )
    const minimal = fc.property(cases, ({ items, live, wanted }) => {
      const { lines, changes, failures } = place({ live, items, remove: [], absent: [] })
      if (failures.length > 0) return
      expect(wrongIn(lines, items, true)).toEqual([])
      expect(changes.filter(({ kind }) => kind === 'move').length).toBe(fewestMoves(live, wanted, items))
    })
    fc.assert(minimal, { numRuns: 600 })
  })
})

/** By trying: how few of `wanted` must be lifted out of `live` so that put back somewhere all claims hold. */
const fewestMoves = (live: readonly string[], wanted: readonly string[], items: readonly Item[]): number => {
  const subsets = [...Array(2 ** wanted.length).keys()].map((bits) => wanted.filter((_, n) => bits & (1 << n)))
  const bySize = subsets.toSorted((one, two) => one.length - two.length)
  const possible = (lines: readonly string[], rest: readonly string[]): boolean => {
    const [line, ...others] = rest
    if (line === undefined) return wrongIn(lines, items, true).length === 0
    return [...lines, ''].some((_, at) => possible(lines.toSpliced(at, 0, line), others))
  }
  const lifted = bySize.find((subset) =>
    possible(
      live.filter((line) => !subset.includes(line)),
      subset,
    ),
  )
  return lifted?.length ?? Number.NaN
}
