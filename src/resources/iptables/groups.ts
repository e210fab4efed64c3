import { bySame } from '../../by-text.js'
import type { Family, HostRecord, HostWant, Line, Seen } from '../../types.js'
import type { Anchored, Claim, Item, PlaceInput } from './place.js'
import type { NumberedWant } from './requests.js'
import type { Spelling } from './spelled.js'
import { builtinChains, type OwnedChain } from './want.js'

/** Everything that is wanted of one chain, spelled; the same for both layers. */
export interface Group {
  readonly family: Family
  readonly table: string
  readonly chain: string
  readonly builtin: boolean
  readonly items: readonly Item[]
  readonly remove: readonly string[]
  readonly absent: PlaceInput['absent']
  readonly owned?: { readonly chain: OwnedChain; readonly lines: readonly Line[] }
  /** An owned chain that no playbook names any more. */
  readonly dropChain: boolean
}

/** The groups of a host in the want's order, and the host's own words for rules that it cannot spell. */
export interface Grouped {
  readonly groups: readonly Group[]
  readonly refused: readonly string[]
}

type Draft = { -readonly [K in keyof Group]: Group[K] extends readonly (infer E)[] ? E[] : Group[K] }

/** `ipv4 filter INPUT`: what `where` of the record holds. */
export function placeName(item: { family: string; table: string; chain: string }): string {
  return `${item.family} ${item.table} ${item.chain}`
}

/** Sorts the want by chain, with the removals that the record explains. */
export function groupWant(numbered: NumberedWant, spelling: Spelling, host: HostWant, seen: Seen): Grouped {
  const recorded = host.mayRemove ? (seen.facts.record?.items.iptables ?? {}) : {}
  return groupsOf(numbered, spelling, JSON.stringify(forgotten(numbered, recorded, host.playbooks)))
}

type Forgotten = readonly { readonly id: string; readonly where: string }[]
type Recorded = HostRecord['items'][string]

/** `gone` is what `forgotten` found, as JSON: of what a record holds, no more turns on it. */
const groupsOf = bySame((numbered: NumberedWant, spelling: Spelling, gone: string): Grouped => {
  const drafts = new Map<string, Draft>()
  const refused: string[] = []
  const draft = (family: Family, table: string, chain: string): Draft => {
    const name = placeName({ family, table, chain })
    const one = drafts.get(name) ?? emptyDraft(family, table, chain)
    drafts.set(name, one)
    return one
  }
  const spelled = (request: number, what: string): readonly Line[] => {
    const lines = spelling.lines.get(request)
    if (lines !== undefined) return lines
    const { family, table, chain, spec } = numbered.requests[request]!
    refused.push(
      `${what} (${family} ${table} ${chain}: ${spec.join(' ')}): ${spelling.errors.get(request) ?? 'this host did not say how it spells it'}`,
    )
    return []
  }
  for (const { rule, specs, anchors } of numbered.rules) {
    const place = claimOf(rule.place.kind, anchors, spelling)
    if (typeof place === 'string') refused.push(`rule ${rule.id}: ${place}`)
    else
      draft(rule.family, rule.table, rule.chain).items.push({
        id: rule.id,
        lines: specs.flatMap((one) => spelled(one, `rule ${rule.id}`)),
        place,
      })
  }
  for (const { rule, spec } of numbered.absent) {
    const group = draft(rule.family, rule.table, rule.chain)
    if (rule.id !== undefined && spec === undefined) group.remove.push(rule.id)
    if (spec !== undefined) for (const line of spelled(spec, 'an absent rule')) group.absent.push({ id: rule.id ?? 'absent', line })
  }
  for (const { chain, specs } of numbered.chains)
    draft(chain.family, chain.table, chain.name).owned = { chain, lines: specs.flatMap((one) => spelled(one, `chain ${chain.name}`)) }
  for (const { where, id } of JSON.parse(gone) as Forgotten) {
    const [family, table, chain] = where.split(' ') as [Family, string, string]
    if (id === `chain:${chain}`) draft(family, table, chain).dropChain = true
    else draft(family, table, chain).remove.push(id)
  }
  return { groups: [...drafts.values()], refused }
})

function emptyDraft(family: Family, table: string, chain: string): Draft {
  return { family, table, chain, builtin: isBuiltin(table, chain), items: [], remove: [], absent: [], dropChain: false }
}

/** Whether the table has that chain by itself. */
export function isBuiltin(table: string, chain: string): boolean {
  return (builtinChains[table] ?? []).includes(chain)
}

/** The place with its anchors spelled. An anchor that this host cannot spell cannot stand there either; with none left it is a sentence. */
function claimOf(kind: Claim['kind'], anchors: NumberedWant['rules'][number]['anchors'], spelling: Spelling): Claim | string {
  if (kind !== 'after' && kind !== 'before') return { kind }
  const known = anchors.flatMap((anchor): Anchored[] => {
    if ('id' in anchor) return [anchor]
    return (spelling.lines.get(anchor.request) ?? []).slice(0, 1).map((line) => ({ line }))
  })
  if (known.length > 0) return { kind, anchors: known }
  return `this host cannot spell its anchor: ${anchors.map((anchor) => ('id' in anchor ? anchor.id : spelling.errors.get(anchor.request))).join('; ')}`
}

/** What a playbook of this run once put here and no longer names for this host. */
function forgotten(numbered: NumberedWant, recorded: Recorded, playbooks: readonly string[]): Forgotten {
  const wanted = placesOf(numbered)
  return Object.entries(recorded).flatMap(([id, item]) => {
    if (!playbooks.includes(item.playbook)) return []
    return (item.where ?? []).filter((where) => !wanted.has(`${where} ${id}`)).map((where) => ({ id, where }))
  })
}

/** Each wanted id with its place. */
const placesOf = bySame(
  (numbered: NumberedWant): ReadonlySet<string> =>
    new Set([
      ...numbered.rules.map(({ rule }) => `${placeName(rule)} ${rule.id}`),
      ...numbered.chains.map(({ chain }) => `${placeName({ ...chain, chain: chain.name })} chain:${chain.name}`),
    ]),
)
