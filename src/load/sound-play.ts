import type { Play as WrittenPlay } from '../generated/playbook.js'
import type { Fault } from './check.js'
import type { Path } from './document.js'
import { holdsHole } from './hole.js'
import { isMapping } from './vars.js'

/** Keys of a play whose entries stand for themselves: a mistake in one leaves the others to be read. */
const lists: ReadonlySet<string> = new Set(['iptables', 'chains', 'must_reach', 'must_not_reach'])

/** What is left of a play without the parts that have problems; `lenient`: names that it uses may have been lost with them. */
export interface SoundPlay {
  readonly written: WrittenPlay
  readonly lenient: boolean
}

/** The sound parts of the play at `index`; undefined: it is no mapping. A play without a readable `hosts` has none. */
export function soundPlay(value: unknown, index: number, faults: readonly Fault[]): SoundPlay | undefined {
  if (!isMapping(value)) return undefined
  const own = faults.filter(({ path }) => path[0] === index).map(({ path }) => path.slice(1))
  const spoiled = (path: Path) => own.some((fault) => startsWith(fault, path))
  const written: Record<string, unknown> = Object.assign(Object.create(null), { hosts: [] })
  for (const [key, content] of Object.entries(value)) {
    if (own.some((path) => path.length === 1 && path[0] === key)) continue
    if (key === 'vars') written.vars = content
    else if (key === 'sysctl' && isMapping(content)) written.sysctl = soundEntries(content, (name) => spoiled([key, name]))
    else if (lists.has(key) && Array.isArray(content)) written[key] = soundItems(content, (at) => spoiled([key, at]))
    else if (!spoiled([key]) && !holdsHole(content)) written[key] = content
  }
  const lost = own.some(([key]) => key === 'vars' || key === undefined || !known.has(String(key)))
  return { written: written as unknown as WrittenPlay, lenient: lost || holdsHole(value.vars) || Object.hasOwn(value, '') }
}

const known: ReadonlySet<string> = new Set([
  ...lists,
  ...['name', 'hosts', 'profile', 'tags', 'sysctl', 'reage', 'boot_loader', 'beside', 'on_change'],
])

function startsWith(path: Path, head: Path): boolean {
  return head.every((step, at) => path[at] === step)
}

function soundEntries(mapping: Readonly<Record<string, unknown>>, spoiled: (name: string) => boolean): Readonly<Record<string, unknown>> {
  const kept: Record<string, unknown> = Object.create(null)
  for (const [name, value] of Object.entries(mapping)) if (!spoiled(name) && !holdsHole(value)) kept[name] = value
  return kept
}

/** The list with gaps where an item is spoiled, so that the others keep their places; flatMap and its like skip gaps. */
function soundItems(list: readonly unknown[], spoiled: (at: number) => boolean): readonly unknown[] {
  const kept: unknown[] = []
  list.forEach((item, at) => {
    if (!spoiled(at) && !holdsHole(item)) kept[at] = item
  })
  return kept
}
