/** A line of a comparison: kept, taken out, put in; `before` and `after` are its numbers, from 1. */
export interface Edit {
  readonly kind: ' ' | '-' | '+'
  readonly text: string
  readonly before: number
  readonly after: number
}

/** Beyond this many differing lines the middle is shown as wholly replaced: the search is quadratic in them. */
const mostDifferences = 500

/** The shortest edit that makes `after` of `before` (Myers 1986, "An O(ND) Difference Algorithm"). */
export function compare(before: readonly string[], after: readonly string[]): readonly Edit[] {
  const limit = Math.min(before.length, after.length)
  let head = 0
  while (head < limit && before[head] === after[head]) head++
  let tail = 0
  while (tail < limit - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++
  const middle = shortest(before.slice(head, before.length - tail), after.slice(head, after.length - tail))
  return numbered([...keep(before.slice(0, head)), ...middle, ...keep(before.slice(before.length - tail))])
}

type Mark = Pick<Edit, 'kind' | 'text'>

const keep = (lines: readonly string[]): readonly Mark[] => lines.map((text) => ({ kind: ' ', text }))

function numbered(marks: readonly Mark[]): readonly Edit[] {
  let before = 0
  let after = 0
  return marks.map((mark) => {
    if (mark.kind !== '+') before++
    if (mark.kind !== '-') after++
    return { ...mark, before, after }
  })
}

function shortest(before: readonly string[], after: readonly string[]): readonly Mark[] {
  const trace: Map<number, number>[] = []
  const reach = new Map<number, number>([[1, 0]])
  for (let edits = 0; edits <= Math.min(before.length + after.length, mostDifferences); edits++) {
    trace.push(new Map(reach))
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      let x = down(reach, diagonal, edits) ? reach.get(diagonal + 1)! : reach.get(diagonal - 1)! + 1
      while (x < before.length && x - diagonal < after.length && before[x] === after[x - diagonal]) x++
      reach.set(diagonal, x)
      if (x >= before.length && x - diagonal >= after.length) return walkBack(trace, before, after)
    }
  }
  return [...before.map((text): Mark => ({ kind: '-', text })), ...after.map((text): Mark => ({ kind: '+', text }))]
}

const down = (reach: ReadonlyMap<number, number>, diagonal: number, edits: number): boolean =>
  diagonal === -edits || (diagonal !== edits && (reach.get(diagonal - 1) ?? -1) < (reach.get(diagonal + 1) ?? -1))

function walkBack(trace: readonly ReadonlyMap<number, number>[], before: readonly string[], after: readonly string[]): readonly Mark[] {
  const marks: Mark[] = []
  let x = before.length
  let y = after.length
  for (let edits = trace.length - 1; edits >= 0; edits--) {
    const reach = trace[edits]!
    const wentDown = down(reach, x - y, edits)
    const fromX = reach.get(wentDown ? x - y + 1 : x - y - 1) ?? 0
    const fromY = fromX - (wentDown ? x - y + 1 : x - y - 1)
    while (x > fromX && y > fromY && x > 0 && y > 0) {
      marks.push({ kind: ' ', text: before[--x]! })
      y--
    }
    if (edits === 0) break
    marks.push(wentDown ? { kind: '+', text: after[--y]! } : { kind: '-', text: before[--x]! })
  }
  return marks.reverse()
}

/** The edits in hunks, each with up to `context` kept lines around what differs. */
export function hunks(edits: readonly Edit[], context = 3): readonly (readonly Edit[])[] {
  const found: Edit[][] = []
  let last = -1
  edits.forEach((edit, at) => {
    if (edit.kind === ' ') return
    const start = Math.max(last + 1, at - context)
    const joins = found.length > 0 && start === last + 1 && last >= 0
    const hunk = joins ? found.at(-1)! : (found[found.push([]) - 1] as Edit[])
    hunk.push(...edits.slice(start, at + 1))
    const end = trailing(edits, at, context)
    hunk.push(...edits.slice(at + 1, end + 1))
    last = end
  })
  return found
}

/** Index of the last kept line that is shown below the edit at `at`. */
function trailing(edits: readonly Edit[], at: number, context: number): number {
  let end = at
  while (end + 1 < edits.length && end - at < context && edits[end + 1]!.kind === ' ') end++
  return end
}
