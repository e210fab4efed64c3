import type { HostWant, Planned, Seen, Step } from '../../types.js'
import type { Resource, WantedItem } from '../resource.js'
import { type BootFacts, type Draft, holdAtBoot } from './boot.js'
import { isOwn } from './dropin.js'
import { ownEntries } from './edit.js'
import { linesFor } from './effective.js'
import { seenFiles } from './files.js'
import { moduleOf } from './keys.js'
import { planLive } from './live.js'
import { defaultOf, liveValues } from './look.js'
import { loadAtBoot, unloadAtBoot } from './modules.js'
import { bootReader, type Reader } from './order.js'
import { probeScript } from './probe.js'
import { planReage, reageProbe } from './reage.js'
import { keysToRemove, planRemoval } from './removal.js'
import type { SysctlKey, SysctlWant } from './want.js'

/** Kernel parameters: the wanted keys only, live in /proc/sys, and at boot by the rules of the host's own reader. */
export const sysctlResource: Resource<SysctlWant> = { name: 'sysctl', probe, plan, items, narrow }

function probe(want: SysctlWant, host: HostWant): string {
  return `${probeScript(want, host)}\n${reageProbe(want)}`
}

function items(want: SysctlWant): readonly WantedItem[] {
  return want.keys.map(({ key, value, origin }) => ({ id: key, playbook: origin.playbook, play: origin.play, want: value }))
}

function narrow(want: SysctlWant, ids: ReadonlySet<string>): SysctlWant {
  return { ...want, keys: want.keys.filter(({ key }) => ids.has(key)) }
}

function plan(want: SysctlWant, seen: Seen, host: HostWant): Planned {
  const facts = bootFacts(seen, host)
  const start: Draft = { files: seenFiles(seen.sections), changes: new Map(), warnings: [] }
  const live = planLive(want.keys, seen)
  const held = heldKeys(want.keys, seen).reduce((draft, key) => loadAtBoot(holdAtBoot(draft, key, facts), key, seen, facts), start)
  const { paths, orphans } = keysToRemove(want, seen, host, held)
  const removal = planRemoval(paths, seen, facts, held)
  const reage = planReage(want, seen)
  const draft = paths.length === 0 ? removal.draft : unloadAtBoot(removal.draft, neededModules(want, removal.draft))
  return {
    steps: [...live.steps, ...removal.live.steps, ...reage.steps, ...fileSteps(start, draft)],
    warnings: [
      ...live.warnings,
      ...removal.live.warnings,
      ...reage.warnings,
      ...draft.warnings,
      ...want.keys.flatMap((key) => duplicates(key, bootReader(start.files, facts))),
      ...orphans.map(
        (path) => `orphan: ${path} stands in ${ownFile(draft, path)}, and no playbook and no record explains it (--prune removes it)`,
      ),
    ],
    refused: live.refused,
  }
}

/** A key that cannot be read is an action, not a state: it has no value to hold at boot. */
function heldKeys(keys: readonly SysctlKey[], seen: Seen): readonly SysctlKey[] {
  const values = liveValues(seen)
  return keys.filter((key) => values.get(key.path)?.mode !== 'wo')
}

function bootFacts(seen: Seen, host: HostWant): BootFacts {
  const values = liveValues(seen)
  return {
    init: seen.facts.init,
    sections: seen.sections,
    profile: host.profile,
    shape: (path) => values.get(path)?.value ?? defaultOf(seen, path),
    constant: (path) => defaultOf(seen, path),
  }
}

/** One step per file that is another after the draft than before. */
function fileSteps(start: Draft, end: Draft): readonly Step[] {
  const texts = (draft: Draft): Map<string, string> => new Map([...draft.files.files.values()].map((file) => [file.real, file.text]))
  const [before, after] = [texts(start), texts(end)]
  return [...new Set([...after.keys(), ...before.keys()])]
    .filter((path) => before.get(path) !== after.get(path))
    .map((path) => ({
      changes: end.changes.get(path) ?? [],
      effect: { kind: 'file', path, before: before.get(path) ?? null, after: after.get(path) ?? null, mode: '0644' },
    }))
}

function neededModules(want: SysctlWant, draft: Draft): ReadonlySet<string> {
  const own = [...draft.files.files.values()].filter((file) => isOwn(file.path)).flatMap((file) => ownEntries(file.text))
  return new Set([...want.keys, ...own].flatMap(({ path }) => moduleOf(path) ?? []))
}

function duplicates(key: SysctlKey, reader: Reader): readonly string[] {
  const lines = linesFor(reader, key.path).filter((line) => line.kind === 'set' && !isOwn(line.file))
  return lines.length < 2
    ? []
    : [`${key.key} is set more than once: ${lines.map((line) => `${line.file}:${line.line} (${line.value})`).join(', ')}`]
}

function ownFile(draft: Draft, path: string): string {
  return (
    [...draft.files.files.values()].find((file) => isOwn(file.path) && ownEntries(file.text).some((entry) => entry.path === path))?.path ??
    ''
  )
}
