import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bare, joinRestore, joinShell, markOf, ownId, replaceMark, splitLine, uncommented } from '../../../src/resources/iptables/tokens.js'
import { backends, chainLines, inNamespace } from './real.js'

const hostile = [
  'plain',
  'two words',
  "it's",
  "'single'",
  'say "hi"',
  '"',
  "'",
  '\\',
  'back\\slash',
  'end\\',
  '\\"',
  '$(id)',
  '`id`',
  '$HOME',
  'a#b',
  '# x',
  'a;b',
  'a,b',
  'a|b',
  '!',
  ';',
  '日本語 コメント',
  '  two  blanks  ',
  ' ',
  'tab\there',
  '*',
  '~',
  '{a,b}',
  'a&&b',
  '<x>',
  '%s',
  '\u00a0',
]
const words = fc.oneof(
  fc.constantFrom(...hostile),
  fc.string({
    minLength: 1,
    maxLength: 40,
    unit: fc.constantFrom('a', 'Z', ' ', '"', "'", '\\', '#', ';', '$', '(', ')', '`', 'é', '\t', '!', '*'),
  }),
)

describe('splitLine', () => {
  it.each([
    ['-p tcp -j ACCEPT', ['-p', 'tcp', '-j', 'ACCEPT']],
    ['  a\t b  ', ['a', 'b']],
    ['--comment "two words" -j X', ['--comment', 'two words', '-j', 'X']],
    ['"a\\"b\\\\c\\d"', ['a"b\\cd']],
    ['a\\ b', ['a\\', 'b']],
    ["'single q'", ["'single", "q'"]],
    ['ab"c d"ef', ['abc d', 'ef']],
    ['"" x', ['', 'x']],
    ['"open', ['open']],
    ['', []],
  ])('%s', (text, expected) => expect(splitLine(text)).toEqual(expected))

  it('reads back what joinRestore wrote', () => {
    const same = fc.property(fc.array(words), (list) => {
      expect(splitLine(joinRestore(list))).toEqual(list)
    })
    fc.assert(same)
  })
})

describe('joinRestore', () => {
  it('refuses a newline', () => expect(() => joinRestore(['a\nb'])).toThrow('newline'))

  it.each(backends)('brings every word through iptables-%s-restore and -save', (backend) => {
    const random = fc.sample(words, { numRuns: 300, seed: 7 })
    const comments = [...hostile, ...random]
    const rules = comments.map((word) => `-A INPUT ${joinRestore(['-m', 'comment', '--comment', word, '-j', 'ACCEPT'])}`)
    const saved = inNamespace(
      `iptables-${backend}-restore && iptables-${backend}-save -t filter 2>/dev/null`,
      ['*filter', ...rules, 'COMMIT', ''].join('\n'),
    )
    const lines = chainLines(saved, 'INPUT')
    expect(lines.map((line) => splitLine(line)[3])).toEqual(comments)
  })
})

describe('joinShell', () => {
  it.each([
    [['-p', 'tcp', '-s', '192.0.2.0/24', '-j', 'ACCEPT'], '-p tcp -s 192.0.2.0/24 -j ACCEPT'],
    [['-m', 'comment', '--comment', 'holdfast:a.b_c-d'], '-m comment --comment holdfast:a.b_c-d'],
    [['!', "it's", '', 'a b'], `'!' 'it'\\''s' '' 'a b'`],
  ])('%j', (list, expected) => expect(joinShell(list)).toBe(expected))

  it('brings every word through sh', () => {
    const list = [...hostile, '', '\n', ...fc.sample(words, { numRuns: 300, seed: 7 })]
    const { stdout } = spawnSync('sh', ['-c', `printf '%s\\0' ${joinShell(list)}`])
    expect(stdout.toString().split('\0').slice(0, -1)).toEqual(list)
  })
})

