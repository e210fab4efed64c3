import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { editScript, readScript, type ScriptEdit, type ScriptProfile } from '../../../src/resources/iptables/profile-script.js'
import { shellWords } from '../../../src/resources/iptables/shell-words.js'
import { toLine } from './shorthand.js'

interface Row {
  readonly name: string
  readonly text: string
  readonly markerText?: string
  readonly marker: number
  readonly rules: Readonly<Record<string, string>>
  readonly refused?: string
  readonly edit?: { readonly remove?: readonly number[]; readonly insert?: readonly (readonly [number, string])[] }
  readonly result?: string
  readonly refusedEdit?: string
}

const rows = parse(readFileSync(new URL('profile-script-rows.yaml', import.meta.url), 'utf8')) as readonly Row[]
const profileOf = (row: Row): ScriptProfile => ({
  script: '/fw.sh',
  marker: row.markerText ?? '# stateful',
  line: { ipv4: 'IPTABLE ipv4 {rule}' },
  read: `^\\s*IPTABLE\\s+(?:(?<family>ipv4|ipv6)\\s+)?(?<rule>-A\\s.*?)\\s*(?:#[^"']*)?$`,
  reload: { wanted: false, commands: [] },
})
const editOf = ({ edit }: Row): ScriptEdit => ({
  family: 'ipv4',
  table: 'filter',
  chain: 'INPUT',
  remove: edit!.remove ?? [],
  insert: (edit!.insert ?? []).map(([below, word]) => ({ below, line: toLine(word) })),
})

describe('a vendor script', () => {
  it.each(rows)('is read: $name', (row) => {
    const script = readScript(row.text, profileOf(row))
    if ('refused' in script) return expect(script.refused).toBe(row.refused)
    const rules = script.rules.map(({ at, family, words }) => [at, [...(family ? [family] : []), ...words].join(' ')])
    return expect({ marker: script.marker, rules: Object.fromEntries(rules) }).toEqual({ marker: row.marker, rules: row.rules })
  })

  it.each(rows.filter(({ edit }) => edit))('is edited: $name', (row) => {
    const edited = editScript(row.text, row.marker, profileOf(row), [editOf(row)])
    expect(edited).toEqual(row.refusedEdit === undefined ? { text: row.result } : { refused: row.refusedEdit })
  })

  it.each(rows.filter(({ result }) => result))('runs in sh: $name', ({ result }) => {
    const { status, stderr } = spawnSync('sh', ['-n'], { input: result })
    expect([status, stderr.toString()]).toEqual([0, ''])
  })

  it('has a form for each family, or nothing is written', () => {
    const edit: ScriptEdit = { family: 'ipv6', table: 'filter', chain: 'INPUT', remove: [], insert: [{ below: 1, line: '-j ACCEPT' }] }
    expect(editScript('# stateful\n', 1, profileOf(rows[0]!), [edit])).toEqual({
      refused: '/fw.sh: the profile has no form for an ipv6 rule',
    })
  })

  it('names a table other than filter, and quotes for the shell', () => {
    const edit: ScriptEdit = {
      family: 'ipv4',
      table: 'nat',
      chain: 'OUTPUT',
      remove: [],
      insert: [{ below: 1, line: `-m comment --comment "it\\'s \\"$&\\"" -j ACCEPT` }],
    }
    expect(editScript('# stateful\n', 1, profileOf(rows[0]!), [edit])).toEqual({
      text: `# stateful\nIPTABLE ipv4 -t nat -A OUTPUT -m comment --comment 'it'\\''s "$&"' -j ACCEPT\n`,
    })
  })
})

describe('shellWords', () => {
  const plain = [
    'a b',
    `a 'b c' "d e"f`,
    `'' x`,
    String.raw`"a\"b\\c\d"`,
    'a # b',
    'a#b',
    `it"'"s`,
    'a\t b ',
    '!',
    '日本語 "é"',
    String.raw`a\ b \$x 'it'\''s'`,
  ]
  it.each(plain)('cuts like sh: %s', (text) => {
    const { stdout } = spawnSync('sh', ['-c', `printf '%s\\0' ${text}`])
    expect(shellWords(text)).toEqual(stdout.toString().split('\0').slice(0, -1))
  })
  it.each(['$a', '`a`', '"$a"', '"`a`"', 'a;b', 'a&', 'a|b', 'a>b', '(a)', '*', '~', '{a,b}', 'a\\', `'open`, '"open', '[a]'])(
    'leaves to sh: %s',
    (text) => expect(shellWords(text)).toBeUndefined(),
  )
})
