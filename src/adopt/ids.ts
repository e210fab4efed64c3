import type { HeldRule } from './items.js'

/** Gives rules ids for people: what holdfast called them before, else their comment, else a few words of theirs; one id never stands for two rules. */
export function nameRules(rules: readonly HeldRule[]): (rule: HeldRule) => string {
  const taken = new Set(rules.flatMap(({ own }) => own ?? []))
  const names = new Map<string, string>()
  for (const rule of rules) {
    const same = sameness(rule)
    if (rule.own !== undefined || names.has(same)) continue
    const name = free(slugOf(rule), taken)
    taken.add(name)
    names.set(same, name)
  }
  return (rule) => rule.own ?? names.get(sameness(rule))!
}

/** The same rule in both families has one id. */
const sameness = ({ table, chain, rule }: HeldRule): string => `${table} ${chain} ${rule}`

function free(slug: string, taken: ReadonlySet<string>): string {
  if (!taken.has(slug)) return slug
  for (let number = 2; ; number++) if (!taken.has(`${slug}-${number}`)) return `${slug}-${number}`
}

const told: Readonly<Record<string, string>> = {
  '-m': '',
  '-j': '',
  '-p': '',
  '-s': 'from',
  '-d': 'to',
  '-i': 'in',
  '-o': 'out',
  '!': 'not',
  '-g': '',
}

/** Options whose value says enough. */
const quiet = /^--(to-ports?|to-destination|to-source|log-prefix|log-level|reject-with|limit)$/

function slugOf({ table, chain, specs }: HeldRule): string {
  const words = specs[0] ?? []
  const comment = words[words.indexOf('--comment') + 1]
  if (words.includes('--comment') && comment !== undefined && /^[\x20-\x7e]{2,40}$/.test(comment)) {
    const slug = clean(comment)
    if (slug.length > 1) return slug
  }
  const matches = new Set(['tcp', 'udp', 'icmp', 'comment', 'conntrack', 'state', 'multiport', 'set'])
  const parts = words.flatMap((word, at) => {
    const before = words[at - 1]
    if (before === '--comment' || word === '--comment') return []
    if (before === '-m' && matches.has(word)) return []
    if (/^--(d|s)?ports?$|^--ctstate$|^--state$|^--match-set$/.test(word)) return word === '--sport' ? ['sport'] : []
    if (quiet.test(word)) return []
    if (word.startsWith('--')) return before === word.slice(2) || words.includes(word.slice(2)) ? [] : [word.slice(2)]
    return [told[word] ?? word.replace(/\/(32|128)$/, '')]
  })
  const where = table === 'filter' && chain === 'INPUT' ? [] : [chain]
  return clean([...where, ...parts].join(' '))
}

/** Letters, digits, dots and dashes, at most 48. */
function clean(text: string): string {
  const slug = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 48)
    .replace(/[^a-z0-9]+$/, '')
  return slug === '' ? 'rule' : slug
}
