import { bySame, byText } from '../../by-text.js'
import type { Backend, ChainState, Change, Step } from '../../types.js'
import { targetOf } from './chain-target.js'
import { type Group, isBuiltin, placeName } from './groups.js'
import { idleGlobs } from './ignored.js'
import { chainOf, type Ruleset } from './ruleset.js'
import { shadowedBy } from './shadow.js'
import { ownId } from './tokens.js'

/** The live ruleset's part of a plan: a chain effect for each chain that differs. */
export interface LayerPlan {
  readonly steps: readonly Step[]
  readonly warnings: readonly string[]
  readonly refused: readonly string[]
}

/** Compares every group with the running kernel's rules. */
export function planLive(
  groups: readonly Group[],
  rulesets: (family: Group['family']) => Ruleset | undefined,
  backend: Backend,
): LayerPlan {
  const parts = groups.map((group): LayerPlan => {
    const ruleset = rulesets(group.family)
    if (ruleset === undefined)
      return { steps: [], warnings: [], refused: [`there is no ${group.family === 'ipv4' ? 'iptables' : 'ip6tables'} on this host`] }
    const before = chainOf(ruleset, group.table, group.chain, group.builtin)
    return planChain(group, before, backend)
  })
  return joinPlans(parts)
}

interface ChainInput {
  readonly group: Group
  readonly before?: ChainState
  readonly backend: Backend
}

/** A chain that stands alike on many hosts is compared once. */
const planChain = bySame((group: Group, before: ChainState | undefined, backend: Backend) =>
  planText(JSON.stringify({ group, before, backend })),
)

const planText = byText((input): LayerPlan => {
  const { group, before, backend } = JSON.parse(input) as ChainInput
  const { after, changes, refused } = targetOf(group, before, 'live')
  if (refused.length > 0 || after === undefined) return { steps: [], warnings: [], refused }
  const warnings = after === null ? [] : [...idleGlobs(group, before, after), ...shadows(group, after.lines)]
  if (changes.length === 0) return { steps: [], warnings, refused: [] }
  const effect = {
    kind: 'chain',
    backend,
    family: group.family,
    table: group.table,
    chain: group.chain,
    before: before ?? null,
    after,
  } as const
  return { steps: [{ changes, effect }], warnings, refused: [] }
})

/** The plans of several chains or files as one of the layer. */
export function joinPlans(parts: readonly LayerPlan[]): LayerPlan {
  return {
    steps: parts.flatMap((part) => part.steps),
    warnings: parts.flatMap((part) => part.warnings),
    refused: parts.flatMap((part) => part.refused),
  }
}

function shadows(group: Group, lines: readonly string[]): readonly string[] {
  const ids = new Set(group.items.map((item) => item.id))
  const byHand = new Map(group.items.flatMap((item) => item.lines.map((line) => [line, item.id] as const)).reverse())
  return lines.flatMap((line, index) => {
    const id = ownId(line) ?? byHand.get(line)
    if (id === undefined || !ids.has(id)) return []
    const number = shadowedBy(lines, index)
    if (number === undefined) return []
    return [`rule ${id} can never match: rule ${number} of ${placeName(group)} above it ends its packets (${lines[number - 1]})`]
  })
}

/** Own rules that nothing explains: neither a playbook of this run nor the record. With prune they go. */
export function orphans(
  rulesets: (family: Group['family']) => Ruleset | undefined,
  known: ReadonlySet<string>,
): readonly { readonly family: Group['family']; readonly table: string; readonly chain: string; readonly id: string }[] {
  return (['ipv4', 'ipv6'] as const).flatMap((family) =>
    ownIds(rulesets(family) ?? none)
      .filter(({ id }) => !known.has(id))
      .map((own) => ({ family, ...own })),
  )
}

const none: Ruleset = new Map()

const ownIds = bySame((ruleset: Ruleset) =>
  [...ruleset].flatMap(([table, chains]) =>
    [...chains].flatMap(([chain, state]) =>
      [...new Set(state.lines.flatMap((line) => ownId(line) ?? []))].map((id) => ({ table, chain, id })),
    ),
  ),
)

/** A group that only removes ids from one chain. */
export function removalGroup(where: { family: Group['family']; table: string; chain: string }, ids: readonly string[]): Group {
  return { ...where, builtin: isBuiltin(where.table, where.chain), items: [], remove: ids, absent: [], dropChain: false }
}

/** Changes with a note on where the boot layer lives. */
export function noted(changes: readonly Change[], note: string): readonly Change[] {
  return changes.map((change) => ({ ...change, note }))
}
