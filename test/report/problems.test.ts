import { describe, expect, it } from 'vitest'
import { widthOf } from '../../src/report/columns.js'
import { problemsJson, problemsText } from '../../src/report/problems.js'
import type { Problem } from '../../src/types.js'

const style = { width: 60, unicode: true, colour: false }
const problem = (part: Partial<Problem>): Problem => ({
  file: 'inventory.yaml',
  line: 1,
  column: 1,
  path: '',
  message: 'is wrong',
  ...part,
})

describe('problems', () => {
  it('as text: position, path, message, and the line with a caret', () => {
    const one = problem({ line: 12, column: 9, path: '0.sysctl', message: 'unknown key "adress"', excerpt: '        adress: 1' })
    expect(problemsText([one], style)).toBe(
      'inventory.yaml:12:9 0.sysctl unknown key "adress"\n            adress: 1\n            ^\n1 problem\n',
    )
  })

  it.each([
    ['\tkey: x', 2, 'key'],
    ['日本語: x', 6, 'x'],
    [`${'a'.repeat(200)}X${'b'.repeat(200)}`, 201, 'Xbbb'],
    ['\u001b[31mkey: X', 11, 'X'],
    ['short', 99, ''],
  ])('the caret stands below the place: %j column %i', (excerpt, column, begins) => {
    const [, line, caret] = problemsText([problem({ excerpt, column })], style).split('\n')
    const at = caret!.indexOf('^')
    const marks = [...line!]
    const below = marks.findIndex((_, index) => widthOf(marks.slice(0, index).join('')) === at)
    expect(
      marks
        .slice(below < 0 ? marks.length : below)
        .join('')
        .startsWith(begins),
    ).toBe(true)
    expect(widthOf(line!)).toBeLessThanOrEqual(60)
  })

  it('sorted by file, line and column; no excerpt in JSON', () => {
    const mixed = [
      problem({ file: 'b', line: 1 }),
      problem({ line: 10 }),
      problem({ line: 2, column: 9 }),
      problem({ line: 2, column: 3, excerpt: 'x' }),
    ]
    const told = JSON.parse(problemsJson(mixed)).problems
    expect(told.map((one: Problem) => `${one.file}:${one.line}:${one.column}`)).toEqual([
      'b:1:1',
      'inventory.yaml:2:3',
      'inventory.yaml:2:9',
      'inventory.yaml:10:1',
    ])
    expect(Object.keys(told[0])).toEqual(['file', 'line', 'column', 'path', 'message'])
  })

  it('hostile text stays on its line', () => {
    const text = problemsText([problem({ file: 'a\u001b[2J\n', path: '\u202e', message: 'x\ny\u0007', excerpt: 'z\u0000' })], style)
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    expect(text.split('\n')).toHaveLength(5)
  })
})
