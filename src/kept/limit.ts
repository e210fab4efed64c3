import { matchPattern } from '../load/patterns.js'
import type { KeptHost } from './plan.js'

/** The hosts of a plan that --limit leaves, by the groups that they were in when it was made; a sentence where it names nothing there. */
export function limitKept(hosts: readonly KeptHost[], limit: string | undefined): readonly KeptHost[] | string {
  if (limit === undefined) return hosts
  if (limit.trim().startsWith('@')) return 'a file of patterns is not read for a kept plan'
  const groups = new Map<string, string[]>([['all', hosts.map(({ host }) => host)]])
  for (const { host, groups: own } of hosts) for (const group of own) groups.set(group, [...(groups.get(group) ?? []), host])
  const { hosts: meant, wrong } = matchPattern(limit, {
    hosts: new Map(hosts.map((host) => [host.host, host])),
    groups,
    mayHide: () => false,
  })
  return wrong.length > 0 ? wrong.map(({ message }) => `${message} in the plan`).join('; ') : hosts.filter(({ host }) => meant.has(host))
}
