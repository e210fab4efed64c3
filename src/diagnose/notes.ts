import { sayRule, unreached } from './firewall.js'
import type { SeenHost } from './seen-host.js'
import { stampedPeers } from './timewait.js'

/** How many rules that can never match are named. */
const named = 5

/** What is no failure, and worth knowing. */
export function notesOf(host: SeenHost, others: readonly SeenHost[]): readonly string[] {
  const stamped = stampedPeers(host, others)
  return [
    ...(stamped.length > 0
      ? [
          `net.ipv4.tcp_rfc1337 is ${host.live('net.ipv4.tcp_rfc1337')} (${host.from('net.ipv4.tcp_rfc1337')}), without harm while time stamps are on here and on ${stamped.join(', ')}`,
        ]
      : []),
    ...host.firewalls.flatMap((wall) => {
      const never = unreached(wall)
      const said = never
        .slice(0, named)
        .map(({ at, by }) => `INPUT (${wall.family}): ${sayRule(wall, at)} can never match: ${sayRule(wall, by)} ends all that it would`)
      return never.length > named ? [...said, `INPUT (${wall.family}): ${never.length - named} more rules can never match`] : said
    }),
  ]
}
