/** Work on all items, at most `limit` at once, begun in order; no further one begins once `mayStart` says no. Resolves when those begun have ended. */
export async function runPool<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
  mayStart: () => boolean,
): Promise<void> {
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < items.length && mayStart()) await work(items[next++]!)
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane))
}
