import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { withoutEdit } from '../../src/rollback/lines.js'

const text = (lines: string): string => lines.replaceAll('|', '\n')

describe('a file edited since, without the edit of the run', () => {
  it.each([
    ['untouched', 'a|b|', 'a|own|b|', 'a|own|b|', 'a|b|'],
    ['a line of others above', 'a|b|', 'a|own|b|', 'x|a|own|b|', 'x|a|b|'],
    ['a line of others beside ours', 'a|b|', 'a|own|b|', 'a|own|x|b|', 'a|x|b|'],
    ['lines of others gone', 'a|b|c|', 'a|own|b|c|', 'own|c|', 'c|'],
    ['ours gone already', 'a|b|', 'a|own|b|', 'x|a|b|', 'x|a|b|'],
    ['a changed line', 'a=1|b|', 'a=0|b|', 'a=0|b|c|', 'a=1|b|c|'],
    ['a changed line, put back by hand', 'a=1|b|', 'a=0|b|', 'a=1|b|c|', 'a=1|b|c|'],
    ['a changed line, changed again', 'a=1|b|', 'a=0|b|', 'a=2|b|', undefined],
    ['our line changed by others', 'a|b|', 'a|own|b|', 'a|own2|b|', 'a|own2|b|'],
    ['our line doubled by others', 'a|b|', 'a|own|b|', 'own|a|own|b|', undefined],
    ['one of our two lines gone', 'a|', 'a|one|two|', 'a|one|', undefined],
    ['a line between our two', 'a|', 'a|one|two|', 'a|one|x|two|', undefined],
    ['a removed line comes back behind the one above it', 'a|old|b|', 'a|b|', 'x|a|y|b|', 'x|a|old|y|b|'],
    ['a removed line comes back before the one below it', 'a|old|b|', 'a|b|', 'y|b|', 'y|old|b|'],
    ['a removed line whose neighbours are gone', 'a|old|b|', 'a|b|', 'y|', undefined],
    ['a removed line that is back', 'a|old|b|', 'a|b|', 'a|old|b|x|', 'a|old|b|x|'],
    ['no final newline', 'a|b', 'a|own|b', 'x|a|own|b', 'x|a|b'],
    ['CRLF', 'a\r|b\r|', 'a\r|own\r|b\r|', 'a\r|own\r|b\r|x\r|', 'a\r|b\r|x\r|'],
    ['two places', 'a|b|c|', '1|a|b|2|c|', '1|a|x|b|2|c|', 'a|x|b|c|'],
  ])('%s', (_, before, after, now, rest) => {
    expect(withoutEdit(text(before), text(after), text(now))).toBe(rest === undefined ? undefined : text(rest))
  })

  const lines = fc.array(fc.constantFrom('a\n', 'b\n', 'c\n', 'd\n', '\n', 'COMMIT\n'), { maxLength: 8 })
  const foreign = fc.array(fc.tuple(fc.nat(20), fc.nat(9)), { maxLength: 4 })

  it('of a file that nobody touched is the old text, whatever the run did to it', () => {
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        expect(withoutEdit(before.join(''), after.join(''), after.join(''))).toBe(before.join(''))
      }),
      { numRuns: 3000 },
    )
  })

  it('keeps what others added, and is the old text but for it, or says that it cannot be told', () => {
    fc.assert(
      fc.property(lines, lines, foreign, (before, after, added) => {
        const now: string[] = [...after]
        for (const [at, name] of added) now.splice(at % (now.length + 1), 0, `# foreign ${name}\n`)
        const rest = withoutEdit(before.join(''), after.join(''), now.join(''))
        if (rest === undefined) return
        const isForeign = (line: string): boolean => line.startsWith('# foreign')
        const found = rest.match(/[^\n]*\n/g) ?? []
        expect(found.filter(isForeign)).toEqual(now.filter(isForeign))
        expect(found.filter((line) => !isForeign(line))).toEqual(before)
      }),
      { numRuns: 5000 },
    )
  })
})
