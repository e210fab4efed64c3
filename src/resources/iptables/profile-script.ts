import type { Family, Line, Profile } from '../../types.js'
import type { Edited } from './savefile.js'
import { shellWords } from './shell-words.js'
import { joinShell, splitLine } from './tokens.js'

export type ScriptProfile = NonNullable<Profile['iptables']>

/** A rule line of a vendor's script: `IPTABLE ipv4 -A INPUT -p tcp -j ACCEPT`; `words` begin with `-A`, `at` counts from 1. */
export interface ScriptRule {
  readonly at: number
  /** Undefined where the line names none: the script then decides. */
  readonly family: Family | undefined
  readonly words: readonly string[]
  readonly raw: string
}

export interface Script {
  /** The line below which own lines go, from 1. */
  readonly marker: number
  readonly rules: readonly ScriptRule[]
}

const collapsed = (text: string): string => text.trim().replace(/\s+/g, ' ')
const cited = (at: number, text: string): string => `line ${at} '${text.trim()}'`
const goesOn = (line: string | undefined): boolean => /(^|[^\\])(\\\\)*\\$/.test(line ?? '')

const familyOf = (text: string | undefined): Family | undefined => (text === 'ipv4' || text === 'ipv6' ? text : undefined)

const readRule = (lines: readonly string[], index: number, read: RegExp): readonly ScriptRule[] => {
  const raw = lines[index]!
  const found = read.exec(raw)?.groups
  if (found?.rule === undefined || goesOn(lines[index - 1])) return []
  // The whole line must be one simple command: what its expression leaves out could still be `|| exit`.
  const words = shellWords(raw) && shellWords(found.rule)
  return words && words.length > 0 ? [{ at: index + 1, family: familyOf(found.family), words, raw }] : []
}

/**
 * Finds the marker and the rules of a vendor's script. Refused where the marker does not stand in exactly one line, and where a line ends in
 * CRLF, which sh cannot run. A line in which the shell expands something is no rule that can be read; it is left out.
 */
export const readScript = (text: string, profile: ScriptProfile): Script | { readonly refused: string } => {
  const lines = text.split('\n')
  const crlf = lines.findIndex((line) => line.endsWith('\r'))
  if (crlf >= 0) return { refused: `${profile.script}: line ${crlf + 1} ends in CRLF, which sh cannot run` }
  const marker = collapsed(profile.marker)
  const marked = lines.flatMap((line, index) => (collapsed(line).includes(marker) ? [index] : []))
  const [only] = marked
  if (only === undefined) return { refused: `${profile.script}: no line holds the marker '${marker}'` }
  if (marked.length > 1) {
    const where = marked.map((index) => cited(index + 1, lines[index]!)).join(', ')
    return { refused: `${profile.script}: the marker '${marker}' stands in ${marked.length} lines: ${where}` }
  }
  if (goesOn(lines[only])) return { refused: `${profile.script}: the marker's command goes on below ${cited(only + 1, lines[only]!)}` }
  const read = new RegExp(profile.read)
  return { marker: only + 1, rules: lines.flatMap((_, index) => readRule(lines, index, read)) }
}

/** One chain's edit in a script: the lines of the file that go, and the rules that come, each directly below a line of the file (or what came there). */
export interface ScriptEdit {
  readonly family: Family
  readonly table: string
  readonly chain: string
  readonly remove: readonly number[]
  readonly insert: readonly { readonly below: number; readonly line: Line }[]
}

const scriptLine = (form: string, { table, chain }: ScriptEdit, line: Line): string => {
  const rule = joinShell([...(table === 'filter' ? [] : ['-t', table]), '-A', chain, ...splitLine(line)])
  return form.replace('{rule}', () => rule)
}

/** Where a block would be left without a command, which sh takes for an error, `:` stays. */
const emptied = (lines: readonly string[], index: number): boolean => {
  const isCode = (line: string): boolean => !/^\s*(#|$)/.test(line)
  const above = lines.slice(0, index).findLast(isCode) ?? ''
  const below = lines.slice(index + 1).find(isCode) ?? ''
  return /(^|[\s;])(then|else|do|\{|\()\s*(#.*)?$/.test(above) && /^\s*(fi|else|elif|done|\}|\))/.test(below)
}

/**
 * Edits a vendor's script: new lines stand in the profile's form with the indentation of the marker's line (nothing can come above the
 * marker), lines that go are taken out, everything else stays byte for byte. Refused where the marker's own line would go.
 */
export const editScript = (text: string, marker: number, profile: ScriptProfile, edits: readonly ScriptEdit[]): Edited => {
  const ended = text.endsWith('\n')
  const lines = (ended ? text.slice(0, -1) : text).split('\n')
  const indent = /^\s*/.exec(lines[marker - 1] ?? '')?.[0] ?? ''
  const gone = new Set(edits.flatMap(({ remove }) => remove))
  if (gone.has(marker)) return { refused: `${profile.script}: ${cited(marker, lines[marker - 1]!)} bears the marker and cannot go` }
  const below = new Map<number, string[]>()
  for (const edit of edits) {
    const form = profile.line[edit.family]
    if (form === undefined && edit.insert.length > 0)
      return { refused: `${profile.script}: the profile has no form for an ${edit.family} rule` }
    for (const { below: at, line } of edit.insert) {
      const spot = Math.max(at, marker)
      below.set(spot, [...(below.get(spot) ?? []), indent + scriptLine(form!, edit, line)])
    }
  }
  const made = lines.flatMap((line, index) => {
    const stub = `${/^\s*/.exec(line)![0]}:`
    const kept = gone.has(index + 1) ? (emptied(lines, index) ? [stub] : []) : [line]
    return [...kept, ...(below.get(index + 1) ?? [])]
  })
  return { text: made.join('\n') + (ended || below.has(lines.length) ? '\n' : '') }
}
