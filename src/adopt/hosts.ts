/** Names hosts the way an inventory's owner would: `all`, one group, a few groups that part them among themselves, else one by one. */
export function hostsWord(hosts: readonly string[], groups: ReadonlyMap<string, readonly string[]>): string | readonly string[] {
  const wanted = new Set(hosts)
  const inside = [...groups]
    .filter(([name, members]) => name !== 'ungrouped' && members.length > 0 && members.every((member) => wanted.has(member)))
    .sort((a, b) => b[1].length - a[1].length)
  const exact = inside.filter(([, members]) => members.length === wanted.size).map(([name]) => name)
  if (wanted.size === 1) return hosts[0]!
  if (exact.length > 0) return exact.includes('all') ? 'all' : exact[0]!
  const words: string[] = []
  const left = new Set(hosts)
  for (const [name, members] of inside) {
    if (members.length < 2 || !members.every((member) => left.has(member))) continue
    words.push(name)
    for (const member of members) left.delete(member)
  }
  return [...words, ...hosts.filter((host) => left.has(host))]
}
