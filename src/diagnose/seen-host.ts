import { planHost } from '../plan.js'
import { bootValue } from '../resources/sysctl/effective.js'
import { seenFiles } from '../resources/sysctl/files.js'
import { liveValues } from '../resources/sysctl/look.js'
import { bootReader } from '../resources/sysctl/order.js'
import { toSeen } from '../seen.js'
import type { Change, HostWant, Section, Target } from '../types.js'
import { type Firewall, readFirewall } from './firewall.js'

/** An established connection of a host. */
export interface Socket {
  readonly local: string
  readonly peer: string
  /** The peer's address. */
  readonly address: string
  /** The process that holds it, where the host says so. */
  readonly process: string
  /** `keepalive`, `on` (retransmitting), or undefined. */
  readonly timer?: string
  readonly retries: number
}

/** What a host was seen to hold, cut out of what its one exec (or two) printed. */
export interface SeenHost {
  readonly host: string
  readonly address: string
  readonly groups: readonly string[]
  readonly want: HostWant
  /** The live value of a kernel parameter. */
  live(key: string): string | undefined
  /** Where a value comes from: `/etc/sysctl.conf:17`, or that no file sets it. */
  from(key: string): string
  /** The value after a reboot, where a file sets it. */
  boot(key: string): string | undefined
  /** What the playbooks want changed, both layers. */
  readonly changes: readonly Change[]
  readonly counters: Readonly<Record<string, number>>
  /** INPUT of both families, where the host says it. */
  readonly firewalls: readonly Firewall[]
  readonly invalid: number
  readonly timewait: readonly { readonly address: string; readonly count: number }[]
  readonly sockets: readonly Socket[]
  /** How many tracked connections have at most so many seconds left; how many more than is wanted. */
  readonly ages: readonly { readonly upTo: number; readonly count: number }[]
  readonly above: number
}

/** Reads the sections of a diagnosis. */
export function readHost(target: Target, want: HostWant, sections: readonly Section[], groups: readonly string[] = []): SeenHost {
  const seen = toSeen(sections, want.profile)
  const values = liveValues(seen)
  const reader = bootReader(seenFiles(sections), { init: seen.facts.init, sections, profile: want.profile })
  const path = (key: string): string => `/proc/sys/${key.replaceAll('.', '/')}`
  const body = (kind: string, name?: string): string =>
    sections.find((one) => one.kind === kind && (name === undefined || one.name === name))?.body ?? ''
  const wins = (key: string) => bootValue(reader, path(key))
  const planned = planHost(want, seen, new Date(0).toISOString())
  const ages = pairs(body('tracked-for'))
  const tools = { ipv4: 'iptables', ipv6: 'ip6tables' } as const
  return {
    host: want.host,
    address: target.address,
    groups,
    want,
    live: (key) => values.get(path(key))?.value,
    from: (key) => {
      const line = wins(key)
      return line?.value === undefined
        ? 'no file sets it'
        : `${line.file}:${line.line}${line.value === values.get(path(key))?.value ? '' : ` says ${line.value}`}`
    },
    boot: (key) => wins(key)?.value,
    changes: planned.steps.flatMap((step) => step.changes),
    counters: readCounters(body('counters')),
    firewalls: (['ipv4', 'ipv6'] as const).map((family) => readFirewall(family, body('packets', tools[family]))),
    invalid: body('invalid')
      .split('\n')
      .reduce((sum, hex) => sum + (Number.parseInt(hex, 16) || 0), 0),
    timewait: body('timewait')
      .split('\n')
      .flatMap((line) => {
        const [count = '', hex = ''] = line.trim().split(' ')
        return hex === '' ? [] : [{ count: Number(count), address: addressOf(hex) }]
      }),
    sockets: body('sockets').split('\n').flatMap(readSocket),
    ages: ages.flatMap(([word, count]) => (word === 'above' ? [] : [{ upTo: Number(word), count }])).sort((a, b) => a.upTo - b.upTo),
    above: ages.find(([word]) => word === 'above')?.[1] ?? 0,
  }
}

/** The counters of a later sample, as what they grew by. */
export function grown(
  before: SeenHost,
  sections: readonly Section[],
): Pick<SeenHost, 'counters' | 'invalid'> & { readonly policy?: number } {
  const after = readHost({ address: before.address } as Target, { ...before.want, resources: {} }, sections)
  const policies = (host: SeenHost) => host.firewalls.flatMap((wall) => wall.policy?.packets ?? [])
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
  const known = policies(before).length > 0 && policies(after).length > 0
  return {
    counters: Object.fromEntries(Object.entries(after.counters).map(([name, value]) => [name, value - (before.counters[name] ?? 0)])),
    invalid: after.invalid - before.invalid,
    ...(known ? { policy: sum(policies(after)) - sum(policies(before)) } : {}),
  }
}

function pairs(body: string): readonly (readonly [string, number])[] {
  return body.split('\n').flatMap((line) => {
    const [word = '', count = ''] = line.split(' ')
    return count === '' ? [] : [[word, Number(count)] as const]
  })
}

/** /proc/net/snmp and netstat: a line of names, a line of numbers. */
function readCounters(body: string): Readonly<Record<string, number>> {
  const lines = body.split('\n')
  const found: Record<string, number> = {}
  for (let at = 0; at + 1 < lines.length; at += 2) {
    const [group = '', ...names] = (lines[at] ?? '').split(' ')
    const numbers = (lines[at + 1] ?? '').split(' ').slice(1)
    for (const [index, name] of names.entries()) found[`${group.slice(0, -1)}${name}`] = Number(numbers[index])
  }
  return found
}

/** `0 0 192.0.2.1:22 192.0.2.9:5000 users:(("sshd",pid=1,fd=4)) timer:(keepalive,119min,0)`. */
function readSocket(line: string): readonly Socket[] {
  const [, , local, peer, ...rest] = line.trim().split(/\s+/)
  if (local === undefined || peer === undefined) return []
  const timer = /timer:\((\w+),[^,]*,(\d+)\)/.exec(rest.join(' '))
  const address = peer.replace(/:\d+$/, '').replace(/^\[(?:::ffff:)?(.*)\]$/, '$1')
  const process = /users:\(\("([^"]*)"/.exec(line)?.[1] ?? 'a process that ss does not name'
  return [{ local, peer, address, process, ...(timer ? { timer: timer[1]! } : {}), retries: Number(timer?.[2] ?? 0) }]
}

/** An address of /proc/net/tcp: 32-bit words in the host's byte order, little-endian on all that is in use. */
function addressOf(hex: string): string {
  const v4 = hex.length === 8 ? hex : /^0{16}FFFF0000(.{8})$/.exec(hex)?.[1]
  if (v4 !== undefined)
    return (v4.match(/../g) ?? [])
      .reverse()
      .map((byte) => Number.parseInt(byte, 16))
      .join('.')
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).reverse()).join('')
  return (bytes.match(/.{4}/g) ?? []).map((part) => Number.parseInt(part, 16).toString(16)).join(':')
}
