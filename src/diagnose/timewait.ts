import type { IptablesWant } from '../resources/iptables/want.js'
import type { Finding, Growth } from './findings.js'
import type { SeenHost } from './seen-host.js'

const rfc1337 = 'net.ipv4.tcp_rfc1337'
const stamps = 'net.ipv4.tcp_timestamps'

/** Trend Micro KB 1120273, event 1: a client uses a port again that is in TIME_WAIT here, and its RST is ignored. */
export function timewait(host: SeenHost, others: readonly SeenHost[], growth: Growth | undefined): Finding | undefined {
  const on = isOn(host.live(rfc1337))
  if ((!on && !isOn(host.boot(rfc1337))) || (on && stampedPeers(host, others).length > 0)) return undefined
  const clients = clientsOf(host, others)
  if (!on && allStamped(host, clients)) return undefined
  const skipped = growth?.counters.TcpExtTCPACKSkippedTimeWait ?? host.counters.TcpExtTCPACKSkippedTimeWait ?? 0
  const [most] = host.timewait
  return {
    id: 'timewait-rst-ignored',
    certainty: on && skipped > 0 ? 'seen' : on && most !== undefined && most.count >= 1000 ? 'likely' : 'open',
    evidence: [
      on
        ? `${rfc1337} is ${host.live(rfc1337)} (${host.from(rfc1337)}): a RST for a connection in TIME_WAIT is ignored`
        : `${rfc1337} will be ${host.boot(rfc1337)} after a reboot (${host.from(rfc1337)})`,
      sayStamps(host, clients),
      ...(on && skipped > 0
        ? [
            `TCPACKSkippedTimeWait is ${skipped}${growth ? ` more after ${growth.seconds} s` : ''}: SYNs met connections in TIME_WAIT again and again`,
          ]
        : []),
      ...sayWaiting(host, others),
      ...counted(host, growth),
      ...clients.flatMap((client) => {
        const again = client.counters.TcpExtTCPSynRetrans ?? 0
        return again > 0 ? [`${client.host} connects here, and has sent ${again} SYNs again (to whomever)`] : []
      }),
    ],
    cure: `${rfc1337}: 0 (playbooks/rfc1337.yaml)`,
    alternatives: [
      'more client ports and addresses on the proxies, so that ports are used again later (playbooks/more-client-ports.yaml)',
      `${stamps}: 1 on both ends`,
    ],
  }
}

/** The clients of a host that ignores RSTs, where all of them and the host have time stamps on: it cannot happen then. */
export function stampedPeers(host: SeenHost, others: readonly SeenHost[]): readonly string[] {
  const clients = clientsOf(host, others)
  return isOn(host.live(rfc1337)) && allStamped(host, clients) ? clients.map((client) => client.host) : []
}

// RFC 7323: with time stamps on both ends the second SYN is told from the old connection.
const allStamped = (host: SeenHost, clients: readonly SeenHost[]): boolean =>
  clients.length > 0 && [host, ...clients].every((one) => one.live(stamps) !== '0')

const isOn = (value: string | undefined): boolean => value !== undefined && value !== '0'

function sayStamps(host: SeenHost, clients: readonly SeenHost[]): string {
  const without = clients.filter((client) => client.live(stamps) === '0').map((client) => client.host)
  if (host.live(stamps) === '0')
    return `${stamps} is 0 here (${host.from(stamps)}), so a client's new SYN cannot be told from the old connection`
  return without.length > 0 ? `${stamps} is 0 on ${without.join(', ')}` : `${stamps} is on here: clients that have it off are concerned`
}

function sayWaiting({ timewait }: SeenHost, others: readonly SeenHost[]): readonly string[] {
  const sum = timewait.reduce((total, { count }) => total + count, 0)
  const [most] = timewait
  if (!most) return []
  const name = others.find(({ address }) => address === most.address)?.host
  return [`${sum} connections in TIME_WAIT, ${most.count} of them from ${most.address}${name === undefined ? '' : ` (${name})`}`]
}

function counted({ counters }: SeenHost, growth: Growth | undefined): readonly string[] {
  const names = { TcpExtTCPChallengeACK: 'challenge ACKs sent', TcpRetransSegs: 'segments sent again' } as const
  const from = growth?.counters ?? counters
  const said = Object.entries(names).flatMap(([name, words]) => ((from[name] ?? 0) > 0 ? [`${words}: ${from[name]}`] : []))
  return said.length === 0 ? [] : [`${said.join(', ')} ${growth ? `more after ${growth.seconds} s` : 'since the boot'}`]
}

/** Hosts of the run that connect to this one: peers of its connections, sources of the rules it should hold. */
function clientsOf(host: SeenHost, others: readonly SeenHost[]): readonly SeenHost[] {
  const rules = (host.want.resources.iptables as IptablesWant | undefined)?.rules ?? []
  const sources = rules.flatMap(({ specs }) =>
    specs.flatMap((spec) => spec.flatMap((word, at) => (spec[at - 1] === '-s' ? [word.replace(/\/(32|128)$/, '')] : []))),
  )
  const known = new Set([...sources, ...[...host.timewait, ...host.sockets].map(({ address }) => address)])
  return others.filter((other) => other.host !== host.host && known.has(other.address))
}
