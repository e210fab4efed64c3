import { bySame } from '../../by-text.js'
import type { Family, Line, Section, Seen } from '../../types.js'
import type { SpellRequest } from './requests.js'
import { parseSave, type Ruleset } from './ruleset.js'
import { markOf, replaceMark } from './tokens.js'

/** How the host spelled each request (by its number), and the host's own words for those that it refused. */
export interface Spelling {
  readonly lines: ReadonlyMap<number, readonly Line[]>
  readonly errors: ReadonlyMap<number, string>
}

/** Reads the `spell` sections of both families; each line carries its request's own comment instead of the number. */
export function readSpelling(seen: Seen, requests: readonly SpellRequest[]): Spelling {
  const bodies = (kind: string) => seen.sections.flatMap((section) => (section.kind === kind ? [section.body] : []))
  const errors = bodies('spell-error')
  return spellingOf(requests, errors.length, ...errors, ...bodies('spell'))
}

/** `texts` are so many errors, then rulesets. */
const spellingOf = bySame((requests: readonly SpellRequest[], errors: number, ...texts: readonly string[]): Spelling => {
  const lines = new Map<number, Line[]>()
  for (const text of texts.slice(errors)) {
    for (const table of parseSave(text).values())
      for (const chain of table.values())
        for (const line of chain.lines) {
          const request = markOf(line)
          if (request !== undefined) lines.set(request, [...(lines.get(request) ?? []), replaceMark(line, requests[request]?.comment)])
        }
  }
  return { lines, errors: readErrors(texts.slice(0, errors)) }
})

function readErrors(texts: readonly string[]): ReadonlyMap<number, string> {
  return new Map(
    texts.flatMap((text) => {
      const [rule = '', ...words] = text.split('\n')
      const request = /--comment "?hf:(\d+)"?$/.exec(rule)?.[1]
      return request === undefined ? [] : [[Number(request), hostWords(words)] as const]
    }),
  )
}

/** The line that says what is wrong: iptables-restore ends with usage hints that nobody needs. */
function hostWords(lines: readonly string[]): string {
  const useful = lines.filter(
    (line) => line.trim() !== '' && !/^(Error occurred at line|Try `ip6?tables-restore|COMMIT expected)/.test(line),
  )
  return useful.slice(0, 3).join('; ')
}

/** A rule of a boot file as the host spells it, with the number of the file's line that it came from. */
export interface BootLine {
  readonly line: Line
  readonly at: number
}

/** A boot file as the host would load it: chains with their lines, or the host's own words why it does not load. */
export interface BootRuleset {
  readonly ruleset: Ruleset
  readonly lines: (table: string, chain: string) => readonly BootLine[]
  readonly refusal?: string
}

/** Reads the section that the look printed for one boot file: kind `boot`, name `ipv4 /etc/iptables/rules.v4`. */
export function readBoot(sections: readonly Section[], kind: 'boot' | 'script', name: string): BootRuleset | undefined {
  const body = sections.find((section) => section.kind === kind && section.name === name)?.body
  if (body === undefined) return undefined
  const whole = sections.find((section) => section.kind === `${kind}-whole` && section.name === name)?.body
  return bootOf(body, whole)
}

const bootOf = bySame((body: string, whole: string | undefined): BootRuleset => {
  const ruleset = parseSave(body)
  const lines = bySame((table: string, chain: string): readonly BootLine[] =>
    (ruleset.get(table)?.get(chain)?.lines ?? []).map((line) => ({ line: replaceMark(line, undefined), at: markOf(line) ?? 0 })),
  )
  return { ruleset, lines, ...(whole === undefined ? {} : { refusal: hostWords(whole.split('\n')) }) }
})

/** The save text of a back end and family; undefined where its command is missing. */
export function liveRuleset(seen: Seen, backend: string, family: Family): Ruleset | undefined {
  const name = `${backend} ${family}`
  const section = seen.sections.find((one) => one.kind === 'save' && one.name === name)
  if (section === undefined) return undefined
  const ruleset = liveRulesets.get(section) ?? parseStill(section.body.replace(lively, '$1'))
  liveRulesets.set(section, ruleset)
  return ruleset
}

/** What tells two saves of one ruleset apart: dates in remarks, counters behind policies. */
const lively = /^(?:#.*|(:\S+ \S+) \[.*)$/gm

const parseStill = bySame((text: string) => parseSave(text))

/** Asked for several times, cut apart once. */
const liveRulesets = new WeakMap<Section, Ruleset>()
