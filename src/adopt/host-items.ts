import type { FoundOnHost, HeldChain, HeldRule, HostItem, Item, Judged } from './items.js'
import { joined } from './rule-text.js'

/** What one host holds as a playbook writes it: families that agree are one entry. */
export function hostItems({ judged }: FoundOnHost, nameOf: (rule: HeldRule) => string): readonly HostItem[] {
  const done = new Set<Judged>()
  return judged.flatMap((one): readonly HostItem[] => {
    if (done.has(one)) return []
    const other = judged.find((twin) => twin !== one && !done.has(twin) && agree(one, twin, nameOf))
    done.add(one)
    if (other !== undefined) done.add(other)
    return [itemOf(one, other, nameOf)]
  })
}

/** The same thing in the other family, with the same verdict. A rule that holdfast has named may have other addresses there. */
function agree(a: Judged, b: Judged, nameOf: (rule: HeldRule) => string): boolean {
  if (a.held.kind === 'value' || a.held.kind !== b.held.kind || a.held.family === b.held.family) return false
  if ((a.why === undefined) !== (b.why === undefined) || a.held.table !== b.held.table) return false
  if (a.held.kind === 'rule' && b.held.kind === 'rule')
    return a.held.chain === b.held.chain && nameOf(a.held) === nameOf(b.held) && bothRule(a.held, b.held) !== undefined
  return a.held.kind === 'chain' && b.held.kind === 'chain' && chainText(a.held) === chainText(b.held)
}

const chainText = ({ name, policy, exact, ignore, rules }: HeldChain): string => JSON.stringify([name, policy, exact, ignore, rules])

/** One rule text for both families. */
function bothRule(a: HeldRule, b: HeldRule): string | undefined {
  if (a.rule === b.rule) return a.rule
  if (a.own === undefined || a.own !== b.own) return undefined
  const words = joined([...a.specs, ...b.specs])
  return words?.every((word) => /^[\w@%+=:,./!-]+$/.test(word)) ? words.join(' ') : undefined
}

function itemOf({ held, why }: Judged, other: Judged | undefined, nameOf: (rule: HeldRule) => string): HostItem {
  const reason = why === undefined ? {} : { why: other?.why === undefined || other.why === why ? why : `${why}; ${other.why}` }
  if (held.kind === 'value') return { item: { kind: 'value', key: held.key, value: held.value }, ...reason }
  const builtin = held.kind === 'chain' && (held.policy !== undefined || held.exact)
  const family = other !== undefined ? 'both' : held.family
  const place = {
    ...(held.table === 'filter' ? {} : { table: held.table }),
    // Of a built-in chain the family is said out loud.
    ...(family === 'ipv4' && !builtin ? {} : { family }),
  }
  if (held.kind === 'rule') {
    const rule = other?.held.kind === 'rule' ? (bothRule(held, other.held) ?? held.rule) : held.rule
    return { item: { kind: 'rule', entry: { id: nameOf(held), chain: held.chain, ...place, rule } }, ...reason }
  }
  const { name, policy, exact, ignore, rules } = held
  const entry = {
    name,
    ...place,
    ...(policy !== undefined && { policy }),
    ...(exact && { exact }),
    ...(ignore.length > 0 && { ignore }),
    ...(rules && { rules }),
  }
  return { item: { kind: 'chain', entry } as Item, ...reason }
}
