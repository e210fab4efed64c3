import { heldOf } from './held.js'
import { resources } from './resources/index.js'
import { pathKey } from './resources/sysctl/spelling.js'
import type { HostWant, Section } from './types.js'

/** What a look with --wide read of a host: things by name, with their value; null = a playbook names it. */
export type Wide = Readonly<Record<string, string | null>>

/** What `wideBody` and the look around it printed, as things by name; undefined where it did not run. */
export function wideOf(sections: readonly Section[], want: HostWant): Wide | undefined {
  const values = sections.find(({ kind, name }) => kind === 'wide' && name === 'values')
  if (values === undefined) return undefined
  const rules = sections.flatMap(({ kind, name, body }) =>
    kind === 'wide' && name.startsWith('rules ') ? [{ kind: 'save', name: name.slice('rules '.length), body }] : [],
  )
  const named = namedBy(want)
  const found = [...liveValues(values.body)].map(([path, value]) => {
    const key = pathKey(path)
    return [`${liveHead}${key}`, named.has(key) ? null : value] as const
  })
  return { ...heldOf([...sections, ...rules]), ...Object.fromEntries(found) }
}

/** What the name of a running kernel's key begins with. */
export const liveHead = 'live sysctl '

/** A value of several lines is one value; a line that was cut, as the last one may be, is none. */
function liveValues(body: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (const line of body.slice(0, body.lastIndexOf('\n') + 1).split('\n')) {
    const [, path, value] = /^(\/proc\/sys\/net\/[^:]+):(.*)$/.exec(line) ?? []
    if (path === undefined || value === undefined) continue
    const before = values.get(path)
    const plain = value.trim().replaceAll(/[ \t]+/g, ' ')
    values.set(path, before === undefined ? plain : `${before}\n${plain}`)
  }
  return values
}

function namedBy(want: HostWant): ReadonlySet<string> {
  const own = resources.filter(({ name }) => name === 'sysctl' && want.resources[name] !== undefined)
  return new Set(own.flatMap((resource) => resource.items(want.resources[resource.name] as never).map(({ id }) => id)))
}
