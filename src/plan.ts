import { alike, kindOf } from './alike.js'
import { bySame, byText } from './by-text.js'
import { resources } from './resources/index.js'
import type { WantedItem } from './resources/resource.js'
import { cksum } from './script/cksum.js'
import { encodeBytes } from './text.js'
import type { Cause, Change, HostRecord, HostWant, Planned, RecordItem, Seen, Step } from './types.js'

/** Everything one host is to change, with the causes told apart. */
export interface HostPlan extends Planned {
  readonly version?: string
  /** The version at the last settled run, where it was another. */
  readonly previousVersion?: string
}

/** What a controller adds to what the host says of itself. */
export interface Recall {
  /** What the controller remembers of the host: used for the causes where the host's own record is gone. */
  readonly record?: HostRecord | undefined
  /** Hours in which three corrections make a change contested; 24 unless told. */
  readonly contestedWithin?: number
}

/** want x seen -> what differs in both layers, and why it does. `now` is an ISO time. */
export function planHost(want: HostWant, seen: Seen, now: string, recall: Recall = {}): HostPlan {
  const parts = partsOf(kindOf(want), alike(seen))
  const refused = parts.flatMap((part) => part.refused)
  const { version } = seen.facts
  const record = seen.facts.record ?? recall.record
  const steps = refused.length > 0 ? [] : parts.flatMap((part) => part.steps).map((step) => withCauses(step, want, seen, now, recall))
  return {
    steps: order(steps),
    warnings: [
      ...versionWarning(want, seen),
      ...(steps.length > 0 ? recallWarning(seen, recall) : []),
      ...parts.flatMap((part) => part.warnings),
    ],
    refused,
    ...(version === undefined ? {} : { version }),
    ...(record?.version === undefined || version === undefined || record.version === version ? {} : { previousVersion: record.version }),
  }
}

/** Planned once for all hosts of a kind that hold the same. */
const partsOf = bySame((want: HostWant, seen: Seen): readonly Planned[] =>
  resources.flatMap((resource) => {
    const wanted = want.resources[resource.name]
    return wanted === undefined ? [] : [resource.plan(wanted as never, seen, want)]
  }),
)

/** An upgrade that wiped the host's record, say: nobody should take the causes for the host's own word. */
function recallWarning(seen: Seen, { record }: Recall): readonly string[] {
  if (seen.facts.record !== undefined || record === undefined) return []
  return [`the host holds no record of earlier runs: the causes rest on what this controller remembers of run ${record.run} (${record.at})`]
}

function versionWarning(want: HostWant, seen: Seen): readonly string[] {
  const rule = want.profile?.version
  if (rule === undefined || seen.facts.version !== undefined) return []
  const printed =
    seen.sections
      .find((section) => section.kind === 'version')
      ?.body.trim()
      .split('\n')[0] ?? ''
  return [
    `the version of ${want.profile?.name} could not be read: ${printed === '' ? 'its command printed nothing' : printed.slice(0, 200)}`,
  ]
}

/** Live before boot; what cannot be undone comes last among the values. */
function order(steps: readonly Step[]): readonly Step[] {
  const rank = (step: Step) => {
    const { effect } = step
    if (effect.kind === 'once') return effect.layer === 'live' ? 0 : 4
    if (effect.kind === 'chain') return 1
    if (effect.kind === 'value') return effect.noUndo === undefined ? 2 : 3
    return 5
  }
  return steps
    .map((step, index) => ({ step, index }))
    .sort((a, b) => rank(a.step) - rank(b.step) || a.index - b.index)
    .map(({ step }) => step)
}

function withCauses(step: Step, want: HostWant, seen: Seen, now: string, recall: Recall): Step {
  return { ...step, changes: step.changes.map((change) => ({ ...change, cause: causeOf(change, want, seen, now, recall) })) }
}

function causeOf(change: Change, want: HostWant, seen: Seen, now: string, recall: Recall): Cause {
  const record = seen.facts.record ?? recall.record
  const id = idOf(change)
  const old = record?.items[change.resource]?.[id]
  if (record === undefined || old === undefined) return 'new'
  const item = itemsById(change.resource, want.resources[change.resource]).get(id)
  if (item === undefined || digest(item.want) !== old.want) return 'intent'
  if (record.version !== undefined && seen.facts.version !== undefined && record.version !== seen.facts.version) return 'upgrade'
  const recent = old.corrected.filter((time) => Date.parse(now) - Date.parse(time) < (recall.contestedWithin ?? 24) * 3_600_000)
  return recent.length >= 3 ? 'contested' : 'drift'
}

/** The record's name of what a change is about: the key, or the id after `family table chain`. */
export function idOf(change: Change): string {
  if (change.resource !== 'iptables') return change.at
  const [, , chain, ...rest] = change.at.split(' ')
  const id = rest.join(' ')
  return id === 'rule' || id === 'policy' ? `chain:${chain}` : id
}

function wantedItems(want: HostWant): readonly { readonly resource: string; readonly item: WantedItem }[] {
  return resources.flatMap((resource) => {
    const wanted = want.resources[resource.name]
    return wanted === undefined ? [] : itemsOf(resource.name, wanted).map((item) => ({ resource: resource.name, item }))
  })
}

const itemsOf = bySame((name: string, wanted: unknown): readonly WantedItem[] =>
  wanted === undefined ? [] : (resources.find((resource) => resource.name === name)?.items(wanted as never) ?? []),
)

const itemsById = bySame(
  (name: string, wanted: unknown): ReadonlyMap<string, WantedItem> =>
    new Map(itemsOf(name, wanted).map((item) => [item.id, item] as const)),
)

const digest = byText((text) => cksum(encodeBytes(text)))

/** The record that a settled run leaves: this run's items, and those of playbooks that were no part of it. */
export function nextRecord(run: string, want: HostWant, seen: Seen, steps: readonly Step[], now: string, recall: Recall = {}): HostRecord {
  const old = seen.facts.record ?? recall.record
  const items: Record<string, Record<string, RecordItem>> = {}
  for (const [resource, known] of Object.entries(old?.items ?? {})) {
    const stays = Object.entries(known).filter(([, item]) => !want.mayRemove || !want.playbooks.includes(item.playbook))
    items[resource] = Object.fromEntries(stays)
  }
  const corrections = steps.flatMap((step) => step.changes).filter(({ cause }) => cause !== 'new' && cause !== 'intent')
  const corrected = new Set(corrections.map((change) => `${change.resource} ${idOf(change)}`))
  for (const { resource, item } of wantedItems(want)) {
    const before = old?.items[resource]?.[item.id]
    items[resource] ??= {}
    items[resource][item.id] = {
      playbook: item.playbook,
      want: digest(item.want),
      corrected: [...(before?.corrected ?? []), ...(corrected.has(`${resource} ${item.id}`) ? [now] : [])].slice(-3),
      ...(item.play === undefined ? {} : { play: item.play }),
      ...(item.where === undefined ? {} : { where: item.where }),
    }
  }
  return {
    format: 1,
    run,
    at: now,
    ...(seen.facts.version === undefined ? {} : { version: seen.facts.version }),
    bootId: seen.facts.bootId,
    items,
  }
}
