import { describe, expect, it } from 'vitest'
import { show, styleOf } from '../../src/report/style.js'

const utf8 = { LANG: 'C.UTF-8' }

describe('the style of a stream', () => {
  it.each([
    [
      { isTTY: true, columns: 90, env: utf8 },
      { width: 90, unicode: true, colour: true },
    ],
    [
      { isTTY: true, columns: 20, env: utf8 },
      { width: 60, unicode: true, colour: true },
    ],
    [
      { isTTY: true, columns: 999, env: { LANG: 'de_DE.utf8' } },
      { width: 200, unicode: true, colour: true },
    ],
    [
      { isTTY: true, env: {} },
      { width: 120, unicode: false, colour: true },
    ],
    [{ env: { LC_ALL: 'C', LANG: 'C.UTF-8' } }, { width: 120, unicode: false, colour: false }],
    [
      { isTTY: true, env: { ...utf8, NO_COLOR: '1' } },
      { width: 120, unicode: true, colour: false },
    ],
    [
      { isTTY: true, env: { ...utf8, NO_COLOR: '' } },
      { width: 120, unicode: true, colour: true },
    ],
    [
      { isTTY: true, env: { ...utf8, TERM: 'dumb' } },
      { width: 120, unicode: true, colour: false },
    ],
    [
      { isTTY: false, columns: 90, env: utf8 },
      { width: 120, unicode: true, colour: false },
    ],
  ])('%j', (surroundings, style) => expect(styleOf(surroundings)).toEqual(style))

  it('escapes all but ASCII where the locale has no more', () => {
    expect(show('日 →\u001b', { unicode: false })).toBe('\\u{65e5} \\u{2192}\\x1b')
    expect(show('日 →\u001b', { unicode: true })).toBe('日 →\\x1b')
  })
})
