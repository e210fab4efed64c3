import type { PathBox, PathEnd, PathsWant } from '../resources/paths/want.js'
import type { SysctlKey, SysctlWant } from '../resources/sysctl/want.js'
import type { HostWant, Problem } from '../types.js'
import type { NetPath } from './paths.js'
import type { Play } from './playbook.js'
import { readKey } from './sysctl-key.js'

const time = 'net.ipv4.tcp_keepalive_time'
const interval = 'net.ipv4.tcp_keepalive_intvl'
const remembers = 'net.netfilter.nf_conntrack_tcp_timeout_established'
/** tcp(7): what the kernel has where nobody sets it. */
const kernelInterval = 75

/** The hop of a path that is known to forget first, and the most that probes may then be apart. */
export function tightest(path: NetPath): Omit<PathEnd, 'path'> | undefined {
  const timed = path.hops.flatMap((hop) => ('idle' in hop ? [hop] : []))
  const first = timed.reduce<(typeof timed)[number] | undefined>((least, hop) => (least && least.idle <= hop.idle ? least : hop), undefined)
  if (first === undefined) return undefined
  const limit = first.idle - (path.margin ?? Math.ceil(first.idle * 0.07))
  return { hop: first.name, idle: first.idle, limit: Math.max(1, limit) }
}

/** What a run wants of kernel parameters, by host. */
export type Wants = ReadonlyMap<string, HostWant>

/** What of a run's files would let a connection on a path die: each where it is written. */
export function pathProblems(paths: readonly NetPath[], wants: Wants, plays: readonly Play[]): readonly Problem[] {
  return paths.flatMap((path) => [...lateProbes(path, wants, plays), ...shortMemory(path, wants, plays)])
}

function lateProbes(path: NetPath, wants: Wants, plays: readonly Play[]): readonly Problem[] {
  const first = tightest(path)
  if (first === undefined) return []
  const { hop, idle, limit } = first
  const forgets = `on path ${path.name} ${hop} forgets a connection that is idle for ${idle} s`
  return [...path.from, ...path.to].flatMap((host) => {
    const every = keyOf(wants.get(host), time)
    const again = keyOf(wants.get(host), interval)
    const late = [every, again].flatMap((key) =>
      key !== undefined && Number(key.value) > limit
        ? problemAt(
            key,
            plays,
            `${forgets}, and ${key.key} is ${key.value}: write ${key.key}: ${key.key === interval ? Math.min(kernelInterval, limit) : limit}`,
          )
        : [],
    )
    // On a healthy idle connection the probes are the larger of the two apart: 6.18.
    const alone = every !== undefined && again === undefined && kernelInterval > limit
    return alone
      ? [
          ...late,
          ...problemAt(
            every,
            plays,
            `${forgets}, and ${interval} is the kernel's ${kernelInterval}: write ${interval}: ${limit} beside it`,
          ),
        ]
      : late
  })
}

function shortMemory(path: NetPath, wants: Wants, plays: readonly Play[]): readonly Problem[] {
  return boxesOf(path, wants).flatMap(([host, { keepalive, least }]) => {
    const key = keyOf(wants.get(host), remembers)
    return key === undefined || Number(key.value) >= least
      ? []
      : problemAt(
          key,
          plays,
          `on path ${path.name} the ends probe an idle connection every ${keepalive} s, and ${host} forgets it after ${key.value} s: write ${remembers}: ${least} or more`,
        )
  })
}

/** The hosts between, and what they must remember, where this run says how often the ends probe. */
function boxesOf(path: NetPath, wants: Wants): readonly (readonly [string, PathBox])[] {
  const set = [...path.from, ...path.to]
    .flatMap((host) => [keyOf(wants.get(host), time), keyOf(wants.get(host), interval)])
    .flatMap((key) => (key ? Number(key.value) : []))
  if (set.length === 0) return []
  const keepalive = Math.max(...set)
  const box = { path: path.name, keepalive, least: keepalive + (path.margin ?? Math.ceil(keepalive * 0.07)) }
  return path.hops.flatMap((hop) => ('hosts' in hop ? hop.hosts.map((host) => [host, box] as const) : []))
}

/** Ends of paths on which no play of a run says how often to probe: sentences for people. */
export function uncovered(paths: readonly NetPath[], wants: Wants): readonly string[] {
  return paths.flatMap((path) => {
    const first = tightest(path)
    if (first === undefined) return []
    return (
      [
        ['from', path.from, path.fromText],
        ['to', path.to, path.toText],
      ] as const
    ).flatMap(([, hosts, text]) => {
      const bare = hosts.filter((host) => keyOf(wants.get(host), time) === undefined)
      if (bare.length === 0) return []
      const { file, line } = path.problem([], '')
      const which = bare.length === 1 ? bare[0] : `${bare[0]} and ${bare.length - 1} more`
      return [
        `${file}:${line}: path ${path.name}: no play sets ${time} on ${which}, so idle connections there may outlive the ${first.idle} s of ${first.hop}: write ${time}: ${first.limit} in a play with hosts: ${text}`,
      ]
    })
  })
}

/** One host's part in the paths; undefined where it has none. */
export function partIn(paths: readonly NetPath[], host: string, wants: Wants): PathsWant | undefined {
  const ends = paths.flatMap((path) => {
    const first = [...path.from, ...path.to].includes(host) ? tightest(path) : undefined
    return first === undefined ? [] : [{ path: path.name, ...first }]
  })
  const boxes = paths.flatMap((path) => boxesOf(path, wants).flatMap(([name, box]) => (name === host ? [box] : [])))
  const wanted = [time, interval, remembers].flatMap((key) => keyOf(wants.get(host), key) ?? [])
  return ends.length + boxes.length === 0
    ? undefined
    : { ends, boxes, wanted: Object.fromEntries(wanted.map(({ key, value }) => [key, value])) }
}

function keyOf(want: HostWant | undefined, key: string): SysctlKey | undefined {
  return (want?.resources.sysctl as SysctlWant | undefined)?.keys.find((one) => one.key === key)
}

/** The problem at the line of a play that a wanted key comes from. */
function problemAt({ key, origin }: SysctlKey, plays: readonly Play[], message: string): readonly Problem[] {
  for (const play of plays) {
    if (play.playbook !== origin.playbook || play.name !== origin.play) continue
    const name = Object.keys(play.written.sysctl ?? {}).find((one) => {
      const read = readKey(one)
      return 'key' in read && read.key === key
    })
    if (name !== undefined) return [play.document.problem([play.index, 'sysctl', name], message)]
  }
  return []
}
