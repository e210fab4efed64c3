import type { Finding, Growth } from './findings.js'
import { dropOf, type Firewall, plainAccepts, sayRule, unreached } from './firewall.js'
import type { SeenHost } from './seen-host.js'

const liberal = 'net.netfilter.nf_conntrack_tcp_be_liberal'

/** Trend Micro KB 1120273, event 2: segments that connection tracking calls INVALID are dropped by a stateful firewall. */
export function invalid(host: SeenHost, others: readonly SeenHost[], growth: Growth | undefined): Finding | undefined {
  const walls = host.firewalls.filter((wall) => dropOf(wall) !== undefined)
  if (walls.length === 0) return undefined
  const missing = missingRules(host)
  const shut = walls.flatMap((wall) => shutOut(wall, host, others))
  const more = growth?.invalid ?? 0
  const cured = host.live(liberal) === '1' || walls.some((wall) => letsIn(wall).length > 0)
  // A host that sends such segments counts them as well: what it drops must be more than nothing.
  const dropped = walls.some((wall) => dropOf(wall)!.packets > 0)
  if (missing.length + shut.length === 0 && (cured || !dropped || host.invalid + more === 0)) return undefined
  return {
    id: 'invalid-segments-dropped',
    certainty: more > 0 ? 'seen' : host.invalid > 0 ? 'likely' : 'open',
    evidence: [
      ...missing,
      ...shut,
      ...walls.map((wall) => {
        const { what, packets } = dropOf(wall)!
        return `INPUT (${wall.family}) lets in ESTABLISHED connections and drops by ${what} (${packets} packets so far)`
      }),
      ...(host.invalid > 0 ? [`conntrack has called ${host.invalid} segments INVALID`] : []),
      ...(growth
        ? [
            `after ${growth.seconds} s conntrack has called ${growth.invalid} more segments INVALID, and the policy has dropped ${growth.policy ?? 0} more packets`,
          ]
        : []),
    ],
    cure: 'iptables: -p tcp -s {{ groups.proxy.addresses }} -j ACCEPT after the stateful rule (playbooks/downstream-proxy.yaml)',
    alternatives: [`${liberal}: 1, wider: connection tracking then calls no segment INVALID for lying outside of the window`],
  }
}

/** What the playbooks want let in from a source, whatever its state, and is not there. */
function missingRules({ changes }: SeenHost): readonly string[] {
  return changes
    .filter(
      ({ resource, at, after }) =>
        resource === 'iptables' &&
        / filter INPUT /.test(at) &&
        /-s \S+.*-j ACCEPT\b/.test(after ?? '') &&
        !/--(c?t?state|dport|dports)\b/.test(after ?? ''),
    )
    .map(
      ({ layer, at, after, note }) =>
        `${layer === 'live' ? 'now' : 'after a reboot'}: ${at} ${after} does not stand where it should${note === undefined ? '' : ` (${note})`}`,
    )
}

/** Plain accepts that packets come to. */
function letsIn(wall: Firewall, address?: string): readonly number[] {
  const never = unreachedByDrop(wall)
  return plainAccepts(wall, address).filter((at) => !never.some((one) => one.at === at))
}

const unreachedByDrop = (wall: Firewall) => unreached(wall).filter(({ by }) => /-j (DROP|REJECT)\b/.test(wall.input[by]?.rule ?? ''))

/** The downstream proxies (the group `proxy`, as in the shipped playbooks) that an appliance's own firewall does not let in plainly. */
function shutOut(wall: Firewall, host: SeenHost, others: readonly SeenHost[]): readonly string[] {
  if (host.want.profile?.iptables === undefined || host.live(liberal) === '1') return []
  const never = unreachedByDrop(wall)
  return others.flatMap(({ host: name, groups, address }) => {
    const fits = address.includes(':') === (wall.family === 'ipv6') && /^[\d.]+$|:/.test(address)
    if (name === host.host || !groups.includes('proxy') || !fits || letsIn(wall, address).length > 0) return []
    const hidden = never.find(({ at }) => plainAccepts(wall, address).includes(at))
    const why = hidden ? `: ${sayRule(wall, hidden.at)} can never match behind ${sayRule(wall, hidden.by)}` : ''
    return [`${name} (${address}) is not let in before the drop${why}`]
  })
}
