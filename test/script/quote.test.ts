import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quote } from '../../src/quote.js'
import { cksum } from '../../src/script/cksum.js'
import { parseSections, partialSections } from '../../src/script/sections.js'
import { encodeBytes } from '../../src/text.js'

const shells = [
  ['dash', []],
  ['bash', []],
  ['busybox', ['ash']],
] as const

const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom(
      "'",
      '"',
      '\\',
      '$',
      '`',
      '\n',
      ' ',
      '\t',
      '*',
      '~',
      '!',
      '#',
      ';',
      '&',
      '|',
      '(',
      ')',
      '\r',
      '-',
      'a',
      '日',
      '\x1b',
      '\x7f',
    ),
  }),
  fc.constantFrom('', "'", "'\\''", '$(reboot)', '`reboot`', '-n', '--', "';reboot;'", '\\', '\n', 'a\n', '\udc80\udcff'),
)
const words = fc.array(
  hostile.filter(
    (word) => !word.includes('\0') && !/[\ud800-\udc7f\udd00-\udfff]/.test(word.replace(/[\ud800-\udbff][\udc00-\udfff]/g, '')),
  ),
  { minLength: 20, maxLength: 60 },
)

describe.each(shells)('%s', (shell, args) => {
  it('takes every quoted word literally', () => {
    fc.assert(
      fc.property(words, (list) => {
        const script = `printf '%s\\0' ${list.map(quote).join(' ')}\n`
        const ran = spawnSync(shell, [...args, '-s'], { input: encodeBytes(script) })
        expect(ran.stderr.toString()).toBe('')
        expect(ran.stdout.equals(Buffer.concat(list.map((word) => Buffer.concat([encodeBytes(word), Buffer.of(0)]))))).toBe(true)
      }),
      { numRuns: 60 },
    )
  })
})

describe('sections', () => {
  const mark = '@holdfast-0123456789abcdef'
  const body = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))
  const decoy = fc
    .constantFrom('\n@holdfast-', '\n@holdfast-0123456789abcde', '\n@holdfast- end\n', '\r\n', 'end', ' end\n')
    .map((text) => Buffer.from(text))
  const bodies = fc.array(
    fc.array(fc.oneof(body, decoy), { maxLength: 4 }).map((parts) => Buffer.concat(parts)),
    { maxLength: 6 },
  )
  const print = (list: readonly Buffer[], end: boolean): Buffer =>
    Buffer.concat([
      Buffer.from('Welcome\nto this host'),
      ...list.flatMap((content, index) => [Buffer.from(`\n${mark} kind${index} a name\n`), content]),
      ...(end ? [Buffer.from(`\n${mark} end\n`)] : []),
    ])

  it('come back byte for byte, whatever stands in them', () => {
    fc.assert(
      fc.property(bodies, (list) => {
        const sections = parseSections(print(list, true), mark)
        expect(sections?.map(({ kind, name }) => [kind, name])).toEqual(list.map((_, index) => [`kind${index}`, 'a name']))
        expect(sections?.every((section, index) => encodeBytes(section.body).equals(list[index]!))).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  it('are none without the end mark, wherever the output is cut', () => {
    fc.assert(
      fc.property(bodies, fc.double({ min: 0, max: 1, noNaN: true }), (list, at) => {
        const whole = print(list, true)
        const cut = whole.subarray(0, Math.floor(at * (whole.length - `\n${mark} end`.length)))
        expect(parseSections(cut, mark)).toBeUndefined()
        expect(partialSections(cut, mark).length).toBeLessThanOrEqual(list.length + 1)
      }),
      { numRuns: 2000 },
    )
  })
})

it('cksum is what POSIX cksum prints', () => {
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 3 }), fc.uint8Array({ maxLength: 70_000, size: 'max' })), (bytes) => {
      expect(cksum(bytes)).toBe(spawnSync('cksum', { input: bytes }).stdout.toString().trim())
    }),
    { numRuns: 150 },
  )
})
