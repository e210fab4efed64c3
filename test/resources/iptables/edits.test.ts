import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { edits, tableEdits } from '../../../src/resources/iptables/edits.js'
import { ownId } from '../../../src/resources/iptables/tokens.js'
import type { ChainState } from '../../../src/types.js'
import { backends, chainLines, inNamespace } from './real.js'
import { toLines } from './shorthand.js'

/** What iptables-restore makes of the commands: the first equal copy is deleted, `-I n` inserts before the n-th. */
const run = (lines: readonly string[], commands: readonly string[]): string[] => {
  const now = [...lines]
  for (const command of commands) {
    const [, kind, number, line] = /^-(D|I|A) INPUT(?: (\d+))?(?: (.*))?$/.exec(command) ?? []
    const text = line ?? ''
    if (kind === 'A') now.push(text)
    else if (kind === 'I' && Number(number) <= now.length + 1) now.splice(Number(number) - 1, 0, text)
    else if (kind === 'D' && now.includes(text)) now.splice(now.indexOf(text), 1)
    else throw new Error(`cannot run ${command}`)
  }
  return now
}

const state = (lines: readonly string[]): ChainState => ({ policy: 'ACCEPT', lines })
const line = fc.constantFrom('-p tcp -j ACCEPT', '-p udp -j DROP', '', ...toLines('ACCEPT DROP RETURN ACCEPT!a ACCEPT!b DROP!a RETURN!c'))
const lines = fc.array(line, { maxLength: 12 })

describe('edits of a chain', () => {
  it.each([
    ['nothing', 'A B', 'A B', []],
    ['add at the end', 'A B', 'A B P!a', ['-A INPUT P!a']],
    ['add between', 'A B', 'A P!a B', ['-I INPUT 2 P!a']],
    ['delete', 'A P!a B', 'A B', ['-D INPUT P!a']],
    ['move: the foreign rule keeps its counters', 'P!a A', 'A P!a', ['-D INPUT P!a', '-A INPUT P!a']],
    ['move over many', 'A B C P!a', 'P!a A B C', ['-D INPUT P!a', '-I INPUT 1 P!a']],
    ['a second copy goes: the first is written again', 'P!a A P!a', 'P!a A', ['-D INPUT P!a', '-D INPUT P!a', '-I INPUT 1 P!a']],
    ['a first copy goes', 'P!a A P!a', 'A P!a', ['-D INPUT P!a']],
    ['replace', 'A O!a B', 'A P!a B', ['-D INPUT O!a', '-I INPUT 2 P!a']],
  ])('%s', (_, before, after, expected) => {
    const given = edits(state(toLines(before)), state(toLines(after)), 'INPUT')
    expect(
      given.map((text) =>
        text.replace(/(?:-m comment --comment "holdfast:(.*)" )?-j (.*)/, (_all, id, word) => word + (id ? `!${id}` : '')),
      ),
    ).toEqual(expected)
  })

  it.each([
    ['policy', state([]), { policy: 'DROP', lines: [] }, [':INPUT DROP [0:0]']],
    ['policy left alone', { policy: 'DROP', lines: [] }, { lines: [] }, []],
    ['make', null, { lines: ['-j DROP'] }, ['-N INPUT', '-A INPUT -j DROP']],
    ['remove', { lines: ['-j DROP'] }, null, ['-F INPUT', '-X INPUT']],
    ['a table that was not there', null, { policy: 'ACCEPT', lines: ['-j DROP'] }, [':INPUT ACCEPT [0:0]', '-A INPUT -j DROP']],
    ['back to a table that was not there', { policy: 'DROP', lines: ['-j DROP'] }, null, [':INPUT ACCEPT [0:0]', '-D INPUT -j DROP']],
    ['none', null, null, []],
  ] as const)('%s', (_, before, after, expected) => expect(edits(before, after, 'INPUT')).toEqual(expected))

  it('end exactly in after, and never touch a foreign rule that stays', () => {
    const exact = fc.property(lines, lines, (before, after) => {
      expect(run(before, edits(state(before), state(after), 'INPUT'))).toEqual(after)
    })
    fc.assert(exact, { numRuns: 5000 })
    const foreignStays = fc.property(lines, fc.array(fc.nat(20), { maxLength: 4 }), (before, places) => {
      const foreign = before.filter((text) => ownId(text) === undefined)
      const after = places.reduce<string[]>((all, at, n) => all.toSpliced(at, 0, `-m comment --comment "holdfast:p" -j P${n}`), foreign)
      const deleted = edits(state(before), state(after), 'INPUT').filter((text) => text.startsWith('-D'))
      expect(deleted.filter((text) => ownId(text) === undefined)).toEqual([])
    })
    fc.assert(foreignStays, { numRuns: 1000 })
  })

  it('of two thousand-line chains take well under a second', () => {
    const before = Array.from({ length: 1000 }, (_, n) => `-s 192.0.2.${n % 251}/32 -p tcp -m tcp --dport ${n} -j ACCEPT`)
    const after = before.map((text, n) => (n % 3 === 0 ? `${text} -m comment --comment "holdfast:x"` : text)).reverse()
    const start = performance.now()
    expect(run(before, edits(state(before), state(after), 'INPUT'))).toEqual(after)
    expect(edits(state(Array(1000).fill('-j A')), state(Array(900).fill('-j A')), 'INPUT')).toHaveLength(100)
    expect(performance.now() - start).toBeLessThan(2000)
  })
})

