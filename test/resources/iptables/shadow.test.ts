import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { shadowedBy } from '../../../src/resources/iptables/shadow.js'

const rows = readFileSync(new URL('shadow-rows.tsv', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .slice(1)
  .map((row) => row.split('\t') as [string, string, string, 'yes' | 'no'])

/** A packet, and a condition as text and as what it says of a packet. */
interface Packet {
  readonly source: number
  readonly iface: string
  readonly protocol: 'tcp' | 'udp'
  readonly fragment: boolean
  readonly port: number
  readonly state: string
}
interface Condition {
  readonly text: string
  readonly meets: (packet: Packet) => boolean
}

const states = ['INVALID', 'NEW', 'RELATED', 'ESTABLISHED']
const always: Condition = { text: '', meets: () => true }
const not = (condition: Condition): Condition => ({ text: `! ${condition.text}`, meets: (packet) => !condition.meets(packet) })
const maybe = (arbitrary: fc.Arbitrary<Condition>): fc.Arbitrary<Condition> =>
  fc.oneof(fc.constant(always), arbitrary, fc.oneof({ weight: 3, arbitrary }, { weight: 1, arbitrary: arbitrary.map(not) }))

const net = fc.tuple(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 29, max: 32 })).map(([host, length]): Condition => {
  const size = 2 ** (32 - length)
  const base = host - (host % size)
  return { text: `-s 192.0.2.${base}/${length}`, meets: ({ source }) => source >= base && source < base + size }
})
const iface = fc.constantFrom('eth0', 'eth1', 'eth+', 'eth0+', 'lo').map(
  (name): Condition => ({
    text: `-i ${name}`,
    meets: (packet) => (name.endsWith('+') ? packet.iface.startsWith(name.slice(0, -1)) : packet.iface === name),
  }),
)
const range = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }))
  .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)
const spell = ([low, high]: readonly [number, number]): string => (low === high ? `${low}` : `${low}:${high}`)
const within = (port: number, ranges: readonly (readonly [number, number])[]): boolean =>
  ranges.some(([low, high]) => low <= port && port <= high)

const port = (protocol: 'tcp' | 'udp') =>
  fc.oneof(
    fc.constant<Condition>({ text: `-m ${protocol}`, meets: ({ fragment }) => !fragment }),
    fc.tuple(range, fc.boolean()).map(
      ([one, negated]): Condition => ({
        text: `-m ${protocol} ${negated ? '! ' : ''}--dport ${spell(one)}`,
        meets: (packet) => !packet.fragment && within(packet.port, [one]) !== negated,
      }),
    ),
    fc.tuple(fc.array(range, { minLength: 1, maxLength: 3 }), fc.boolean()).map(
      ([list, negated]): Condition => ({
        text: `-m multiport ${negated ? '! ' : ''}--dports ${list.map(spell).join(',')}`,
        meets: (packet) => !packet.fragment && within(packet.port, list) !== negated,
      }),
    ),
    fc.constant(always),
  )
const transport = fc.oneof(
  fc.constant([always, always] as const),
  fc.constant([{ text: '! -p udp', meets: (packet: Packet) => packet.protocol !== 'udp' }, always] as const),
  fc
    .constantFrom('tcp' as const, 'udp' as const)
    .chain((protocol) =>
      port(protocol).map((ports) => [{ text: `-p ${protocol}`, meets: (packet: Packet) => packet.protocol === protocol }, ports] as const),
    ),
)
const state = fc.tuple(fc.subarray(states, { minLength: 1 }), fc.constantFrom('-m state', '-m conntrack'), fc.boolean()).map(
  ([set, match, negated]): Condition => ({
    text: `${match} ${negated ? '! ' : ''}${match === '-m state' ? '--state' : '--ctstate'} ${set.join(',')}`,
    meets: (packet) => set.includes(packet.state) !== negated,
  }),
)
const rule = fc
  .tuple(
    maybe(net),
    maybe(iface),
    transport,
    fc.oneof(fc.constant(always), state),
    fc.constantFrom('-j ACCEPT', '-j DROP', '-j LOG', '-g X', '-j X', ''),
  )
  .map(([source, from, [protocol, ports], ct, target]) => {
    const all = [source, from, protocol, ports, ct]
    return {
      text: [...all.map(({ text }) => text), target].filter(Boolean).join(' '),
      matches: (packet: Packet) => all.every(({ meets }) => meets(packet)),
      ends: /ACCEPT|DROP|-g/.test(target),
    }
  })

