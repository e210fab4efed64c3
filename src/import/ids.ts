import type { Entry } from './ledger.js'

type Rule = Extract<Entry, { readonly kind: 'rule' | 'absent' }>

/** Gives rules their ids, from the names of their tasks: the same rule at the same place has one, and no two others share one. */
export function namer(): (rule: Rule) => string {
  const byContent = new Map<string, string>()
  const used = new Set<string>()
  return (rule) => {
    const { kind, family, table, chain, words, first } = rule
    const content = JSON.stringify([kind, family, table, chain, words, first])
    const known = byContent.get(content)
    if (known !== undefined) return known
    const wish = slug(rule.task.name ?? '') || slug(commentOf(rule)) || slug([chain, targetOf(rule)].join('-')) || 'rule'
    let id = wish
    for (let number = 2; used.has(id.toLowerCase()); number++) id = `${wish}-${number}`
    used.add(id.toLowerCase())
    byContent.set(content, id)
    return id
  }
}

/** What of a text may stand in an id, at most 56 characters so that a number fits behind it. */
function slug(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[-._]+/, '')
    .slice(0, 56)
    .replace(/[-._]+$/, '')
    .toLowerCase()
}

function commentOf({ rule }: Rule): string {
  return typeof rule === 'string' ? '' : String(rule.comment ?? '')
}

function targetOf({ rule }: Rule): string {
  if (typeof rule !== 'string') return [rule.jump ?? '', rule.destination_port ?? ''].join(' ').trim()
  return [/(?:^| )(?:-j|--jump) (\S+)/.exec(rule)?.[1] ?? '', /--(?:dport|destination-port) (\d+)/.exec(rule)?.[1] ?? ''].join(' ').trim()
}
