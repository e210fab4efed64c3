import type { HostWant, Planned, Seen } from '../../types.js'
import { type BootFacts, type Draft, letGo } from './boot.js'
import { isOwn } from './dropin.js'
import { ownEntries } from './edit.js'
import { bootValue } from './effective.js'
import { write } from './live.js'
import { defaultOf, liveValues } from './look.js'
import { bootReader } from './order.js'
import { keyPath, pathKey } from './spelling.js'
import { sameValue } from './value.js'
import type { SysctlWant } from './want.js'

/** The keys that go: put there by a playbook of this run that no longer names them; and orphans, where they are to be pruned. */
export function keysToRemove(
  want: SysctlWant,
  seen: Seen,
  host: HostWant,
  draft: Draft,
): { readonly paths: readonly string[]; readonly orphans: readonly string[] } {
  const wanted = new Set(want.keys.map((key) => key.path))
  const items = Object.entries(seen.facts.record?.items.sysctl ?? {}).map(([key, item]) => ({ path: keyPath(key), item }))
  const own = [...draft.files.files.values()].filter((file) => isOwn(file.path)).flatMap((file) => ownEntries(file.text))
  const recorded = new Set(items.map(({ path }) => path))
  const orphans = [...new Set(own.map((entry) => entry.path))].filter((path) => !wanted.has(path) && !recorded.has(path))
  if (!host.mayRemove) return { paths: [], orphans: [] }
  const gone = items.filter(({ path, item }) => !wanted.has(path) && host.playbooks.includes(item.playbook)).map(({ path }) => path)
  return host.prune ? { paths: [...gone, ...orphans], orphans: [] } : { paths: gone, orphans }
}

/** Takes keys out of the boot files, and puts the running kernel back to what it would then hold after a boot. */
export function planRemoval(
  paths: readonly string[],
  seen: Seen,
  facts: BootFacts,
  draft: Draft,
): { readonly draft: Draft; readonly live: Planned } {
  const left = paths.reduce((now, path) => letGo(now, path, pathKey(path), facts), draft)
  const found = paths.map((path) => putBack(path, left, seen, facts))
  const live = { steps: found.flatMap((one) => one.steps), warnings: found.flatMap((one) => one.warnings), refused: [] }
  return { draft: left, live }
}

function putBack(path: string, draft: Draft, seen: Seen, facts: BootFacts): Planned {
  const values = liveValues(seen)
  const live = values.get(path)
  const key = pathKey(path)
  const value = bootValue(bootReader(draft.files, facts), path)?.value ?? defaultOf(seen, path)
  const none = { steps: [], warnings: [], refused: [] }
  if (value === undefined || live?.value === undefined || live.mode !== 'rw')
    return {
      ...none,
      warnings:
        live?.mode === 'missing'
          ? []
          : [
              `${key} is wanted no more; its live value${live?.value === undefined ? '' : ` ${live.value}`} is left, since its default is not known`,
            ],
    }
  if (sameValue(path, live.value, value, live.value)) return none
  const { changes, effect } = write({ path, key, value }, live, values)
  return {
    ...none,
    steps: [{ changes: changes.map((change) => ({ ...change, cause: 'intent' as const, note: 'wanted no more' })), effect }],
  }
}
