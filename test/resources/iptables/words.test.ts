import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { quote } from '../../../src/quote.js'
import { wantedRuleset } from '../../../src/resources/iptables/probe-spell.js'
import { numberRequests } from '../../../src/resources/iptables/requests.js'
import type { IptablesWant } from '../../../src/resources/iptables/want.js'
import type { SysctlWant } from '../../../src/resources/sysctl/want.js'
import { loadTexts } from '../../load/rows.js'

/** Text with all that shells, YAML and iptables-restore give a meaning to. */
const piece = fc.constantFrom(
  ...[
    'a',
    'B9',
    ' ',
    '  ',
    "'",
    '"',
    '\\',
    '`',
    '$',
    '$(touch /tmp/canary)',
    '$' + '{x}',
    ';',
    '|',
    '&',
    '>',
    '<',
    '*',
    '?',
    '[',
    ']',
    '#',
    '!',
  ],
  ...['~', '%s', '--', '-j', 'COMMIT', '{', '}', ':', '- ', ',', '=', '@', '日本', 'é', '(', ')', '^'],
)
const text = fc
  .array(piece, { minLength: 1, maxLength: 12 })
  .map((pieces) => pieces.join('').replaceAll(/\{(?=[{%#])/g, ''))
  .filter((each) => each.trim() !== '' && new TextEncoder().encode(each).length < 200)

const run = (script: string): string => {
  const { status, stdout, stderr } = spawnSync('unshare', ['-n', 'sh', '-s'], { input: script, encoding: 'utf8', maxBuffer: 1 << 26 })
  if (status !== 0) throw new Error(`exit ${status}: ${stderr}`)
  return stdout
}

/** The comment of a line of iptables-save, which puts a backslash before quotes and itself (xtables_save_string of iptables 1.8.9). */
const commentOf = (line: string): string => {
  const [, quoted, bare = ''] = /--comment (?:"((?:\\.|[^"\\])*)"|(\S+))/.exec(line) ?? []
  return (quoted ?? bare).replace(/\\(.)/g, '$1')
}

describe('from YAML over sh to the kernel and back', () => {
  it('4,000 comments of rules arrive as they are', { timeout: 60_000 }, async () => {
    const comments = fc.sample(text, 4000)
    const iptables = comments.map((comment, at) => ({
      id: `r${at}`,
      chain: 'INPUT',
      rule: at % 2 ? { comment, jump: 'ACCEPT' } : `-m comment --comment ${quote(comment)} -j ACCEPT`,
    }))
    const loaded = await loadTexts({ 'inventory.yaml': 'all: {hosts: {h: }}', 'p.yaml': stringify([{ hosts: 'h', iptables }]) })
    if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems.slice(0, 3)))
    const want = loaded.hosts[0]?.want.resources.iptables as IptablesWant
    const saved = run(
      `printf '%s\\n' ${quote(wantedRuleset('ipv4', numberRequests(want).requests))} | sed 's/ -m comment --comment "\\{0,1\\}hf:[0-9]*"\\{0,1\\}$//' | iptables-restore && iptables-save`,
    )
    const arrived = saved.split('\n').filter((line) => line.startsWith('-A INPUT'))
    expect(arrived.map(commentOf)).toEqual(comments)
  })

  it('4,000 values of kernel parameters arrive as they are, blanks collapsed', { timeout: 60_000 }, async () => {
    const values = fc.sample(text, 4000).filter((value) => !value.split(/\s+/).some((word) => /^[-+]?0[0-9]+$/.test(word)))
    const sysctl = Object.fromEntries(values.map((value, at) => [`net.x.k${at}`, value]))
    const loaded = await loadTexts({ 'inventory.yaml': 'all: {hosts: {h: }}', 'p.yaml': stringify([{ hosts: 'h', sysctl }]) })
    if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems.slice(0, 3)))
    const want = loaded.hosts[0]?.want.resources.sysctl as SysctlWant
    const printed = run(want.keys.map(({ value }) => `printf '%s\\n' ${quote(value)}`).join('\n'))
    expect(printed.split('\n').slice(0, -1)).toEqual(values.map((value) => value.trim().replaceAll(/[ \t]+/g, ' ')))
  })
})
