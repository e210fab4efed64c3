import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pairLines } from '../../src/resources/iptables/edits.js'
import { undoAwk } from '../../src/script/undo-awk.js'

interface Case {
  readonly before: readonly string[]
  readonly after: readonly string[]
  readonly now: readonly string[]
}

/** The commands of many cases by one awk each: a case's answer ends with a line of its own. */
const undo = (awk: readonly string[], dir: string, { before, after, now }: Case): readonly string[] => {
  const pairs = pairLines(before, after)
  const [kept, stayed] = [new Set(pairs.map(([at]) => at)), new Set(pairs.map(([, at]) => at))]
  const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('')
  writeFileSync(join(dir, 'before'), text(['ACCEPT', ...before]))
  writeFileSync(join(dir, 'gone'), text(before.flatMap((_, at) => (kept.has(at) ? [] : [`${at + 1}`]))))
  writeFileSync(join(dir, 'came'), text(after.filter((_, at) => !stayed.has(at))))
  const ran = spawnSync(awk[0]!, [...awk.slice(1), undoAwk, 'before', 'gone', 'came', '-'], {
    cwd: dir,
    input: text(['ACCEPT', ...now]),
    env: { ...process.env, hf_chain: 'INPUT' },
    encoding: 'utf8',
  })
  expect(ran.stderr).toBe('')
  return ran.stdout.split('\n').filter(Boolean)
}

/** What iptables-restore does with them. */
const run = (lines: readonly string[], commands: readonly string[]): string[] => {
  const chain = [...lines]
  for (const command of commands) {
    const [, verb, rest] = /^-([DI]) INPUT(?: (.*))?$/.exec(command)!
    if (verb === 'D') {
      const at = chain.indexOf(rest ?? '')
      if (at < 0) throw new Error(`no such rule: ${command}`)
      chain.splice(at, 1)
    } else {
      const [, place, text = ''] = /^(\d+)(?: (.*))?$/.exec(rest!)!
      if (Number(place) < 1 || Number(place) > chain.length + 1) throw new Error(`no such place: ${command}`)
      chain.splice(Number(place) - 1, 0, text)
    }
  }
  return chain
}

const foreign = fc.constantFrom(
  '-s 192.0.2.1/32 -j DROP',
  '-j LOG --log-prefix "a \\"b\\" "',
  '-p tcp -j ACCEPT',
  '',
  '-i lo -j ACCEPT',
  '-j f2b',
)
const own = fc.integer({ min: 1, max: 5 }).map((id) => `-p tcp -m comment --comment "holdfast:${id}" -j ACCEPT`)
const line = fc.oneof({ weight: 3, arbitrary: foreign }, { weight: 2, arbitrary: own })
const chain = fc.array(line, { maxLength: 9 })
const rival = fc.integer({ min: 1, max: 9 }).map((id) => `-s 203.0.113.${id}/32 -j DROP`)
const edits = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.option(rival, { freq: 3 })), { maxLength: 4 })

/** A rival inserts rules of its own anywhere, and deletes any rule of ours. */
const rivalled = (after: readonly string[], steps: readonly (readonly [number, string | null])[]): readonly string[] => {
  const now = [...after]
  for (const [at, text] of steps) {
    if (text !== null) now.splice(Math.floor(at * (now.length + 1)), 0, text)
    else {
      const ours = now.flatMap((one, index) => (one.includes('holdfast:') ? [index] : []))
      if (ours.length > 0) now.splice(ours[Math.floor(at * ours.length) % ours.length]!, 1)
    }
  }
  return now
}

const awks = [['mawk'], ['busybox', 'awk']].filter((awk) => spawnSync(awk[0]!, [...awk.slice(1), 'BEGIN{}']).status === 0)

describe.each(awks.map((awk) => [awk.join(' '), awk] as const))('the undo of a chain, by %s', (_, awk) => {
  let dir: string
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'holdfast-undo-'))
  })
  afterAll(() => rmSync(dir, { recursive: true }))

  it('brings it back exactly, where nobody else changed it, and then has nothing to do', () => {
    fc.assert(
      fc.property(chain, chain, (before, after) => {
        expect(run(after, undo(awk, dir, { before, after, now: after }))).toEqual(before)
        expect(undo(awk, dir, { before, after, now: before })).toEqual([])
      }),
      { numRuns: 300 },
    )
  }, 60_000)

  it('takes only what is ours away, and keeps the order of the rest, whatever a rival did', () => {
    fc.assert(
      fc.property(fc.uniqueArray(line, { maxLength: 9 }), fc.uniqueArray(line, { maxLength: 9 }), edits, (before, after, steps) => {
        const now = rivalled(after, steps)
        const back = run(now, undo(awk, dir, { before, after, now }))
        const isRival = (text: string) => text.startsWith('-s 203.0.113.')
        expect(back.filter(isRival)).toEqual(now.filter(isRival))
        const stayed = pairLines(before, after).map(([at]) => before[at]!)
        const gone = stayed.filter((text) => !now.includes(text))
        expect(back.filter((text) => !isRival(text))).toEqual(before.filter((text) => !gone.includes(text)))
        expect(undo(awk, dir, { before, after, now: back })).toEqual([])
      }),
      { numRuns: 300 },
    )
  }, 60_000)
})
