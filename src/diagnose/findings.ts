import type { PathsWant } from '../resources/paths/want.js'
import type { SysctlWant } from '../resources/sysctl/want.js'
import type { Change } from '../types.js'
import { invalid } from './invalid.js'
import type { grown, SeenHost } from './seen-host.js'
import { timewait } from './timewait.js'

/** A failure that a host is open to, how sure that is, what it rests on, and the line that cures it. */
export interface Finding {
  readonly id: 'timewait-rst-ignored' | 'invalid-segments-dropped' | 'idle-path-timeout' | 'conntrack-outlives-timeout'
  readonly certainty: 'open' | 'likely' | 'seen'
  readonly evidence: readonly string[]
  readonly cure: string
  /** What else could help. */
  readonly alternatives?: readonly string[]
}

/** What the counters of a host grew by between two looks, and the seconds between them. */
export type Growth = ReturnType<typeof grown> & { readonly seconds: number }

/** Which of the known failures a host is open to; `others` are the hosts that were looked at along with it. */
export function findingsOf(host: SeenHost, others: readonly SeenHost[], growth?: Growth): readonly Finding[] {
  return [timewait(host, others, growth), invalid(host, others, growth), idle(host, others), conntrack(host)].flatMap(
    (finding) => finding ?? [],
  )
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
  const limit = key?.value ?? host.live(established)
  if (total === 0 || limit === undefined) return undefined
  const values = host.changes
    .filter(({ at, after }) => key !== undefined && at === established && !/ s left$/.test(after ?? ''))
    .map((change) => sayChange(change))
  if (values.length === 0 && host.above === 0) return undefined
  return {
    id: 'conntrack-outlives-timeout',
    certainty: host.above > 0 ? 'seen' : 'open',
    evidence: [
      ...values,
      ...(host.above > 0
        ? [
            `${host.above} of ${total} tracked connections have more than ${limit} s left${key ? '' : `, the time-out (${host.from(established)})`}, and keep it until their next segment`,
          ]
        : []),
    ],
    cure: `${established}: ${limit} with reage: true (playbooks/conntrack-timeout.yaml)`,
  }
}

function sayChange({ layer, at, before, after, note }: Change): string {
  return `${at} ${layer === 'live' ? 'is' : 'will be'} ${before ?? 'not set'}${layer === 'boot' ? ' after a reboot' : ''}, the playbook wants ${after}${note === undefined ? '' : ` (${note})`}`
}