const packets = [0, 1, 2, 3, 4, 5, 6, 7, 9].flatMap((source) =>
  ['eth0', 'eth1', 'eth01', 'eth2', 'lo'].flatMap((name) =>
    (['tcp', 'udp'] as const).flatMap((protocol) =>
      [0, 1, 2, 3, 4, 5, 6, 7].flatMap((one) =>
        states.map((ct): Packet => ({ source, iface: name, protocol, fragment: one === 0, port: one, state: ct })),
      ),
    ),
  ),
)

describe('shadowedBy', () => {
  it.each(rows)('%s', (_, earlier, later, shadowed) => {
    expect(shadowedBy([earlier, later], 1)).toBe(shadowed === 'yes' ? 1 : undefined)
    expect(shadowedBy(['-j LOG', earlier, '-j LOG', later], 3)).toBe(shadowed === 'yes' ? 2 : undefined)
    expect(shadowedBy([later, earlier], 0)).toBeUndefined()
  })

  it.each([
    ['-m mark --mark 0x1 -j DROP', '-j MARK --set-xmark 0x1/0xffffffff', '-m mark --mark 0x1 -j ACCEPT'],
    ['-m mark --mark 0x1 -j DROP', '-j OTHER', '-m mark --mark 0x1 -j ACCEPT'],
    ['-m state --state UNTRACKED -j DROP', '-j NOTRACK', '-m state --state UNTRACKED -j ACCEPT'],
  ])('what is altered in between: %s, %s', (...lines) => expect(shadowedBy(lines, 2)).toBeUndefined())

  it('names the first', () => expect(shadowedBy(['-p udp -j DROP', '-p tcp -j DROP', '-j DROP', '-p tcp -j ACCEPT'], 3)).toBe(2))

  it('is never wrong: no packet that comes past the earlier rule meets the later one', { timeout: 60_000 }, () => {
    let found = 0
    const sound = fc.property(rule, rule, (earlier, later) => {
      if (shadowedBy([earlier.text, later.text], 1) === undefined) return
      found++
      expect(earlier.ends).toBe(true)
      expect(packets.find((packet) => later.matches(packet) && !earlier.matches(packet))).toBeUndefined()
    })
    fc.assert(sound, { numRuns: 20_000 })
    expect(found).toBeGreaterThan(200)
  })

  it('finds in a chain what it finds line by line', { timeout: 60_000 }, () => {
    let found = 0
    const same = fc.property(fc.array(rule, { minLength: 3, maxLength: 12 }), (chain) => {
      const lines = chain.map(({ text }) => text)
      const last = lines.length - 1
      const first = lines.slice(0, -1).findIndex((line) => shadowedBy([line, lines[last]!], 1) !== undefined)
      if (first >= 0) found++
      expect(shadowedBy(lines, last)).toBe(first < 0 ? undefined : first + 1)
    })
    fc.assert(same, { numRuns: 3000 })
    expect(found).toBeGreaterThan(300)
  })

  it('asks five hundred own rules of a thousand in well under five seconds', { timeout: 30_000 }, () => {
    const lines = Array.from({ length: 1000 }, (_, n) => `-s 10.${n >> 8}.${n & 255}.0/24 -p tcp -m tcp --dport ${n + 1} -j ACCEPT`)
    const start = performance.now()
    for (let at = 500; at < 1000; at++) expect(shadowedBy(lines, at)).toBeUndefined()
    expect(performance.now() - start).toBeLessThan(5000)
  })
})
