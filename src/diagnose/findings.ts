import type { IptablesWant } from '../resources/iptables/want.js'
import type { PathsWant } from '../resources/paths/want.js'
import type { SysctlWant } from '../resources/sysctl/want.js'
import type { Change } from '../types.js'
import type { grown, SeenHost } from './seen-host.js'

/** A failure that a host is open to, how sure that is, what it rests on, and the line that cures it. */
export interface Finding {
  readonly id: 'timewait-rst-ignored' | 'invalid-segments-dropped' | 'idle-path-timeout' | 'conntrack-outlives-timeout'
  readonly certainty: 'open' | 'likely' | 'seen'
  readonly evidence: readonly string[]
  readonly cure: string
}

/** What the counters of a host grew by between two looks, and the seconds between them. */
export type Growth = ReturnType<typeof grown> & { readonly seconds: number }

/** Which of the known failures a host is open to; `others` are the hosts that were looked at along with it. */
export function findingsOf(host: SeenHost, others: readonly SeenHost[], growth?: Growth): readonly Finding[] {
  return [timewait(host, others, growth), invalid(host, growth), idle(host, others), conntrack(host)].flatMap((finding) => finding ?? [])
}

const rfc1337 = 'net.ipv4.tcp_rfc1337'
const stamps = 'net.ipv4.tcp_timestamps'

