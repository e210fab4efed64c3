import { matchesGlob } from './glob.js'
import { didYouMean } from './nearest.js'
import { slowExpression } from './slow-expression.js'

/** The hosts that a pattern means, and the parts of it that name nothing in the inventory, each with why. */
export interface Match {
  readonly hosts: ReadonlySet<string>
  readonly wrong: readonly { readonly part: string; readonly message: string }[]
}

/** The names that a pattern may name. */
export interface Named {
  readonly hosts: ReadonlyMap<string, unknown>
  readonly groups: ReadonlyMap<string, readonly string[]>
  /** Whether a name that is not there may stand where the files could not be read. */
  readonly mayHide: (name: string) => boolean
}

/** The hosts that an Ansible host pattern means: `a:b`, `a,b`, `a:&b`, `a:!b`, `web*`, `~regex`, `group[0]`, `group[0:2]`. */
export function matchPattern(patterns: string | readonly string[], inventory: Named): Match {
  const parts = [patterns].flat().flatMap(splitPattern)
  const wrong: { part: string; message: string }[] = []
  const named = (part: string): readonly string[] => {
    const found = matchPart(part.replace(/^[&!]/, '').trim(), inventory)
    if ('wrong' in found) wrong.push({ part, message: found.wrong })
    return 'wrong' in found ? [] : found.hosts
  }
  const plain = parts.filter((part) => !/^[&!]/.test(part))
  let hosts = new Set((plain.length > 0 ? plain : ['all']).flatMap(named))
  for (const part of parts.filter((each) => each.startsWith('&'))) {
    const both = new Set(named(part))
    hosts = new Set([...hosts].filter((host) => both.has(host)))
  }
  for (const part of parts.filter((each) => each.startsWith('!'))) for (const host of named(part)) hosts.delete(host)
  if (parts.length === 0) wrong.push({ part: '', message: 'the pattern is empty' })
  return { hosts, wrong }
}

/** A comma separates; without one a colon does, unless it stands in brackets or in an IPv6 address. */
function splitPattern(pattern: string): readonly string[] {
  const parts = pattern.includes(',')
    ? pattern.split(',')
    : isAddressLike(pattern) || pattern.startsWith('~')
      ? [pattern]
      : (pattern.match(/(?:[^\s:[\]]|\[[^\]]*\])+/g) ?? [])
  return parts.map((part) => part.trim()).filter((part) => part !== '')
}

function isAddressLike(pattern: string): boolean {
  return /^[0-9a-fA-F]{0,4}(:[0-9a-fA-F]{0,4}){2,7}$/.test(pattern)
}

type Found = { readonly hosts: readonly string[] } | { readonly wrong: string }

function matchPart(part: string, inventory: Named): Found {
  if (inventory.hosts.has(part)) return { hosts: [part] }
  const subscript = part.startsWith('~') ? null : /^(.+)\[(?:(-?[0-9]+)|([0-9]+)[:-]([0-9]*))\]$/.exec(part)
  const expression = subscript?.[1] ?? part
  const accepts = matcher(expression)
  if (typeof accepts === 'string') return { wrong: `${JSON.stringify(expression)} ${accepts}` }
  const groups = [...inventory.groups.keys()].filter((name) => (name === expression || !builtin.has(name)) && accepts(name))
  const hosts = groups.flatMap((name) => inventory.groups.get(name) ?? [])
  if (groups.length === 0 || /^~|[.?*[]/.test(expression)) hosts.push(...[...inventory.hosts.keys()].filter(accepts))
  const unique = [...new Set(hosts)]
  if (groups.length === 0 && unique.length === 0) {
    if (inventory.mayHide(expression.replace(/^~\^?/, ''))) return { hosts: [] }
    const known = [...inventory.groups.keys(), ...inventory.hosts.keys()]
    return { wrong: `no host and no group is called ${JSON.stringify(expression)}${didYouMean(expression, known)}` }
  }
  return subscript ? slice(unique, subscript, part) : { hosts: unique }
}

const builtin = new Set(['all', 'ungrouped'])

function slice(hosts: readonly string[], subscript: RegExpExecArray, part: string): Found {
  const [, , index, first, last] = subscript
  if (first !== undefined) return { hosts: hosts.slice(Number(first), last ? Number(last) + 1 : undefined) }
  const host = hosts.at(Number(index))
  if (host === undefined && hosts.length > 0) return { wrong: `${part} lies outside: there are ${hosts.length} hosts` }
  return { hosts: host === undefined ? [] : [host] }
}

/** What an expression accepts, or what is wrong with it. */
function matcher(expression: string): ((name: string) => boolean) | string {
  if (!expression.startsWith('~')) return (name) => matchesGlob(expression, name)
  const slow = slowExpression(expression.slice(1), 3)
  if (slow) return slow
  try {
    // Python's re.match: anchored at the beginning only.
    const regex = new RegExp(`^(?:${expression.slice(1)})`)
    return (name) => regex.test(name)
  } catch {
    return 'is not a regular expression'
  }
}
