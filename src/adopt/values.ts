import { readKey, readValue } from '../load/sysctl-key.js'
import { hasTemplate } from '../load/template.js'
import { seenFiles } from '../resources/sysctl/files.js'
import { movedBy } from '../resources/sysctl/keys.js'
import { bootReader } from '../resources/sysctl/order.js'
import { parseFile } from '../resources/sysctl/parse.js'
import { pathKey } from '../resources/sysctl/spelling.js'
import type { HostWant, Seen } from '../types.js'
import type { HeldValue } from './items.js'
import { untouched, whyNoSetting } from './left-out.js'
import { heldValues } from './survey.js'

/** The kernel parameters that somebody has set: those that differ from what a kernel holds by itself, and those that a file of the host's own names. */
export function valuesOf(seen: Seen, want: HostWant): { readonly values: readonly HeldValue[]; readonly notes: readonly string[] } {
  const live = heldValues(seen.sections, 'live')
  const named = namedValues(seen, want)
  const changed = changedValues(live, heldValues(seen.sections, 'fresh'))
  const found = new Map(
    [...changed].filter(([path]) => named.has(path) || !isMoved(path, [...changed.keys(), ...named.keys()])).concat([...named]),
  )
  const all = [...found].map(
    ([path, value]): HeldValue => ({ kind: 'value', path, key: pathKey(path), value: plain(live.get(path) ?? value) }),
  )
  const wrong = new Map(all.map((one) => [one, whyUnwritable(one)]))
  return {
    values: all.filter((one) => wrong.get(one) === undefined).sort((a, b) => (a.key < b.key ? -1 : 1)),
    notes: all.flatMap((one) => wrong.get(one) ?? []),
  }
}

/** Why a playbook cannot hold the value. */
function whyUnwritable({ path, key, value }: HeldValue): string | undefined {
  const read = readKey(key)
  if ('wrong' in read || read.path !== path) return `${key} cannot be written in a playbook${'wrong' in read ? `: ${read.wrong}` : ''}`
  const text = readValue(read.key, value)
  if ('wrong' in text) return `${key} cannot be written in a playbook: ${text.wrong}`
  return hasTemplate(value) || /\p{Cs}/u.test(value) ? `${key} cannot be written in a playbook: ${value}` : undefined
}

function changedValues(live: ReadonlyMap<string, string>, fresh: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map(
    [...live].filter(([path, value]) => {
      const before = untouched(path, fresh, live)
      return before !== undefined && plain(before) !== plain(value) && whyNoSetting(path) === undefined
    }),
  )
}

/** Whether another of these keys has moved it: it follows again after a reboot. `default` moves interfaces only. */
function isMoved(path: string, others: readonly string[]): boolean {
  return others.some(
    (other) =>
      other !== path &&
      !other.includes('/conf/default/') &&
      movedBy(other).some((pattern) => new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '[^/]+')}$`).test(path)),
  )
}

/** What files of /etc (or the one file that a product reads) set, the last line last; vendors' files are no word of the host's owner. */
function namedValues(seen: Seen, { profile }: HostWant): ReadonlyMap<string, string> {
  const reader = bootReader(seenFiles(seen.sections), { init: seen.facts.init, sections: seen.sections, profile })
  const files = reader.runs.flat().filter(({ path }) => path.startsWith('/etc/') || path === profile?.sysctl?.file)
  return new Map(
    files.flatMap(({ path, text }) =>
      parseFile(path, text, reader.dialect).flatMap((line) => (line.kind === 'set' ? [[line.path, line.value] as const] : [])),
    ),
  )
}

/** Words parted by single blanks. */
const plain = (value: string): string => value.trim().replaceAll(/[ \t]+/g, ' ')
