import type { Seen } from '../../types.js'
import { constantDefault } from './keys.js'

/** One path of /proc/sys as the host showed it. `value` is absent where it cannot be read. */
export interface Live {
  readonly mode: 'rw' | 'ro' | 'wo' | 'missing'
  readonly value?: string
}

/** The live values that look brought back, by path. */
export function liveValues(seen: Seen): ReadonlyMap<string, Live> {
  return new Map(seen.sections.filter((section) => section.kind === 'value').map((section) => [section.name, live(section.body)]))
}

/** What a path holds after a boot where no file names it, where that is known. */
export function defaultOf(seen: Seen, path: string): string | undefined {
  const measured = seen.sections.find((section) => section.kind === 'default' && section.name === path)?.body
  return constantDefault(path, measured?.replace(/\n$/, ''), seen.facts.kernel)
}

/** `loaded` and `loadable` modules are files that something has to load at boot; `builtin` ones are always there. */
export function moduleState(seen: Seen, name: string): 'loaded' | 'loadable' | 'builtin' | 'missing' | 'unknown' {
  const body = seen.sections.find((section) => section.kind === 'module' && section.name === name)?.body.trim()
  return body === 'loaded' || body === 'loadable' || body === 'builtin' || body === 'missing' ? body : 'unknown'
}

function live(body: string): Live {
  const end = body.indexOf('\n')
  const mode = end < 0 ? body : body.slice(0, end)
  const known = mode === 'rw' || mode === 'ro' || mode === 'wo' ? mode : 'missing'
  return end < 0 || known === 'wo' || known === 'missing' || end === body.length - 1
    ? { mode: known }
    : { mode: known, value: body.slice(end + 1).replace(/\n$/, '') }
}
