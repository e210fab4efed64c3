/** The values by their key, each in order. Map.groupBy came with Node 21. */
export const grouped = <K, V>(values: readonly V[], keyOfValue: (value: V) => K): ReadonlyMap<K, readonly V[]> => {
  const groups = new Map<K, V[]>()
  for (const value of values) {
    const key = keyOfValue(value)
    const group = groups.get(key)
    if (group) group.push(value)
    else groups.set(key, [value])
  }
  return groups
}