describe('edits of a table', () => {
  it('make chains before a rule names them and remove them after', () => {
    const given = tableEdits([
      { chain: 'INPUT', before: state(['-j OLD']), after: state(['-j NEW']) },
      { chain: 'NEW', before: null, after: { lines: ['-j RETURN'] } },
      { chain: 'OLD', before: { lines: ['-j OLD2'] }, after: null },
      { chain: 'OLD2', before: { lines: [] }, after: null },
    ])
    expect(given).toEqual(['-N NEW', '-D INPUT -j OLD', '-A INPUT -j NEW', '-A NEW -j RETURN', '-F OLD', '-F OLD2', '-X OLD', '-X OLD2'])
  })
})

describe.each(backends)('edits on iptables-%s', (backend) => {
  const restore = (options: string, body: readonly string[]): string =>
    `iptables-${backend}-restore ${options} <<'END'\n${['*filter', ...body, 'COMMIT'].join('\n')}\nEND\n`
  const save = `iptables-${backend}-save -t filter 2>/dev/null`

  it('do what the model says, 120 random chains', { timeout: 120_000 }, () => {
    const cases = fc.sample(fc.tuple(lines, lines), { numRuns: 120, seed: 11 })
    const script = cases.map(
      ([before, after]) =>
        restore('', [':INPUT ACCEPT [0:0]', ...before.map((text) => `-A INPUT ${text}`)]) +
        restore('--noflush', edits(state(before), state(after), 'INPUT')) +
        `${save}; echo =====\n`,
    )
    const saved = inNamespace(`set -e\n${script.join('')}`)
      .split('=====\n')
      .slice(0, -1)
    expect(saved.map((text) => chainLines(text, 'INPUT'))).toEqual(cases.map(([, after]) => after))
  })

  it('make, fill and remove user chains, with hostile names, and set policies', () => {
    const name = 'ünï#"x'
    const there = tableEdits([
      { chain: 'INPUT', before: null, after: { policy: 'DROP', lines: [`-j "ünï#\\"x"`] } },
      { chain: name, before: null, after: { lines: ['-j RETURN'] } },
    ])
    const back = tableEdits([
      { chain: 'INPUT', before: { policy: 'DROP', lines: [`-j "ünï#\\"x"`] }, after: null },
      { chain: name, before: { lines: ['-j RETURN'] }, after: null },
    ])
    const saved = inNamespace(`set -e\n${restore('--noflush', there)}${save}; echo =====\n${restore('--noflush', back)}${save}`)
    const [one, two] = saved.split('=====\n')
    expect(one).toContain(':INPUT DROP')
    expect(one).toContain('-A ünï#"x -j RETURN')
    expect(
      two!
        .split('\n')
        .filter((text) => /^[:-]/.test(text))
        .map((text) => text.replace(/\[.*/, '')),
    ).toEqual([':INPUT ACCEPT ', ':FORWARD ACCEPT ', ':OUTPUT ACCEPT '])
  })
})
