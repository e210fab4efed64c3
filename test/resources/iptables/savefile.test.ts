import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { type ChainEdit, editSaveFile } from '../../../src/resources/iptables/savefile.js'
import { backends, chainLines, inNamespace } from './real.js'
import { toLines } from './shorthand.js'

interface Row {
  readonly name: string
  readonly text: string | null
  readonly edits: readonly (Omit<ChainEdit, 'before'> & { before: Record<string, string | string[]>; order?: number[] })[]
  readonly result?: string
  readonly refused?: string
}

const rows = parse(readFileSync(new URL('savefile-rows.yaml', import.meta.url), 'utf8')) as readonly Row[]

describe('editSaveFile', () => {
  it.each(rows)('$name', ({ text, edits, result, refused }) => {
    const given = edits.map(({ before, order, ...edit }) => ({
      ...edit,
      before: (order ?? Object.keys(before)).flatMap((at) => [before[at]!].flat().map((line) => ({ line, at: Number(at) }))),
    }))
    expect(editSaveFile(text, given)).toEqual(refused === undefined ? { text: result } : { refused })
  })
})

const line = fc.constantFrom('-p tcp -j ACCEPT', '-p udp -j DROP', '', ...toLines('ACCEPT DROP RETURN ACCEPT!a DROP!a FOO!b RETURN!c'))
const written = fc.record({
  chain: fc.constantFrom('INPUT', 'OUTPUT'),
  line,
  counters: fc.constantFrom('', '', '[3:4] '),
  gap: fc.constantFrom('', '', '\n', '# a remark\n', '\n# -A INPUT -j DROP\n\n'),
  wide: fc.boolean(),
})
const files = fc.array(written, { maxLength: 10 }).map((rules) => {
  const body = rules
    .map(({ chain, line: text, counters, gap, wide }) => `${gap}${counters}-A ${wide ? '  ' : ''}${chain} ${text}\n`)
    .join('')
  const text = `# by hand\n*filter\n:INPUT ACCEPT [0:0]\n:FOO - [0:0]\n${body}COMMIT\n`
  const places = text.split('\n').flatMap((one, at) => (/^(\[3:4\] )?-A/.test(one) ? [at + 1] : []))
  const of = (chain: string) => rules.flatMap((rule, n) => (rule.chain === chain ? [{ line: rule.line, at: places[n]! }] : []))
  return { text, input: of('INPUT'), output: of('OUTPUT') }
})
const cases = fc.tuple(files, fc.array(line, { maxLength: 8 }))
const edited = (file: { text: string; input: ChainEdit['before'] }, after: readonly string[]): string => {
  const result = editSaveFile(file.text, [{ table: 'filter', chain: 'INPUT', before: file.input, after }])
  if ('refused' in result) throw new Error(result.refused)
  return result.text
}

describe('an edited file', () => {
  it('keeps every other line byte for byte', () => {
    const others = (text: string): string[] => text.split('\n').filter((one) => !/-A +INPUT/.test(one) || one.startsWith('#'))
    const kept = fc.property(cases, ([file, after]) => {
      const text = edited(file, after)
      expect(others(text)).toEqual(others(file.text))
      const again = text
        .split('\n')
        .flatMap((one, at) => (/^(\[\d:\d\] )?-A +INPUT/.test(one) ? [{ line: one.replace(/^.*?INPUT ?/, ''), at: at + 1 }] : []))
      expect(again.map((rule) => rule.line)).toEqual(after)
      expect(edited({ text, input: again }, after)).toBe(text)
    })
    fc.assert(kept, { numRuns: 2000 })
  })

  it.each(backends)('is the chain that was asked for when iptables-%s-restore loads it', { timeout: 120_000 }, (backend) => {
    const sample = fc.sample(cases, { numRuns: 80, seed: 3 })
    const script = sample.map(
      ([file, after]) =>
        `iptables-${backend}-restore <<'END'\n${edited(file, after)}END\niptables-${backend}-save -t filter 2>/dev/null; echo =====\n`,
    )
    const saved = inNamespace(`set -e\n${script.join('')}`)
      .split('=====\n')
      .slice(0, -1)
    expect(saved.map((text) => chainLines(text, 'INPUT'))).toEqual(sample.map(([, after]) => after))
    expect(saved.map((text) => chainLines(text, 'OUTPUT'))).toEqual(sample.map(([file]) => file.output.map((rule) => rule.line)))
  })

  it.each(backends)('that did not exist before loads with iptables-%s-restore', (backend) => {
    const made = editSaveFile(null, [
      { table: 'filter', chain: 'INPUT', before: [], after: ['-j WEB'], policy: 'DROP' },
      { table: 'filter', chain: 'WEB', before: [], after: ['-p tcp -j ACCEPT'], create: true },
      { table: 'mangle', chain: 'PREROUTING', before: [], after: ['-j MARK --set-xmark 0x1/0xffffffff'] },
    ])
    const saved = inNamespace(`iptables-${backend}-restore && iptables-${backend}-save 2>/dev/null`, 'text' in made ? made.text : '')
    expect(saved).toContain(':INPUT DROP')
    expect(chainLines(saved, 'INPUT')).toEqual(['-j WEB'])
    expect(chainLines(saved, 'WEB')).toEqual(['-p tcp -j ACCEPT'])
    expect(chainLines(saved, 'PREROUTING')).toEqual(['-j MARK --set-xmark 0x1/0xffffffff'])
  })
})