const own = '-m comment --comment "holdfast:web"'
describe('own comments and marks', () => {
  it.each([
    [`-p tcp ${own} -j ACCEPT`, 'web', '-p tcp -j ACCEPT'],
    [`${own} -j ACCEPT`, 'web', '-j ACCEPT'],
    [`-p tcp ${own}`, 'web', '-p tcp'],
    [own, 'web', ''],
    ['-p tcp -m comment --comment holdfast:a.b -j DROP ', 'a.b', '-p tcp -j DROP '],
    [`-m comment --comment "theirs" ${own} -j DROP`, 'web', '-m comment --comment "theirs" -j DROP'],
    ['-m comment --comment "x holdfast:web" -j DROP', undefined, '-m comment --comment "x holdfast:web" -j DROP'],
    ['-m comment --comment "holdfast:web x" -j DROP', undefined, '-m comment --comment "holdfast:web x" -j DROP'],
    ['-m comment --comment "holdfast:" -j DROP', undefined, '-m comment --comment "holdfast:" -j DROP'],
    ['-j LOG --log-prefix "-m comment --comment holdfast:web"', undefined, '-j LOG --log-prefix "-m comment --comment holdfast:web"'],
    [
      '-m comment --comment "\\"-m comment --comment holdfast:web" -j X',
      undefined,
      '-m comment --comment "\\"-m comment --comment holdfast:web" -j X',
    ],
    ['-m comment --comment "hf:3" -p tcp', undefined, '-p tcp'],
    ['', undefined, ''],
  ])('%s', (line, id, plain) => {
    expect(ownId(line)).toBe(id)
    expect(bare(line)).toBe(plain)
  })

  it.each([
    ['-p tcp -m comment --comment "hf:12" -j X', 12],
    ['-p tcp -m comment --comment hf:0 -j X', 0],
    ['-p tcp -m comment --comment "hf:x" -j X', undefined],
    ['-p tcp -m comment --comment "a hf:1" -j X', undefined],
  ])('mark of %s', (line, mark) => expect(markOf(line)).toBe(mark))

  it.each([
    ['-m comment --comment "hf:1" -j X', 'holdfast:a', '-m comment --comment "holdfast:a" -j X'],
    ['-m comment --comment hf:1 -j X', 'holdfast:a', '-m comment --comment holdfast:a -j X'],
    ['-p tcp -m comment --comment "hf:1" -j X', undefined, '-p tcp -j X'],
    ['-m comment --comment "mine" -m comment --comment "hf:1" -j X', undefined, '-m comment --comment "mine" -j X'],
    ['-p tcp -j X', 'holdfast:a', '-p tcp -j X'],
  ])('mark of %s becomes %s', (line, comment, expected) => expect(replaceMark(line, comment)).toBe(expected))

  it('takes every comment out', () => expect(uncommented(`-m comment --comment "a b" -p tcp ${own} -j X`)).toBe('-p tcp -j X'))
})

describe('a comment', () => {
  const ends = fc.constantFrom(
    '',
    '-p tcp ',
    '-p tcp  ',
    '-s 192.0.2.1/32\t',
    'comment ',
    '"" ',
    '"a b" ',
    'x',
    ' -m',
    '-m comment --comment "x y" ',
    '\\ ',
  )
  const values = fc.constantFrom(
    'holdfast:a',
    '"holdfast:a"',
    '"holdfast:a',
    'holdfast:a"',
    'hf:7',
    '"hf:7"',
    '"hf:7" ',
    '"hf:7"x',
    'x',
    '"x\\"y"',
    '""',
    'hf:7\u00a0',
    'comment',
  )
  const one = fc
    .tuple(ends, values, ends)
    .map(([head, value, tail]) => `${head}-m comment --comment ${value}${tail === '' ? '' : ` ${tail}`}`)
  const line = fc.array(one, { minLength: 1, maxLength: 2 }).map((parts) => parts.join(' '))

  it('is read alike whether or not it is the only quoted thing of its line', () => {
    let own = 0
    // a word in quotes in front makes the reader look at each character
    const same = fc.property(line, (text) => {
      const [short, long] = [text, `-m string --string "q" ${text}`]
      if (ownId(short) !== undefined) own++
      expect([ownId(long), markOf(long)]).toEqual([ownId(short), markOf(short)])
      expect(splitLine(bare(long))).toEqual(['-m', 'string', '--string', 'q', ...splitLine(bare(short))])
    })
    fc.assert(same, { numRuns: 3000 })
    expect(own).toBeGreaterThan(300)
  })
})

describe('the comments of a line', () => {
  const pieces = [
    '-m comment --comment ',
    '-m comment --comment "holdfast:a"',
    '-m comment --comment holdfast:a',
    '-m comment --comment "holdfast:a',
    '-m comment --comment holdfast:a"',
    '-m comment --comment "two words"',
    '-m comment --comment "it\'s"',
    '-m comment --comment comment',
    '-m comment --comment "hf:7"',
    '-m commentary',
    '--comment "holdfast:b"',
    'comment',
    '--log-prefix "x comment y"',
    '-p tcp',
    '-j ACCEPT',
    '"',
    '',
  ]
  const lines = fc
    .array(fc.tuple(fc.constantFrom(...pieces), fc.constantFrom(' ', ' ', ' ', '', '  ')), { maxLength: 5 })
    .map((parts) => parts.flat().join('').trim())

  it('are the same, whether told by the text or word by word', () => {
    fc.assert(
      fc.property(lines, (line) => {
        const words = splitLine(line)
        const said = words.filter((_, at) => at > 2 && words.slice(at - 3, at).join(' ') === '-m comment --comment')
        expect(ownId(line)).toBe(said.flatMap((text) => /^holdfast:([A-Za-z0-9][A-Za-z0-9._-]{0,63})$/.exec(text)?.[1] ?? [])[0])
        expect(markOf(line)).toBe(said.flatMap((text) => (text === 'hf:7' ? 7 : []))[0])
      }),
      { numRuns: 5000 },
    )
  })
})
