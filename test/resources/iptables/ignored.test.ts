import { describe, expect, it } from 'vitest'
import type { Group } from '../../../src/resources/iptables/groups.js'
import { planLive } from '../../../src/resources/iptables/live.js'
import { parseSave } from '../../../src/resources/iptables/ruleset.js'

const ban = '-s 192.0.2.7/32 -m comment --comment "ban 7" -j DROP'
const save = (...lines: readonly string[]): string =>
  ['*filter', ':INPUT ACCEPT [0:0]', ...lines.map((line) => `-A INPUT ${line}`), 'COMMIT', ''].join('\n')

const plan = (ignore: readonly string[], ...lines: readonly string[]) => {
  const owned = { chain: { name: 'INPUT', exact: true, ignore }, lines: ['-i lo -j ACCEPT'] }
  const group = {
    family: 'ipv4',
    table: 'filter',
    chain: 'INPUT',
    builtin: true,
    items: [],
    remove: [],
    absent: [],
    owned,
  } as unknown as Group
  return planLive([group], () => parseSave(save(...lines)), 'nft')
}

describe('what ignore: names', () => {
  it.each([
    ['stays', ['-s 192.0.2.7/32 *'], [ban], [], 0],
    ['is the whole rule', ['ban 7'], [ban], ['"ban 7"'], 1],
    ['stands without its -A INPUT', ['-A INPUT -s 192.0.2.7*'], [ban], ['"-A INPUT -s 192.0.2.7*"'], 1],
    ['is each glob by itself', ['*"ban 7"*', '*"ban 8"*'], [ban, '-s 192.0.2.9/32 -j DROP'], ['"*\\"ban 8\\"*"'], 1],
    ['may be nothing where nothing goes', ['*"ban 8"*'], [], [], 0],
    ['is no regular expression', ['docker.*'], [ban], ['"docker.*"'], 1],
    ['is text but for * and ?', ['-s 192.0.2.?/32 .* -j DROP'], [ban], ['"-s 192.0.2.?/32 .* -j DROP"'], 1],
  ] as const)('%s', (_, ignore, lines, idle, gone) => {
    const { warnings, steps } = plan(ignore, '-i lo -j ACCEPT', ...lines)
    expect(warnings.map((text) => /^ignore: (".*") names no rule of ipv4 filter INPUT, and 1 rule goes;/.exec(text)?.[1])).toEqual(idle)
    if (ignore[0] === 'docker.*') expect(warnings[0]).toMatch(/: "\*docker\*" names it anywhere$/)
    expect(steps.flatMap(({ changes }) => changes)).toHaveLength(gone)
  })
})
