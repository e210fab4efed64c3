import { whyNoSetting } from '../adopt/left-out.js'
import type { HostMemory } from '../history/document.js'
import { keyPath } from '../resources/sysctl/spelling.js'
import { liveHead } from '../wide.js'

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

/** The hosts of each group that differ where more than two thirds of the group agree; by group, then host. `wide`: in what looks with --wide read. */
export function outliersOf(memories: readonly HostMemory[], wide = false): readonly Outlier[] {
  const known = memories.flatMap(({ host, groups, held, wide: more }): readonly Member[] => {
    const things = wide ? more : held
    return things === undefined ? [] : [{ host, groups, things }]
  })
  const groups = [...new Set(known.flatMap((member) => member.groups))].toSorted()
  return groups.flatMap((group) => {
    const members = known.filter((member) => member.groups.includes(group))
    const names = [...new Set(members.flatMap(({ things }) => Object.keys(things)))].toSorted()
    const found = names.flatMap((what) => differing(group, what, comparable(what, members)))
    return found.toSorted((a, b) => (a.host < b.host ? -1 : a.host > b.host ? 1 : 0))
  })
}

interface Member extends Pick<HostMemory, 'host' | 'groups'> {
  readonly things: NonNullable<HostMemory['wide']>
}

/**
 * Whom a thing is compared over. A running kernel's key that is missing tells of a module or a kernel, not of a setting: only those that have
 * it; nobody where a playbook names it for one of them, or where it differs by nature.
 */
function comparable(what: string, members: readonly Member[]): readonly Member[] {
  if (!what.startsWith(liveHead)) return members
  if (whyNoSetting(keyPath(what.slice(liveHead.length))) !== undefined || members.some(({ things }) => things[what] === null)) return []
  return members.filter(({ things }) => things[what] !== undefined)
}

function differing(group: string, what: string, members: readonly Member[]): readonly Outlier[] {
  if (members.length < leastHosts) return []
  const counts = new Map<string | null | undefined, number>()
  for (const { things } of members) counts.set(things[what], (counts.get(things[what]) ?? 0) + 1)
  const [peers, agreeing] = [...counts].toSorted((a, b) => b[1] - a[1])[0]!
  if (agreeing === members.length || agreeing * 3 < members.length * 2) return []
  return members
    .filter(({ things }) => things[what] !== peers)
    .map(({ host, things }) => ({
      ...{ group, host, what, agreeing, others: members.length - 1 },
      ...(things[what] != null && { held: things[what] }),
      ...(peers != null && { peers }),
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
