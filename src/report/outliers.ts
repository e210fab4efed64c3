import type { HostMemory } from '../history/document.js'

/** A host that differs from its peers in something that no playbook names. */
export interface Outlier {
  readonly group: string
  readonly host: string
  /** `sysctl net.ipv4.ip_forward`, `iptables ipv4 filter -A INPUT ...`. */
  readonly what: string
  /** Absent: the host has no such thing. */
  readonly held?: string
  readonly peers?: string
  /** How many of the group's other hosts hold what the peers hold. */
  readonly agreeing: number
  readonly others: number
}

/** Below so many hosts nobody is the odd one out. */
const leastHosts = 3

/** The hosts of each group that differ where more than two thirds of the group agree; by group, then host. */
export function outliersOf(memories: readonly HostMemory[]): readonly Outlier[] {
  const known = memories.filter((memory) => memory.held !== undefined)
  const groups = [...new Set(known.flatMap((memory) => memory.groups))].toSorted()
  return groups.flatMap((group) => {
    const members = known.filter((memory) => memory.groups.includes(group))
    if (members.length < leastHosts) return []
    const things = [...new Set(members.flatMap(({ held }) => Object.keys(held ?? {})))].toSorted()
    const found = things.flatMap((what) => differing(group, what, members))
    return found.toSorted((a, b) => (a.host < b.host ? -1 : a.host > b.host ? 1 : 0))
  })
}

function differing(group: string, what: string, members: readonly HostMemory[]): readonly Outlier[] {
  const counts = new Map<string | undefined, number>()
  for (const { held } of members) counts.set(held?.[what], (counts.get(held?.[what]) ?? 0) + 1)
  const [peers, agreeing] = [...counts].toSorted((a, b) => b[1] - a[1])[0]!
  if (agreeing === members.length || agreeing * 3 < members.length * 2) return []
  return members
    .filter(({ held }) => held?.[what] !== peers)
    .map(({ host, held }) => ({
      ...{ group, host, what, agreeing, others: members.length - 1 },
      ...(held?.[what] !== undefined && { held: held[what] }),
      ...(peers !== undefined && { peers }),
    }))
}

/** Outliers in lines for people. */
export function sayOutliers(outliers: readonly Outlier[]): string {
  if (outliers.length === 0) return 'no host differs from its peers in what was read\n'
  return outliers
    .map(
      ({ group, host, what, held, peers, agreeing, others }) =>
        `${host} (${group}): ${what}: ${held ?? 'absent'}, where ${agreeing} of ${others} others have ${peers ?? 'nothing'}\n`,
    )
    .join('')
}
