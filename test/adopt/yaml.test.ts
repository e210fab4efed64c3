import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { yamlText } from '../../src/adopt/scalar.js'
import { adoptedYaml } from '../../src/adopt/yaml.js'

const play = (more: object) => ({ name: 'What web1 holds', hosts: 'web1', ...more })
const only = (plays: readonly object[], more: object = {}) => adoptedYaml({ plays, undecided: [], leftOut: [], ...more } as never)

describe('text as a YAML scalar', () => {
  it.each([
    ['yes', "'yes'"],
    ['off', "'off'"],
    ['0755', "'0755'"],
    ['12:30', "'12:30'"],
    ['1e3', "'1e3'"],
    ['0x1f', "'0x1f'"],
    ['~', "'~'"],
    ['null', "'null'"],
    ['2026-01-12', "'2026-01-12'"],
    ['1024 65000', '1024 65000'],
    ['-p tcp -m tcp --dport 22 -j ACCEPT', '-p tcp -m tcp --dport 22 -j ACCEPT'],
    ['! -i lo -j DROP', "'! -i lo -j DROP'"],
    ['- x', "'- x'"],
    ['a: b', "'a: b'"],
    ['a #b', "'a #b'"],
    ["it's", "it's"],
    ['{{ x }}', "'{{ x }}'"],
    ['', "''"],
    ['a\nb', '"a\\nb"'],
    ['\u202e', '"\\u202e"'],
  ])('%j is written %s', (text, written) => expect(yamlText(text)).toBe(written))

  it('is read back as it was, by readers of either YAML', () => {
    const back = (text: string) =>
      (['1.1', '1.2'] as const).map(
        (version) => parse(`a: ${yamlText(text)}\nb:\n  - ${yamlText(text)}`, { version }) as { a: unknown; b: unknown[] },
      )
    const check = (text: string): void => {
      expect(back(text)).toEqual(Array.from({ length: 2 }, () => ({ a: text, b: [text] })))
    }
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), check), { numRuns: 500 })
    fc.assert(fc.property(fc.stringMatching(/^[-0-9a-fxoeyn:.~ #'"!%@,]{1,12}$/), check), { numRuns: 2000 })
    const bytes = fc.string({ unit: 'binary' }).filter((text) => !/\p{Cs}/u.test(text))
    fc.assert(fc.property(bytes, check), { numRuns: 1000 })
  })
})

describe('the playbook', () => {
  it('is the plays, and no text of a host gets out of a comment', () => {
    const plays = [
      play({
        sysctl: { 'kernel.core_pattern': '|/x %p: y', 'net.ipv4.ip_forward': 1 },
        iptables: [{ id: 'a', chain: 'INPUT', rule: "-m comment --comment 'a: # b'" }],
      }),
    ]
    const text = only(plays, {
      undecided: [{ why: 'live\n- hosts: all', play: play({ chains: [{ name: 'c', rules: ['-j X\n- hosts: all'] }] }) }],
      leftOut: [{ hosts: ['web1'], what: 'x\n- hosts: all\u2028- hosts: all\x1b[31m' }],
    })
    expect(parse(text)).toEqual(plays)
    expect(text).not.toMatch(/[\x1b\u2028]/)
    expect(text.split('\n').filter((line) => line.startsWith('#')).length).toBeGreaterThan(5)
  })

  it('is an empty list where nothing is held', () => {
    expect(parse(only([]))).toEqual([])
  })
})
