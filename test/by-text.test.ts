import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bySame, byText } from '../src/by-text.js'

describe('a function of a text that remembers', () => {
  it('is asked once for a text, whatever stands in it', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (texts) => {
        const asked: string[] = []
        const twice = byText((text) => {
          asked.push(text)
          return [text, text]
        })
        expect([...texts, ...texts].map(twice)).toEqual([...texts, ...texts].map((text) => [text, text]))
        expect(asked).toEqual([...new Set(texts)])
      }),
    )
  })

  it('keeps bytes that are no UTF-8, and an answer that is nothing', () => {
    let asked = 0
    const known = byText((text) => {
      asked++
      return text === '\udc80' ? text : undefined
    })
    expect([known('\udc80'), known('\udc81'), known('\udc80'), known('\udc81'), asked]).toEqual([
      '\udc80',
      undefined,
      '\udc80',
      undefined,
      2,
    ])
  })

  it('forgets once it holds a million characters', () => {
    let asked = 0
    const known = byText(() => asked++)
    for (let at = 0; at < 1200; at++) known(`${at}`.padStart(1000))
    expect(asked).toBe(1200)
    known(`${1199}`.padStart(1000))
    expect(asked).toBe(1200)
    known(`${0}`.padStart(1000))
    expect(asked).toBe(1201)
  })
})

describe('a function of values that remembers', () => {
  it('is asked once for the same values, and anew for others or for more of them', () => {
    const asked: unknown[] = []
    const known = bySame((...values: readonly unknown[]) => {
      asked.push(values)
      return { values }
    })
    const thing = {}
    const first = known(thing, 'ab', undefined)
    expect(known(thing, ['a', 'b'].join(''), undefined)).toBe(first)
    expect([known({}, 'ab', undefined), known(thing, 'ab'), known(thing, 'ac', undefined)]).not.toContain(first)
    expect(asked).toEqual([
      [thing, 'ab', undefined],
      [{}, 'ab', undefined],
      [thing, 'ab'],
      [thing, 'ac', undefined],
    ])
  })

  it('forgets what was asked long ago', () => {
    let asked = 0
    const known = bySame((_: number) => asked++)
    for (let at = 0; at < 40; at++) known(at)
    expect([known(39), known(30), asked]).toEqual([39, 30, 40])
    expect([known(0), asked]).toEqual([40, 41])
  })
})
