import type { ChainState, Change, Layer, Line } from '../../types.js'
import { type Group, placeName } from './groups.js'
import { isIgnored } from './ignored.js'
import { commonSubsequence } from './lcs.js'
import { type PlaceInput, place } from './place.js'
import { isSettled } from './settled.js'
import { ownId } from './tokens.js'

/** A chain as it should be (null = gone, undefined = there is none and none is wanted), and what that changes. */
export interface Target {
  readonly after: ChainState | null | undefined
  readonly changes: readonly Change[]
  readonly refused: readonly string[]
}

/** Jumps that a daemon keeps for itself: no `exact` takes them away. */
const foreignJump = /(^| )-[jg] (DOCKER|f2b-|KUBE-|ufw)/

/** Works out one chain of one layer. `before` undefined: the chain is not there. */
export function targetOf(group: Group, before: ChainState | undefined, layer: Layer): Target {
  const name = placeName(group)
  if (group.dropChain && group.owned === undefined) return dropped(group, before, layer)
  const exact = ownedState(group, before, layer)
  const input: PlaceInput = { live: exact.state?.lines ?? [], items: group.items, remove: group.remove, absent: group.absent }
  const placed = isSettled(input) ? { lines: input.live, changes: [], failures: [] } : place(input)
  if (exact.state === undefined) {
    const missing = group.items.some((item) => item.lines.length > 0)
    return { after: undefined, changes: [], refused: missing ? [`${name}: there is no such chain (${layer})`] : [] }
  }
  const refused = placed.failures.map(
    (failure) => `${name} (${layer}): ${failure}; the chain holds:\n${quoteChain(exact.state?.lines ?? [])}`,
  )
  const changes = placed.changes.map((change) => ({
    resource: 'iptables',
    layer,
    at: `${name} ${change.id}`,
    ...(change.before === undefined ? {} : { before: change.before }),
    ...(change.after === undefined ? {} : { after: change.after }),
    ...(change.from === undefined ? {} : { from: change.from }),
    ...(change.to === undefined ? {} : { to: change.to }),
    cause: 'new' as const,
  }))
  return { after: { ...exact.state, lines: placed.lines }, changes: [...exact.changes, ...changes], refused }
}

function quoteChain(lines: readonly Line[]): string {
  if (lines.length === 0) return '  (no rules)'
  const shown = lines.slice(0, 40).map((line, index) => `  ${index + 1} ${line}`)
  return [...shown, ...(lines.length > 40 ? [`  ... and ${lines.length - 40} more`] : [])].join('\n')
}

function dropped(group: Group, before: ChainState | undefined, layer: Layer): Target {
  if (before === undefined) return { after: undefined, changes: [], refused: [] }
  const at = `${placeName(group)} chain:${group.chain}`
  const change = { resource: 'iptables', layer, at, before: before.lines.join('\n'), cause: 'intent' as const }
  return { after: group.builtin ? before : null, changes: group.builtin ? [] : [change], refused: [] }
}

/** The chain with its owned part in place, before any placed rule. */
function ownedState(
  group: Group,
  before: ChainState | undefined,
  layer: Layer,
): { state: ChainState | undefined; changes: readonly Change[] } {
  const owned = group.owned
  if (owned === undefined) return { state: before, changes: [] }
  const at = (what: string) => `${placeName(group)} ${what}`
  const changes: Change[] = []
  if (before === undefined) changes.push({ resource: 'iptables', layer, at: at(`chain:${group.chain}`), after: '', cause: 'new' })
  const now: ChainState = before ?? { lines: [] }
  const policy = owned.chain.policy
  if (policy !== undefined && policy !== now.policy)
    changes.push({
      resource: 'iptables',
      layer,
      at: at('policy'),
      ...(now.policy === undefined ? {} : { before: now.policy }),
      after: policy,
      cause: 'new',
    })
  const whole = !group.builtin || owned.chain.exact
  const lines = whole ? exactLines(now.lines, owned.lines, (line) => keeps(group, line)) : now.lines
  changes.push(...lineChanges(now.lines, lines, layer, at('rule')))
  return { state: { ...now, ...(policy === undefined ? {} : { policy }), lines }, changes }
}

/** In an `exact` built-in chain own placed rules, daemons' jumps and what `ignore` names stay. */
function keeps(group: Group, line: Line): boolean {
  if (ownId(line) !== undefined) return true
  if (!group.builtin) return false
  return foreignJump.test(line) || isIgnored(group, line)
}

/** The wanted lines in order, with the kept ones where they stood: behind the nearest wanted line above them. */
function exactLines(live: readonly Line[], wanted: readonly Line[], keep: (line: Line) => boolean): readonly Line[] {
  const match = new Map(commonSubsequence(live, wanted))
  const result: Line[] = []
  let next = 0
  for (const [at, line] of live.entries()) {
    const to = match.get(at)
    if (to !== undefined) {
      result.push(...wanted.slice(next, to + 1))
      next = to + 1
    } else if (keep(line)) result.push(line)
  }
  return [...result, ...wanted.slice(next)]
}

function lineChanges(before: readonly Line[], after: readonly Line[], layer: Layer, at: string): readonly Change[] {
  const pairs = commonSubsequence(before, after)
  const kept = new Set(pairs.map(([from]) => from))
  const stayed = new Set(pairs.map(([, to]) => to))
  const base = { resource: 'iptables', layer, at, cause: 'new' as const }
  return [
    ...before.flatMap((line, index) => (kept.has(index) ? [] : [{ ...base, before: line, from: index + 1 }])),
    ...after.flatMap((line, index) => (stayed.has(index) ? [] : [{ ...base, after: line, to: index + 1 }])),
  ]
}
