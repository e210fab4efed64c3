import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compare, hunks } from '../../src/report/diff.js'
import { diffEffects } from '../../src/report/effects.js'
import type { Effect, Step } from '../../src/types.js'

const style = { width: 80, unicode: true, colour: false }
const stepOf = (effect: Effect): Step => ({ changes: [], effect })
const fileDiff = (before: string | null, after: string | null): string =>
  diffEffects([stepOf({ kind: 'file', path: '/etc/x', before, after, mode: '0644' })], style).join('\n')

/** What patch(1) makes of `before` with our diff. */
function patched(before: string, diff: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-diff-'))
  try {
    writeFileSync(join(folder, 'x'), before)
    return execFileSync('patch', ['-s', '-f', '-o', '-', join(folder, 'x')], { input: `${diff}\n`, encoding: 'utf8' })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 14 })

describe('comparing lines', () => {
  it('gives both sides back, numbered', () => {
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const edits = compare(before, after)
        expect(edits.filter(({ kind }) => kind !== '+').map(({ text }) => text)).toEqual(before)
        expect(edits.filter(({ kind }) => kind !== '-').map(({ text }) => text)).toEqual(after)
        for (const edit of edits) {
          if (edit.kind !== '+') expect(before[edit.before - 1]).toBe(edit.text)
          if (edit.kind !== '-') expect(after[edit.after - 1]).toBe(edit.text)
        }
      }),
    )
  })

  it('is shortest: it keeps as much as the longest common subsequence', () => {
    const longest = (one: readonly string[], two: readonly string[]): number => {
      if (one.length === 0 || two.length === 0) return 0
      if (one[0] === two[0]) return 1 + longest(one.slice(1), two.slice(1))
      return Math.max(longest(one.slice(1), two), longest(one, two.slice(1)))
    }
    const short = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 8 })
    fc.assert(
      fc.property(short, short, (before, after) => {
        expect(compare(before, after).filter(({ kind }) => kind === ' ').length).toBe(longest(before, after))
      }),
    )
  })

  it('copes with 20000 lines that share nothing, and with two that differ', () => {
    const many = (prefix: string): string[] => Array.from({ length: 20_000 }, (_, at) => prefix + at)
    expect(compare(many('a'), many('b'))).toHaveLength(40_000)
    const changed = many('a').with(5, 'x').with(19_000, 'y')
    expect(hunks(compare(many('a'), changed)).map((hunk) => hunk.length)).toEqual([8, 8])
  })
})

describe('the diff of a file', () => {
  it.each([
    ['one\ntwo\n', 'one\n2\n', '@@ -1,2 +1,2 @@'],
    ['', 'one\n', '@@ -0,0 +1,1 @@'],
    ['one\n', '', '@@ -1,1 +0,0 @@'],
    ['one', 'one\n', '@@ -1,1 +1,1 @@'],
    ['1\n2\n3\n4\n5\n6\n7\n8\n9\n', '1\n2\n3\n4\nfive\n6\n7\n8\n9\n', '@@ -2,7 +2,7 @@'],
  ])('%j -> %j', (before, after, range) => expect(fileDiff(before, after)).toContain(range))

  it('says when a file is made or goes', () => {
    expect(fileDiff(null, 'x\n')).toBe('--- /dev/null\n+++ /etc/x (after)\n@@ -0,0 +1,1 @@\n+x')
    expect(fileDiff('x\n', null)).toBe('--- /etc/x\n+++ /dev/null (after)\n@@ -1,1 +0,0 @@\n-x')
    expect(fileDiff('x\n', 'x\n')).toBe('')
  })

  it('is what patch(1) understands', () => {
    const text = fc.tuple(lines, fc.boolean()).map(([list, ended]) => list.join('\n') + (ended && list.length > 0 ? '\n' : ''))
    fc.assert(
      fc.property(text, text, (before, after) => {
        fc.pre(before !== after && before !== '' && after !== '')
        expect(patched(before, fileDiff(before, after))).toBe(after)
      }),
      { numRuns: 40 },
    )
  })
})
