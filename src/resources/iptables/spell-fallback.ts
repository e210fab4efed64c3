import type { Family, Line, Seen } from '../../types.js'
import type { ScriptRule } from './profile-script.js'
import type { SpellRequest } from './requests.js'
import { parseSave } from './ruleset.js'
import { spell } from './spell.js'
import type { BootLine, BootRuleset, Spelling } from './spelled.js'
import { joinRestore, splitLine } from './tokens.js'

/** Why this host cannot spell rules itself (`there is no unshare`); undefined where it can. */
export function whyTable(seen: Seen): string | undefined {
  const body = seen.sections.find((section) => section.kind === 'spelling')?.body.trim() ?? ''
  return body.startsWith('table') ? body.slice(5).trim() : undefined
}

/** The wanted rules as the table of spellings has them; one that it does not surely know is refused, since it could never be recognised. */
export function spellByTable(requests: readonly SpellRequest[], why: string): Spelling {
  const lines = new Map<number, readonly Line[]>()
  const errors = new Map<number, string>()
  for (const [index, { spec, family, comment }] of requests.entries()) {
    const line = spell(comment === undefined ? spec : [...spec, '-m', 'comment', '--comment', comment], family)
    if (line !== undefined) lines.set(index, [line])
    else errors.set(index, `this host cannot spell rules itself (${why}), and the table of spellings does not know this one`)
  }
  return { lines, errors }
}

/** A line of a file by the table; where that does not know it, it stays as it is written: a rule of others that nothing is compared with. */
function spelled(words: readonly string[], family: Family): Line {
  return spell(words, family) ?? joinRestore(words)
}

/** The text of a file for iptables-restore, spelled by the table. */
export function bootByTable(text: string, family: Family): BootRuleset {
  const found = new Map<string, BootLine[]>()
  let table = ''
  for (const [index, raw] of text.split('\n').entries()) {
    if (raw.startsWith('*')) table = raw.slice(1).trim()
    const [, verb, chain = '', rest = ''] = /^\s*(?:\[\d+:\d+\]\s*)?(-A|-I)\s+(\S+)\s*(.*)$/.exec(raw) ?? []
    if (verb === undefined) continue
    const lines = found.get(`${table} ${chain}`) ?? []
    found.set(`${table} ${chain}`, lines)
    const one = { line: spelled(splitLine(rest), family), at: index + 1 }
    if (verb === '-A') lines.push(one)
    else lines.unshift(one)
  }
  return { ruleset: parseSave(text), lines: (name, chain) => found.get(`${name} ${chain}`) ?? [] }
}

/** The rules of a vendor's script for one chain, spelled by the table. */
export function scriptByTable(rules: readonly ScriptRule[], family: Family, table: string, chain: string): readonly BootLine[] {
  return rules.flatMap(({ at, words, ...rule }) => {
    const [verb, name, ...spec] = words
    if (table !== 'filter' || verb !== '-A' || name !== chain || (rule.family ?? family) !== family) return []
    return [{ line: spelled(spec, family), at }]
  })
}
