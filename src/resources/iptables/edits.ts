import type { ChainState, Line } from '../../types.js'
import { commonSubsequence, type Pair } from './lcs.js'
import { joinRestore, ownId } from './tokens.js'

const rule = (command: string, chain: string, line: Line): string => `${command} ${joinRestore([chain])} ${line}`.trimEnd()

/** Of equal copies the last ones stay, since `-D` takes the first. */
const pairsFromBelow = (before: readonly Line[], after: readonly Line[]): readonly Pair[] =>
  commonSubsequence(before.toReversed(), after.toReversed())
    .map(([i, j]): Pair => [before.length - 1 - i, after.length - 1 - j])
    .reverse()

/**
 * The lines of a chain that stay, as index pairs in rising order. Foreign lines are paired first: where a foreign and an own one change
 * places, the foreign one keeps its counters.
 */
export const pairLines = (before: readonly Line[], after: readonly Line[]): readonly Pair[] => {
  const foreign = (lines: readonly Line[]): readonly number[] => lines.flatMap((line, at) => (ownId(line) === undefined ? [at] : []))
  const [from, to] = [foreign(before), foreign(after)]
  const fixed = pairsFromBelow(
    from.map((at) => before[at]!),
    to.map((at) => after[at]!),
  ).map(([i, j]): Pair => [from[i]!, to[j]!])
  const pairs: Pair[] = []
  let [i, j] = [0, 0]
  for (const [nextI, nextJ] of [...fixed, [before.length, after.length] as const]) {
    const [startI, startJ] = [i, j]
    const inside = pairsFromBelow(before.slice(i, nextI), after.slice(j, nextJ))
    pairs.push(...inside.map(([a, b]): Pair => [startI + a, startJ + b]))
    if (nextI < before.length && nextJ < after.length) pairs.push([nextI, nextJ])
    ;[i, j] = [nextI + 1, nextJ + 1]
  }
  return pairs
}

/** `-D` takes the first equal copy: where a later one should go, every copy down to it goes, and those that stay are written again. */
const lastUnpaired = (before: readonly Line[], paired: ReadonlySet<number>): ReadonlyMap<Line, number> => {
  const last = new Map<Line, number>()
  for (const [at, line] of before.entries()) if (!paired.has(at)) last.set(line, at)
  return last
}

const lineEdits = (before: readonly Line[], after: readonly Line[], chain: string): readonly string[] => {
  const pairs = pairLines(before, after)
  const last = lastUnpaired(before, new Set(pairs.map(([i]) => i)))
  const goes = (at: number): boolean => at <= (last.get(before[at]!) ?? -1)
  const stays = new Set(pairs.filter(([i]) => !goes(i)).map(([, j]) => j))
  const deletes = before.flatMap((line, at) => (goes(at) ? [rule('-D', chain, line)] : []))
  // Inserted from the top down: what stands above is final by then, so the number is the place in the result.
  let below = stays.size
  const inserts = after.flatMap((line, at) => {
    if (!stays.has(at)) return [below === 0 ? rule('-A', chain, line) : rule('-I', chain, `${at + 1} ${line}`)]
    below--
    return []
  })
  return [...deletes, ...inserts]
}

/** One chain's edit; null = no such chain. */
export interface ChainChange {
  readonly chain: string
  readonly before: ChainState | null
  readonly after: ChainState | null
}

interface Parts {
  readonly create: readonly string[]
  readonly change: readonly string[]
  readonly flush: readonly string[]
  readonly remove: readonly string[]
}

const partsOf = ({ chain, before, after }: ChainChange): Parts => {
  const name = joinRestore([chain])
  const builtIn = before?.policy !== undefined || after?.policy !== undefined
  if (before && !after && !builtIn) return { create: [], change: [], flush: [`-F ${name}`], remove: [`-X ${name}`] }
  const target: ChainState = after ?? (builtIn ? { policy: 'ACCEPT', lines: [] } : { lines: [] })
  const policy = target.policy !== undefined && target.policy !== before?.policy ? [`:${chain} ${target.policy} [0:0]`] : []
  const create = after && !before && !builtIn ? [`-N ${name}`] : []
  return { create, change: [...policy, ...lineEdits(before?.lines ?? [], target.lines, chain)], flush: [], remove: [] }
}

/**
 * The commands that turn the chains of one table from before into after, for one `iptables-restore --noflush` batch: new chains first, removed
 * ones last. A built-in chain that is null has policy ACCEPT and no rules.
 */
export const tableEdits = (chains: readonly ChainChange[]): readonly string[] => {
  const parts = chains.map(partsOf)
  return (['create', 'change', 'flush', 'remove'] as const).flatMap((part) => parts.flatMap((edit) => edit[part]))
}

/**
 * The commands that turn one chain from before into after, with the fewest lines touched. Deletes go by text: by number they would hit a
 * stranger's rule when somebody has inserted one above in the meantime.
 */
export const edits = (before: ChainState | null, after: ChainState | null, chain: string): readonly string[] =>
  tableEdits([{ chain, before, after }])
