import { bootHolder } from '../resources/iptables/holder.js'
import { readScript } from '../resources/iptables/profile-script.js'
import { bootByTable, whyTable } from '../resources/iptables/spell-fallback.js'
import { readBoot } from '../resources/iptables/spelled.js'
import { bare } from '../resources/iptables/tokens.js'
import type { Family, HostWant, Line, Seen } from '../types.js'

/** What is known of a chain of the boot layer before anything is wanted of it. */
export interface Stood {
  /** Its rules after a reboot, where a saved file tells; undefined where nobody or a script does. */
  readonly atBoot: (table: string, chain: string) => readonly Line[] | undefined
  /** The file that they come from. */
  readonly file?: string
  /** A product's script holds rules one by one, and only those of a family that it has a form for. */
  readonly holds: 'all' | 'rules' | 'nothing'
  /** Whether the product's own script makes the rule. */
  readonly isVendors: (table: string, chain: string, line: Line) => boolean
}

/** Reads the boot layer of one family. */
export function stoodAtBoot(seen: Seen, want: HostWant, family: Family): Stood {
  const holder = bootHolder(want, seen, family)
  if (holder.kind === 'save-file') {
    const text = seen.sections.find((section) => section.kind === 'file' && section.name === holder.path)?.body
    const boot =
      text !== undefined && whyTable(seen) !== undefined
        ? bootByTable(text, family)
        : readBoot(seen.sections, 'boot', `${family} ${holder.path}`)
    const linesOf = (table: string, chain: string) => (boot?.lines(table, chain) ?? []).map(({ line }) => line)
    return { atBoot: linesOf, file: holder.path, holds: 'all', isVendors: () => false }
  }
  if (holder.kind !== 'script') return { atBoot: () => undefined, holds: 'all', isVendors: () => false }
  const holds = want.profile?.iptables?.line[family] === undefined ? 'nothing' : 'rules'
  return { atBoot: () => undefined, holds, isVendors: vendors(seen, want, family) }
}

/**
 * A rule of the product's script is the vendor's, but for what people put directly below the marker in the form that the product's
 * makers give for own rules, and what holdfast has put there.
 */
function vendors(seen: Seen, { profile }: HostWant, family: Family): Stood['isVendors'] {
  const rules = profile?.iptables
  const text = seen.sections.find((section) => section.kind === 'file' && section.name === rules?.script)?.body
  const boot = readBoot(seen.sections, 'script', family)
  if (rules === undefined || text === undefined || boot === undefined) return () => false
  const script = readScript(text, rules)
  const form = rules.line[family]?.split('{rule}')[0]?.trim()
  const people = new Set<number>()
  if (!('refused' in script) && form !== undefined)
    for (let at = script.marker + 1; ; at++) {
      const rule = script.rules.find((one) => one.at === at)
      if (rule === undefined || !rule.raw.trim().startsWith(`${form} `)) break
      people.add(at)
    }
  return (table, chain, line) => boot.lines(table, chain).some((one) => bare(one.line) === bare(line) && !people.has(one.at))
}
