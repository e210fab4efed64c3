/** A pair of indices: `a[i]` and `b[j]` are the same line. */
export type Pair = readonly [i: number, j: number]

interface Node {
  readonly pair: Pair
  readonly before: Node | undefined
}

const placesOf = (lines: readonly string[], from: number, to: number): ReadonlyMap<string, readonly number[]> => {
  const places = new Map<string, number[]>()
  for (let at = to - 1; at >= from; at--) {
    const line = lines[at]!
    const seen = places.get(line)
    if (seen) seen.push(at)
    else places.set(line, [at])
  }
  return places
}

const firstNotBelow = (ends: readonly Node[], j: number): number => {
  let low = 0
  let high = ends.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (ends[middle]!.pair[1] < j) low = middle + 1
    else high = middle
  }
  return low
}

/** A longest common subsequence of two lists as index pairs in rising order (Hunt and Szymanski 1977, ends trimmed first). */
export const commonSubsequence = (a: readonly string[], b: readonly string[]): readonly Pair[] => {
  const head: Pair[] = []
  while (head.length < a.length && head.length < b.length && a[head.length] === b[head.length]) head.push([head.length, head.length])
  const start = head.length
  let tail = 0
  while (tail < Math.min(a.length, b.length) - start && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++

  const places = placesOf(b, start, b.length - tail)
  const ends: Node[] = []
  for (let i = start; i < a.length - tail; i++) {
    for (const j of places.get(a[i]!) ?? []) {
      const length = firstNotBelow(ends, j)
      if (ends[length]?.pair[1] !== j) ends[length] = { pair: [i, j], before: ends[length - 1] }
    }
  }
  const middle: Pair[] = []
  for (let node = ends.at(-1); node; node = node.before) middle.push(node.pair)
  const rest = Array.from({ length: tail }, (_, n): Pair => [a.length - tail + n, b.length - tail + n])
  return [...head, ...middle.reverse(), ...rest]
}
