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
  const hunks = hunksOf(old, written)
  const texts = (hunk: Hunk) => written.slice(hunk.from, hunk.to)
  if (isBack(hunks.flatMap(texts), old, lines)) return now
  const stands = new Map(commonSubsequence(written, lines))
  const places = hunks.map((hunk) => placeOf(hunk, texts(hunk), old, written, lines, stands))
  const goes = hunks.flatMap((hunk, index) => (typeof places[index] === 'number' ? texts(hunk) : []))
  const comes = hunks.flatMap((hunk) => hunk.old)
  const edits: { readonly at: number; readonly remove: number; readonly insert: readonly string[] }[] = []
  for (const [index, hunk] of hunks.entries()) {
    const place = places[index]
    const insert = comesBack(hunk.old, old, (line) => count(lines, line) - count(goes, line), comes)
    const at = typeof place === 'number' ? place : insert === false ? 0 : gapOf(hunk.from, hunk.to, written, lines, stands)
    const replaced = place === 'gone' && hunk.to > hunk.from && insert === true
    if (replaced || place === 'unclear' || insert === 'unclear' || at === undefined) return undefined
    edits.push({ at, remove: typeof place === 'number' ? hunk.to - hunk.from : 0, insert: insert ? hunk.old : [] })
  }
  const result = [...lines]
  for (const { at, remove, insert } of edits.reverse().sort((a, b) => b.at - a.at)) result.splice(at, remove, ...insert)
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

/** The old lines stand in the old order, and nothing more of what the run wrote. */
function isBack(own: readonly string[], old: readonly string[], lines: readonly string[]): boolean {
  const known = new Set(old)
  return lines.filter((line) => known.has(line)).join('') === old.join('') && own.every((line) => count(lines, line) <= count(old, line))
}

/** Where the run's lines stand: all of them, one below the other, and no other copy of one; or that none of them stands any more. */
function placeOf(
  { from, to }: Hunk,
  own: readonly string[],
  old: readonly string[],
  written: readonly string[],
  lines: readonly string[],
  stands: ReadonlyMap<number, number>,
): number | 'gone' | 'unclear' {
  const start = stands.get(from)
  const whole = own.length > 0 && start !== undefined && own.every((_, at) => stands.get(from + at) === start + at) && to > from
  if (whole) return own.every((line) => line.trim() === '' || count(lines, line) === count(written, line)) ? start : 'unclear'
  return own.every((line) => count(lines, line) <= Math.min(count(old, line), count(written, line) - 1)) ? 'gone' : 'unclear'
}

/** Whether lines that the run took away are to come back: they all are missing, and as many copies as it took. */
function comesBack(
  lines: readonly string[],
  old: readonly string[],
  left: (line: string) => number,
  all: readonly string[],
): boolean | 'unclear' {
  if (lines.every((line) => left(line) >= count(old, line))) return false
  return lines.every((line) => left(line) + count(all, line) === count(old, line)) ? true : 'unclear'
}

/** Where lines that the run took away come back: behind the line above, else before the one below, if that still stands once. */
function gapOf(
  from: number,
  to: number,
  written: readonly string[],
  lines: readonly string[],
  stands: ReadonlyMap<number, number>,
): number | undefined {
  if (lines.length === 0) return 0
  const sure = (index: number): number | undefined => {
    const line = written[index]
    return line !== undefined && count(lines, line) === count(written, line) ? stands.get(index) : undefined
  }
  const above = sure(from - 1)
  return above === undefined ? sure(to) : above + 1
}
