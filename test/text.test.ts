import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBytes, encodeBytes, printable } from '../src/text.js'

const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array))
const wellFormed = fc.string({ unit: 'binary' }).filter((text) => !/\p{Cs}/u.test(text))
/** UTF-8 with a few bytes broken: near misses that pure chance hardly makes. */
const damaged = fc
  .tuple(wellFormed, fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0x80, max: 0xff })), { maxLength: 4 }))
  .map(([text, damage]) => {
    const buffer = Buffer.from(text)
    for (const [at, byte] of damage) if (buffer.length > 0) buffer[at % buffer.length] = byte
    return buffer
  })

describe('bytes and text', () => {
  it.each([
    ['', ''],
    ['61', 'a'],
    ['e697a5', '日'],
    ['efbbbf61', '\ufeffa'],
    ['00', '\0'],
    ['ff', '\udcff'],
    ['e4', '\udce4'],
    ['e69761', '\udce6\udc97a'],
    ['c080', '\udcc0\udc80'],
    ['eda080', '\udced\udca0\udc80'],
    ['f0908d88ff', '𐍈\udcff'],
    ['ff80f0908d88', '\udcff\udc80𐍈'],
    ['f4908080', '\udcf4\udc90\udc80\udc80'],
  ])('%s is read as %j and written back', (hex, text) => {
    expect(decodeBytes(Buffer.from(hex, 'hex'))).toBe(text)
    expect(encodeBytes(text).toString('hex')).toBe(hex)
  })

  it('writes back any bytes exactly', () => {
    fc.assert(fc.property(fc.oneof(bytes, damaged), (given) => encodeBytes(decodeBytes(given)).equals(given)))
  })

  it('reads valid UTF-8 as it is', () => {
    fc.assert(fc.property(wellFormed, (text) => decodeBytes(Buffer.from(text)) === text))
  })

  it('escapes exactly the bytes that Node replaces', () => {
    fc.assert(
      fc.property(damaged, (given) => {
        const ours = decodeBytes(given).replace(/[\udc80-\udcff\ufffd]+/gu, '?')
        expect(ours).toBe(given.toString('utf8').replace(/\ufffd+/g, '?'))
      }),
    )
  })

  it.each(['\ud800', '\udc00', '\udc7f', '\udd00'])('refuses %j, which stands for no byte', (text) => {
    expect(() => encodeBytes(`a${text}`)).toThrow(/no byte is meant by the lone surrogate U\+D/)
  })
})

describe('printable', () => {
  it.each([
    ['plain, 日本語 𐍈 `$()`', 'plain, 日本語 𐍈 `$()`'],
    ['\x1b[31mred\x1b[0m', '\\x1b[31mred\\x1b[0m'],
    ['a\rb\tc\nd', 'a\\rb\\tc\\nd'],
    ['\x07\x7f\x9b', '\\x07\\x7f\\x9b'],
    ['\u202eevil\u2066', '\\u202eevil\\u2066'],
    ['a\u200bb\u2028c', 'a\\u200bb\\u2028c'],
    ['\u{e0041}', '\\u{e0041}'],
    ['\udce4\ud800', '\\xe4\\ud800'],
  ])('%j is shown as %j', (text, shown) => {
    expect(printable(text)).toBe(shown)
  })

  it('keeps newlines when asked', () => {
    expect(printable('a\n\x1bb\r\n', { newlines: true })).toBe('a\n\\x1bb\\r\n')
  })

  it('leaves nothing that a terminal obeys, and changes nothing on a second pass', () => {
    fc.assert(
      fc.property(bytes.map(decodeBytes), (text) => {
        const shown = printable(text)
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u)
        expect(printable(shown)).toBe(shown)
      }),
    )
  })
})
