import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pad, widthOf, wrap } from '../../src/report/columns.js'

describe('columns', () => {
  it.each([
    ['', 0],
    ['abc', 3],
    ['→', 1],
    ['日本語', 6],
    ['ﾊﾝ', 2],
    ['한국', 4],
    ['e\u0301', 1],
    ['😀', 2],
    ['Ａ', 2],
  ])('%j takes %i', (text, width) => expect(widthOf(text)).toBe(width))

  it('pads by what is seen', () => expect(pad('日本', 6)).toBe('日本  '))

  it('wraps at blanks, cuts what has none, loses nothing', () => {
    expect(wrap('one two three', 8)).toEqual(['one two', 'three'])
    expect(wrap('abcdefghijklmnopqrst', 12, '  ')).toEqual(['  abcdefghij', '  klmnopqrst'])
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('a', '日', '-'), minLength: 1, maxLength: 40 })),
        fc.integer({ min: 20, max: 90 }),
        (words, width) => {
          const wrapped = wrap(words.join(' '), width, '> ', '    ')
          for (const line of wrapped) expect(widthOf(line)).toBeLessThanOrEqual(width)
          expect(wrapped.join('').replace(/[> ]/g, '')).toBe(words.join(''))
        },
      ),
    )
  })
})
