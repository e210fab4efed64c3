import type { SysctlKey } from '../resources/sysctl/want.js'
import { type Bench, filled, lineOf, type Placed } from './bench.js'
import { readKey, readValue } from './sysctl-key.js'

/** The kernel parameters that one play wants on one host. */
export function readSysctl(bench: Bench): readonly Placed<SysctlKey>[] {
  const written = bench.play.written.sysctl ?? {}
  return Object.keys(written).flatMap((name) => {
    const path = ['sysctl', name]
    const key = readKey(name)
    if ('wrong' in key) bench.tell(path, key.wrong, { at: 'key' })
    const found = filled(bench, path, written[name])
    if (found === undefined || 'wrong' in key) return []
    const value = readValue(key.key, found)
    if ('wrong' in value) bench.tell(path, value.wrong)
    return 'wrong' in value ? [] : [{ item: { ...key, value: value.value, origin: bench.origin }, path, bench }]
  })
}

/** One entry per key; two different values for one key of one host are a problem that names both places. */
export function mergeSysctl(all: readonly Placed<SysctlKey>[]): readonly SysctlKey[] {
  const kept = new Map<string, Placed<SysctlKey>>()
  for (const next of all) {
    const before = kept.get(next.item.path)
    if (!before) kept.set(next.item.path, next)
    else if (before.item.value !== next.item.value) {
      const { key, value } = before.item
      next.bench.tell(next.path, `${key} is wanted as ${next.item.value} here and as ${value} at ${lineOf(before)}`)
    }
  }
  return [...kept.values()].map(({ item }) => item)
}