/** Trend Micro KB 1120273, event 1. */
function timewait(host: SeenHost, others: readonly SeenHost[], growth: Growth | undefined): Finding | undefined {
  const live = host.live(rfc1337)
  const boot = host.boot(rfc1337)
  const on = live !== undefined && live !== '0'
  if (!on && (boot === undefined || boot === '0')) return undefined
  const clients = clientsOf(host, others)
  const stamped = host.live(stamps) !== '0'
  // RFC 7323: with time stamps on both ends the second SYN is told from the old connection, and it cannot happen.
  if (stamped && clients.length > 0 && clients.every((client) => client.live(stamps) !== '0')) return undefined
  const skipped = growth?.counters.TcpExtTCPACKSkippedTimeWait ?? host.counters.TcpExtTCPACKSkippedTimeWait ?? 0
  const waiting = host.timewait.reduce((sum, { count }) => sum + count, 0)
  const most = host.timewait[0]
  const without = clients.filter((client) => client.live(stamps) === '0').map((client) => client.host)
  return {
    id: 'timewait-rst-ignored',
    certainty: on && skipped > 0 ? 'seen' : on && most !== undefined && most.count >= 1000 ? 'likely' : 'open',
    evidence: [
      on
        ? `${rfc1337} is ${live} (${host.from(rfc1337)}): a RST for a connection in TIME_WAIT is ignored`
        : `${rfc1337} will be ${boot} after a reboot (${host.from(rfc1337)})`,
      !stamped
        ? `${stamps} is 0 here (${host.from(stamps)}), so a client's new SYN cannot be told from the old connection`
        : without.length > 0
          ? `${stamps} is 0 on ${without.join(', ')}`
          : `${stamps} is on here: clients that have it off are concerned`,
      ...(on && skipped > 0
        ? [
            `TCPACKSkippedTimeWait is ${skipped}${growth ? ` more after ${growth.seconds} s` : ''}: SYNs met connections in TIME_WAIT again and again`,
          ]
        : []),
      ...(waiting > 0 && most ? [`${waiting} connections in TIME_WAIT, ${most.count} of them from ${most.address}`] : []),
    ],
    cure: `${rfc1337}: 0 (playbooks/rfc1337.yaml); or more client ports and addresses on the proxies (playbooks/more-client-ports.yaml), or time stamps on both ends`,
  }
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

/** Trend Micro KB 1120273, event 2. */
function invalid(host: SeenHost, growth: Growth | undefined): Finding | undefined {
  const missing = host.changes.filter(
    ({ resource, at, after }) =>
      resource === 'iptables' &&
      / filter INPUT /.test(at) &&
      /-s \S+.*-j ACCEPT\b/.test(after ?? '') &&
      !/--(c?t?state|dport|dports)\b/.test(after ?? ''),
  )
  const stateful = host.input.some(({ rule }) => /ESTABLISHED/.test(rule) && /-j ACCEPT\b/.test(rule))
  const drops = host.input.filter(
    ({ rule }) => /-j (DROP|REJECT)\b/.test(rule) && (/INVALID/.test(rule) || !/ -[sdpim] /.test(` ${rule} `)),
  )
  const policyDrops = host.policy?.name === 'DROP'
  const more = growth === undefined ? 0 : growth.invalid
  if (!stateful || (drops.length === 0 && !policyDrops)) return undefined
  if (missing.length === 0 && more === 0) return undefined
  const counted = growth
    ? [
        `after ${growth.seconds} s conntrack has called ${growth.invalid} more segments INVALID, and the policy has dropped ${growth.policy ?? 0} more packets`,
      ]
    : []
  return {
    id: 'invalid-segments-dropped',
    certainty: more > 0 ? 'seen' : host.invalid > 0 ? 'likely' : 'open',
    evidence: [
      ...missing.map(
        ({ layer, at, after, note }) =>
          `${layer === 'live' ? 'now' : 'after a reboot'}: ${at} ${after} does not stand where it should${note === undefined ? '' : ` (${note})`}`,
      ),
      policyDrops
        ? `INPUT lets in ESTABLISHED connections and drops by policy (${host.policy?.packets} packets so far)`
        : `INPUT lets in ESTABLISHED connections and drops by \`${drops[0]?.rule}\` (${drops[0]?.packets} packets so far)`,
      ...(host.invalid > 0 ? [`conntrack has called ${host.invalid} segments INVALID`] : []),
      ...counted,
    ],
    cure: 'iptables: -p tcp -s {{ groups.proxy.addresses }} -j ACCEPT after the stateful rule (playbooks/downstream-proxy.yaml); wider: net.netfilter.nf_conntrack_tcp_be_liberal: 1',
  }
}

const probes = ['net.ipv4.tcp_keepalive_time', 'net.ipv4.tcp_keepalive_intvl'] as const

/** Palo Alto Networks KB kA14u000000kFMPCA2. */
function idle(host: SeenHost, others: readonly SeenHost[]): Finding | undefined {
  const ends = (host.want.resources.paths as PathsWant | undefined)?.ends ?? []
  const late = ends.flatMap(({ path, hop, idle, limit }) =>
    probes
      .filter((key) => Number(host.live(key)) > limit)
      .map((key) => `path ${path}: ${hop} forgets an idle connection after ${idle} s, and ${key} is ${host.live(key)} (${host.from(key)})`),
  )
  const wanted = host.changes.filter(({ at }) => (probes as readonly string[]).includes(at)).map((change) => sayChange(change))
  const far = new Set(
    others.filter(({ want }) => want.host !== host.host && want.resources.paths !== undefined).map(({ address }) => address),
  )
  const silent =
    ends.length === 0 ? [] : host.sockets.filter(({ address, timer }) => far.has(address) && timer !== 'keepalive' && timer !== 'on')
  const stuck =
    ends.length === 0 ? [] : host.sockets.filter(({ address, timer, retries }) => far.has(address) && timer === 'on' && retries >= 3)
  if (late.length + wanted.length + silent.length + stuck.length === 0) return undefined
  const limit = Math.min(...ends.map((end) => end.limit))
  const value = (host.want.resources.sysctl as SysctlWant | undefined)?.keys.find(({ key }) => key === probes[0])?.value ?? String(limit)
  return {
    id: 'idle-path-timeout',
    certainty: stuck.length > 0 ? 'seen' : silent.length > 0 ? 'likely' : 'open',
    evidence: [
      ...late,
      ...wanted,
      ...byProcess(silent).map(
        ([process, count]) =>
          `${process}: ${count} ${count === 1 ? 'connection' : 'connections'} on a path without a keepalive timer (no SO_KEEPALIVE, or older than the setting)`,
      ),
      ...byProcess(stuck).map(
        ([process, count]) =>
          `${process}: ${count} ${count === 1 ? 'connection' : 'connections'} on a path sent again three times and more without an answer`,
      ),
    ],
    cure:
      late.length + wanted.length > 0
        ? `${probes[0]}: ${value} (playbooks/gwlb-keepalive.yaml), and a restart of the services (on_change)`
        : 'let the service ask for keep-alive (SO_KEEPALIVE), or restart it: its connections are older than the setting',
  }
}

function byProcess(sockets: readonly { readonly process: string }[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>()
  for (const { process } of sockets) counts.set(process, (counts.get(process) ?? 0) + 1)
  return [...counts].sort(([, one], [, two]) => two - one)
}

const established = 'net.netfilter.nf_conntrack_tcp_timeout_established'

/** Entries of connections that have long gone, kept for the kernel's five days. */
function conntrack(host: SeenHost): Finding | undefined {
  const key = (host.want.resources.sysctl as SysctlWant | undefined)?.keys.find((one) => one.key === established)
  const total = host.ages.reduce((sum, { count }) => sum + count, 0)
  if (key === undefined || total === 0) return undefined
  const values = host.changes
    .filter(({ at, after }) => at === established && !/ s left$/.test(after ?? ''))
    .map((change) => sayChange(change))
  if (values.length === 0 && host.above === 0) return undefined
  return {
    id: 'conntrack-outlives-timeout',
    certainty: host.above > 0 ? 'seen' : 'open',
    evidence: [
      ...values,
      ...(host.above > 0
        ? [`${host.above} of ${total} tracked connections have more than ${key.value} s left, and keep it until their next segment`]
        : []),
    ],
    cure: `${established}: ${key.value} with reage: true (playbooks/conntrack-timeout.yaml)`,
  }
}

function sayChange({ layer, at, before, after, note }: Change): string {
  return `${at} ${layer === 'live' ? 'is' : 'will be'} ${before ?? 'not set'}${layer === 'boot' ? ' after a reboot' : ''}, the playbook wants ${after}${note === undefined ? '' : ` (${note})`}`
}
