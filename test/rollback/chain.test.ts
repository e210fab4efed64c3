import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chainBefore, chainChanges } from '../../src/rollback/chain.js'
import type { ChainState, Effect } from '../../src/types.js'

type ChainEffect = Extract<Effect, { kind: 'chain' }>
const effect = (before: ChainState | null, after: ChainState | null): ChainEffect => ({
  kind: 'chain',
  backend: 'nft',
  family: 'ipv4',
  table: 'filter',
  chain: 'c',
  before,
  after,
})
const chain = (text: string, policy?: string): ChainState => ({
  ...(policy === undefined ? {} : { policy }),
  lines: text === '' ? [] : text.split(' '),
})

describe('a chain, once a run is taken back', () => {
  it.each([
    ['untouched', 'a b', 'a own b', 'a own b', 'a b'],
    ['a rival above', 'a b', 'a own b', 'x a own b', 'x a b'],
    ['our line moved by others', 'a b', 'a own b', 'own a x b', 'a x b'],
    ['our line gone', 'a b', 'a own b', 'a b', 'a b'],
    ['our line doubled', 'a b', 'a own b', 'own a own b', 'a b'],
    ['one of ours beside the same of others', 'a own', 'a own own', 'a own own', 'a own'],
    ['a removed line behind its old neighbour', 'a old b', 'a b', 'x a y b', 'x a old y b'],
    ['a removed line that is back', 'a old b', 'a b', 'old a b', 'old a b'],
    ['a removed line without neighbours', 'old', '', 'x', 'x old'],
    ['a moved line', 'a b own', 'own a b', 'own a x b', 'a x b own'],
    ['a moved line that is back, with a rival above it', 'a own b', 'own a b', 'a x own b', 'a x own b'],
  ])('%s', (_, before, after, now, is) => {
    expect(chainBefore(effect(chain(before), chain(after)), chain(now))).toEqual(chain(is))
  })

  it('that the run made goes, unless others put lines there', () => {
    const made = effect(null, chain('a b'))
    expect(chainBefore(made, chain('a b'))).toBeNull()
    expect(chainBefore(made, chain('a x b'))).toEqual(chain('x'))
    expect(chainBefore(made, null)).toBeNull()
  })

  it('that the run removed comes back', () => {
    const removed = effect(chain('a b'), null)
    expect(chainBefore(removed, null)).toEqual(chain('a b'))
    expect(chainBefore(removed, chain('x'))).toEqual(chain('x a b'))
  })

  it('that somebody removed since stays removed', () => {
    expect(chainBefore(effect(chain('a'), chain('a own')), null)).toBeNull()
  })

  it('gets its policy back only where it still is the run’s', () => {
    const policy = effect(chain('a', 'ACCEPT'), chain('a', 'DROP'))
    expect(chainBefore(policy, chain('a', 'DROP'))).toEqual(chain('a', 'ACCEPT'))
    expect(chainBefore(effect(chain('a', 'DROP'), chain('a own', 'DROP')), chain('a own', 'ACCEPT'))).toEqual(chain('a', 'ACCEPT'))
  })

  const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 6 })
  const rivals = fc.array(fc.tuple(fc.nat(20), fc.nat(9)), { maxLength: 4 })

  it('is the old one where nobody else was', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')), lines, (before, after) => {
        expect(chainBefore(effect({ lines: before }, { lines: after }), { lines: after })).toEqual({ lines: before })
      }),
      { numRuns: 3000 },
    )
  })

  it('keeps the lines of rivals in their order, and twice taken back is once', () => {
    fc.assert(
      fc.property(lines, lines, rivals, (before, after, added) => {
        const now: string[] = [...after]
        for (const [at, name] of added) now.splice(at % (now.length + 1), 0, `rival${name}`)
        const step = effect({ lines: before }, { lines: after })
        const once = chainBefore(step, { lines: now })!
        expect(once.lines.filter((line) => line.startsWith('rival'))).toEqual(now.filter((line) => line.startsWith('rival')))
        expect([...once.lines].filter((line) => !line.startsWith('rival')).sort()).toEqual([...before].sort())
        // Which of equal copies a rule was, nothing tells: their order may come out otherwise.
        if (new Set(before).size === before.length) expect(chainBefore(step, once)).toEqual(once)
      }),
      { numRuns: 3000 },
    )
  })
})

it('tells each line, the policy and the chain', () => {
  const own = '-m comment --comment "holdfast:metrics" -j ACCEPT'
  const told = (before: ChainState | null, after: ChainState | null) =>
    chainChanges(effect(before, after)).map(({ at, before: from, after: to, from: place, to: next }) => [at, from, place, to, next])
  expect(told({ policy: 'DROP', lines: ['a', own] }, { policy: 'ACCEPT', lines: ['a', 'b'] })).toEqual([
    ['ipv4 filter c policy', 'DROP', undefined, 'ACCEPT', undefined],
    ['ipv4 filter c metrics', own, 2, undefined, undefined],
    ['ipv4 filter c rule', undefined, undefined, 'b', 2],
  ])
  expect(told({ lines: ['a'] }, null).map(([at]) => at)).toEqual(['ipv4 filter c chain:c', 'ipv4 filter c rule'])
  expect(told({ lines: ['a'] }, { lines: ['a'] })).toEqual([])
})
