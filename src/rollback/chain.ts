import { pairLines } from '../resources/iptables/edits.js'
import { ownId } from '../resources/iptables/tokens.js'
import type { ChainState, Change, Effect, Line } from '../types.js'

type ChainEffect = Extract<Effect, { kind: 'chain' }>

/**
 * What a chain is to be once a run is taken back: the run's lines go wherever they stand, those that it removed come back behind the nearest
 * old neighbour that still stands, everything of others stays. null = no such chain.
 */
export function chainBefore({ before, after }: ChainEffect, now: ChainState | null): ChainState | null {
  if (now === null) return before === null ? null : after === null ? before : null
  const lines = linesBefore(before?.lines ?? [], after?.lines ?? [], now.lines)
  if (before === null && lines.length === 0 && now.policy === undefined) return null
  const policy = before?.policy !== undefined && now.policy === after?.policy ? before.policy : now.policy
  return policy === undefined ? { lines } : { policy, lines }
}

function linesBefore(before: readonly Line[], after: readonly Line[], now: readonly Line[]): readonly Line[] {
  if (now.join('\n') === after.join('\n')) return before
  const pairs = pairLines(before, after)
  const [kept, stayed] = [new Set(pairs.map(([i]) => i)), new Set(pairs.map(([, j]) => j))]
  const settled = sameOrder(before, now)
  const moved = (line: Line) => before.includes(line) && after.includes(line)
  const gone = before.flatMap((line, at) => (kept.has(at) || (settled && moved(line)) ? [] : [{ line, at }]))
  const came = after.filter((line, at) => !stayed.has(at) && !(settled && moved(line)))
  const count = (lines: readonly Line[], line: Line) => lines.filter((other) => other === line).length
  const result = [...now]
  for (const line of came) {
    const stays = count(before, line) - gone.filter((one) => one.line === line).length
    while (count(result, line) > stays) result.splice(result.indexOf(line), 1)
  }
  for (const { line, at } of gone) if (count(result, line) < count(before, line)) result.splice(placeOf(before, at, result), 0, line)
  return result
}

/** Whether the old lines that still stand are in the old order: what the run moved is then back already. */
function sameOrder(before: readonly Line[], now: readonly Line[]): boolean {
  const old = before.filter((line) => now.includes(line))
  const standing = now.filter((line) => before.includes(line))
  return old.join('\n') === standing.join('\n')
}

function placeOf(before: readonly Line[], at: number, lines: readonly Line[]): number {
  // Of equal copies the one with the same number, else the last.
  const standing = (index: number): number => {
    const copies = lines.flatMap((line, place) => (line === before[index] ? [place] : []))
    const number = before.slice(0, index).filter((line) => line === before[index]).length
    return copies[number] ?? copies.at(-1) ?? -1
  }
  for (let above = at - 1; above >= 0; above--) if (standing(above) >= 0) return standing(above) + 1
  for (let below = at + 1; below < before.length; below++) if (standing(below) >= 0) return standing(below)
  return lines.length
}

/** The differences of one chain as a person reads them: a line each, a change of policy, the chain itself. */
export function chainChanges(effect: ChainEffect): readonly Change[] {
  const { family, table, chain, before, after } = effect
  const at = (id: string) => ({ resource: 'iptables', layer: 'live', at: `${family} ${table} ${chain} ${id}`, cause: 'intent' }) as const
  const pairs = pairLines(before?.lines ?? [], after?.lines ?? [])
  const [kept, stayed] = [new Set(pairs.map(([i]) => i)), new Set(pairs.map(([, j]) => j))]
  const gone = (before?.lines ?? []).flatMap((line, index) => (kept.has(index) ? [] : [{ line, index }]))
  const came = (after?.lines ?? []).flatMap((line, index) => (stayed.has(index) ? [] : [{ line, index }]))
  const name = (line: Line) => at(ownId(line) ?? 'rule')
  const policy =
    before?.policy === after?.policy || before === null || after === null
      ? []
      : [{ ...at('policy'), before: before.policy ?? '', after: after.policy ?? '' }]
  return [
    ...(before === null && after !== null ? [{ ...at(`chain:${chain}`), after: '' }] : []),
    ...(before !== null && after === null ? [{ ...at(`chain:${chain}`), before: '' }] : []),
    ...policy,
    ...gone.map(({ line, index }) => ({ ...name(line), before: line, from: index + 1 })),
    ...came.map(({ line, index }) => ({ ...name(line), after: line, to: index + 1 })),
  ]
}
