import { bySame } from './by-text.js'
import { recordFile } from './script/facts.js'
import type { HostWant, Section, Seen } from './types.js'

/** What is wanted of a host but for its name: hosts of which the same is wanted get the same value. */
export function kindOf(want: HostWant): HostWant {
  const known = kinds.get(want)
  if (known !== undefined) return known
  const { iptables, ...others } = want.resources
  const kind = sameKind(JSON.stringify({ ...want, host: '', resources: others }), iptables)
  kinds.set(want, kind)
  return kind
}

const kinds = new WeakMap<HostWant, HostWant>()

/** Rules are many, and mostly the same value for all hosts: the rest tells wants apart. */
const sameKind = bySame((rest: string, iptables: unknown): HostWant => {
  const want = JSON.parse(rest) as HostWant
  return { ...want, resources: { ...want.resources, ...(iptables !== undefined && { iptables }) } }
})

/**
 * What was seen of a host, without what no plan turns on: counters, dates, addresses, when it was booted and last settled. Hosts that hold
 * the same get the same value, so that what is made of it can be made once; it must not be changed.
 */
export function alike(seen: Seen): Seen {
  const known = met.get(seen)
  if (known !== undefined) return known
  const facts = stillFacts(seen)
  const sections = seen.sections.flatMap(still)
  const words = JSON.stringify(facts)
  const before = last.find((one) => one.words === words && areSame(one.seen.sections, sections))
  const one = before ?? { words, seen: { facts, sections } }
  if (before === undefined) last.unshift(one)
  if (last.length > remembered) last.pop()
  met.set(seen, one.seen)
  return one.seen
}

const met = new WeakMap<Seen, Seen>()
const last: { readonly words: string; readonly seen: Seen }[] = []
const remembered = 16

function stillFacts({ facts: { record, ...facts } }: Seen): Seen['facts'] {
  const items = record && { record: { format: 1, run: '', at: '', bootId: '', items: record.items } as const }
  return { ...facts, bootId: '', ...items }
}

/** The record is among the facts, as far as it counts. */
function still(section: Section): readonly Section[] {
  const { kind, name, body } = section
  if (kind === 'facts' || (kind === 'file' && name === recordFile)) return []
  if (kind === 'inet6') return [{ kind, name, body: withoutAddresses(body) }]
  return rulesets.test(`${kind} ${name}`) ? [{ kind, name, body: body.replace(lively, '$1$2') }] : [section]
}

/** What iptables-save printed. */
const rulesets = /^(save \S+|spell|boot|script) ipv[46]\b/

/** Dates in remarks, counters behind policies. */
const lively = /(^|\n)(?:#[^\n]*|(:\S+ \S+) \[[^\n]*)/g

const withoutAddresses = (body: string): string => body.replace(/ \S*$/gm, ' -').split('\n').sort().join('\n')

function areSame(some: readonly Section[], others: readonly Section[]): boolean {
  return some.length === others.length && some.every((one, at) => isSame(one, others[at]!))
}

const isSame = (one: Section, other: Section): boolean => one.kind === other.kind && one.name === other.name && one.body === other.body
