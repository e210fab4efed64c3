import { commonSubsequence } from '../resources/iptables/lcs.js'

/** Lines of a file with their ends, so that joined they are the file again. */
const linesOf = (text: string): readonly string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? []

interface Hunk {
  /** What the run wrote: its lines `from` to `to` (exclusive) of the text after it. */
  readonly from: number
  readonly to: number
  readonly old: readonly string[]
}

/**
 * A file that was edited since a run turned it from `before` into `after`, without the run's own edit; undefined where that is not
 * unambiguous: lines of the run were changed, or stand in other numbers than it left them.
 */
export function withoutEdit(before: string, after: string, now: string): string | undefined {
  const [old, written, lines] = [linesOf(before), linesOf(after), linesOf(now)]
  const stands = new Map(commonSubsequence(written, lines))
  const edits: { readonly at: number; readonly remove: number; readonly insert: readonly string[] }[] = []
  for (const hunk of hunksOf(old, written)) {
    const own = written.slice(hunk.from, hunk.to)
    if (isBack(hunk, own, old, lines)) continue
    const at = own.length > 0 ? placeOf(hunk, own, written, lines, stands) : gapOf(hunk.from, written, lines, stands)
    if (at === undefined) return undefined
    edits.push({ at, remove: own.length, insert: hunk.old })
  }
  const result = [...lines]
  for (const { at, remove, insert } of edits.sort((a, b) => b.at - a.at)) result.splice(at, remove, ...insert)
  return result.join('')
}

function hunksOf(old: readonly string[], written: readonly string[]): readonly Hunk[] {
  const hunks: Hunk[] = []
  let [i, j] = [0, 0]
  for (const [nextI, nextJ] of [...commonSubsequence(old, written), [old.length, written.length] as const]) {
    if (nextI > i || nextJ > j) hunks.push({ from: j, to: nextJ, old: old.slice(i, nextI) })
    ;[i, j] = [nextI + 1, nextJ + 1]
  }
  return hunks
}

const count = (lines: readonly string[], line: string): number => lines.filter((other) => other === line).length

/** Nothing of what the run wrote is there any more, and all that it took away is. */
function isBack({ old }: Hunk, own: readonly string[], before: readonly string[], lines: readonly string[]): boolean {
  const left = own.some((line) => count(lines, line) > count(before, line))
  const missing = old.some((line) => count(lines, line) < count(before, line))
  return !left && !missing
}

/** Where the run's lines stand: all of them, one below the other, and no other copy of one. */
function placeOf(
  { from, to }: Hunk,
  own: readonly string[],
  written: readonly string[],
  lines: readonly string[],
  stands: ReadonlyMap<number, number>,
): number | undefined {
  const start = stands.get(from)
  if (start === undefined) return undefined
  for (let at = from; at < to; at++) if (stands.get(at) !== start + at - from) return undefined
  return own.every((line) => line.trim() === '' || count(lines, line) === count(written, line)) ? start : undefined
}

/** Where lines that the run took away come back: behind the line above, else before the one below, if that still stands once. */
function gapOf(at: number, written: readonly string[], lines: readonly string[], stands: ReadonlyMap<number, number>): number | undefined {
  if (lines.length === 0) return 0
  const sure = (index: number): number | undefined => {
    const line = written[index]
    return line !== undefined && count(lines, line) === count(written, line) ? stands.get(index) : undefined
  }
  const above = sure(at - 1)
  return above === undefined ? sure(at) : above + 1
}
