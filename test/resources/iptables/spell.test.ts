import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { shellWords } from '../../../src/resources/iptables/shell-words.js'
import { spell } from '../../../src/resources/iptables/spell.js'
import { joinRestore, splitLine } from '../../../src/resources/iptables/tokens.js'
import { type Backend, backends, chainLines, inNamespace } from './real.js'

/** Spellings as an author types them in a shell, and what iptables-save 1.8.9 printed (Debian 12, kernel 6.18); ` ⏎ ` parts several rules. */
interface Row {
  readonly family: 'ipv4' | 'ipv6'
  readonly spelling: string
  readonly nft: string
  readonly legacy: string
}

const rows = readFileSync(new URL('../../fixtures/iptables/canon.tsv', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .slice(1)
  .map((text): Row => {
    const [family, spelling, nft, legacy] = text.split('\t') as [string, string, string, string]
    return { family: family === '4' ? 'ipv4' : 'ipv6', spelling, nft, legacy }
  })

const headOf = (spelling: string): string => /^(-c \d+ \d+ )?(-t \w+ )?-[AI] \w+( \d+)?/.exec(spelling)![0]
const tableOf = (spelling: string): string => /-t (\w+)/.exec(spelling)?.[1] ?? 'filter'

/** The words as the shell hands them over; undefined where the test's own cutting does not know. */
const wordsOf = ({ spelling }: Row): readonly string[] | undefined =>
  shellWords(spelling.slice(headOf(spelling).length).replaceAll(/(^| )\*/g, '$1'))

describe('spell', () => {
  it.each(rows)('$spelling', (row) => {
    const words = wordsOf(row)
    const spelled = words && spell(words, row.family)
    const expected = row.nft.replace(/^-A \w+ ?/, '')
    // spell is not told the chain: that INPUT has no -o is not its business.
    if (spelled !== undefined && !/INPUT.* -o /.test(row.spelling)) expect(spelled).toBe(expected)
  })

  it.each(rows.filter(({ nft, legacy }) => nft !== 'ERR' && !nft.includes('⏎') && nft === legacy))('again: $nft', ({ nft, family }) => {
    const line = nft.replace(/^-A \w+ ?/, '')
    const spelled = spell(splitLine(line), family)
    if (spelled !== undefined) expect(spelled).toBe(line)
  })

  it('knows most of them', () => {
    const known = rows.filter((row) => {
      const words = wordsOf(row)
      return words && spell(words, row.family) !== undefined
    })
    expect(known.length).toBeGreaterThanOrEqual(165)
  })

  it.each([
    ['ipv4', '-p tcp --dport 80 --dport 81'],
    ['ipv4', '--dport 22 -p tcp'],
    ['ipv4', '-p tcp -p udp'],
    ['ipv4', '-s 192.0.2.1 -s 192.0.2.2'],
    ['ipv4', '-s 2001:db8::1'],
    ['ipv6', '-s 192.0.2.1'],
    ['ipv4', '-s 192.0.2.01'],
    ['ipv4', '-s 192.0.2.256'],
    ['ipv4', '-s 192.0.2.0/33'],
    ['ipv4', '-s host.example'],
    ['ipv4', '! ! -s 192.0.2.1'],
    ['ipv4', '-s'],
    ['ipv4', '!'],
    ['ipv4', '-j ACCEPT -j DROP'],
    ['ipv4', '-p tcp -m udp --dport 1'],
    ['ipv4', '-p tcp --dport 70000'],
    ['ipv4', '-p tcp --dport 90:80'],
    ['ipv4', '-p tcp -m tcp -m multiport --dport 80,81'],
    ['ipv4', '-m multiport --dports 80 -p udp -j constructor --x'],
    ['ipv4', '-m constructor'],
    ['ipv4', '-j REJECT --reject-with tcp-reset'],
    ['ipv4', '-p udp -j DNAT'],
    ['ipv4', '-j DNAT --to 10.0.0.1:80'],
    ['ipv4', '-j SYNPROXY'],
    ['ipv4', '-m tos --tos 1'],
    ['ipv4', 'stray'],
    ['ipv4', `-m comment --comment ${'x'.repeat(256)}`],
    ['ipv4', `-j LOG --log-prefix ${'x'.repeat(30)}`],
  ] as const)('does not know: %s %s', (family, text) => expect(spell(text.split(' '), family)).toBeUndefined())
})

const sources = [
  '192.0.2.1',
  '192.0.2.77/24',
  '10/8',
  '10.1.2.3/255.255.0.0',
  '1.2.3.4/255.0.255.0',
  '0/0',
  '198.51.100.0/31',
  '203.0.113.5/1',
]
const sources6 = [
  '2001:DB8::1',
  '::1',
  '::',
  '::/0',
  'fe80::1/10',
  '2001:0:0:1::/64',
  '1:0:0:2:0:0:0:3',
  '::ffff:1.2.3.4',
  '::1.2.3.4',
  '::1:2',
  '1::',
  'ff02::1:ff00:0/104',
]
const ports = ['80', 'ssh', '0x50', '1024:', ':1023', '0:65535', '7:7', '443:8443', '0', '65535', '0:0']
const not = fc.constantFrom<readonly string[]>([], [], ['!'])
const option = (name: string, values: readonly string[]) =>
  fc.tuple(not, fc.constantFrom(...values)).map(([no, value]) => [...no, name, value])
const transport = fc
  .constantFrom('tcp', '6', 'UDP', 'udp', '17')
  .chain((protocol) =>
    fc
      .tuple(
        fc.subarray([
          ['--dport', 'A'],
          ['--sport', 'B'],
          ['--destination-port', 'C'],
          ...(/6|tcp/.test(protocol) ? [['--syn'], ['--tcp-flags', 'ACK,SYN,urg', 'ACK'], ['--tcp-option', '8']] : []),
        ]),
        fc.shuffledSubarray(ports, { minLength: 3 }),
        fc.constantFrom<readonly string[]>([], ['-m', /6|tcp/.test(protocol) ? 'tcp' : 'udp']),
        not,
      )
      .map(([chosen, values, match, no]) => [
        '-p',
        protocol,
        ...match,
        ...chosen.flatMap((words) => [...no, ...words.map((word) => ({ A: values[0]!, B: values[1]!, C: values[2]! })[word] ?? word)]),
      ]),
  )
const match4 = fc.oneof(
  fc.constantFrom('NEW', 'established,RELATED', 'UNTRACKED,invalid,new').map((list) => ['-m', 'state', '--state', list]),
  fc
    .tuple(not, fc.constantFrom('DNAT,NEW', 'SNAT', 'RELATED,ESTABLISHED,INVALID'))
    .map(([no, list]) => ['-m', 'conntrack', ...no, '--ctstate', list]),
  fc
    .tuple(fc.integer({ min: 1, max: 5000 }), fc.constantFrom('', '/s', '/second', '/m', '/minute', '/hour', '/h', '/day', '/d', '/min'))
    .map(([n, unit]) => ['-m', 'limit', '--limit', `${n}${unit}`]),
  fc.integer({ min: 1, max: 9 }).map((burst) => ['-m', 'limit', '--limit-burst', `${burst}`]),
  fc
    .string({ maxLength: 12, unit: fc.constantFrom('a', 'B', '-', '_', ' ', '"', "'", '\\', '#', 'é', '!', ':', '9') })
    .map((text) => ['-m', 'comment', '--comment', `x${text}`]),
  fc
    .tuple(not, fc.constantFrom('1', '0x1/0xff', '16/0xffffffff', '0', '4294967295', '5/0'))
    .map(([no, mark]) => ['-m', 'mark', ...no, '--mark', mark]),
  fc.constantFrom('10.0.0.1-10.0.0.9', '10.0.0.5').map((text) => ['-m', 'iprange', '--src-range', text]),
  fc.constantFrom('100', '0:100', '5:5', '0:65535').map((text) => ['-m', 'length', '--length', text]),
  fc.constantFrom('local', 'UNICAST,broadcast').map((text) => ['-m', 'addrtype', '--dst-type', text]),
  fc.constantFrom(['--ttl-eq', '1'], ['--ttl-gt', '64']).map((words) => ['-m', 'ttl', ...words]),
  fc.constantFrom('broadcast', 'unicast').map((text) => ['-m', 'pkttype', '--pkt-type', text]),
)
const end4 = fc.constantFrom(
  ['-j', 'ACCEPT'],
  ['-j', 'mychain'],
  ['-g', 'mychain'],
  ['-j', 'RETURN'],
  [],
  ['-j', 'REJECT'],
  ['-j', 'REJECT', '--reject-with', 'host-prohib'],
  ['-j', 'REJECT', '--reject-with', 'icmp-admin'],
  ['-j', 'LOG', '--log-uid', '--log-prefix', 'a b'],
  ['-j', 'LOG', '--log-level', 'DEBUG', '--log-tcp-options'],
  ['-j', 'MARK', '--set-mark', '0x10/0xf'],
  ['-j', 'MARK', '--and-mark', '7'],
  ['-j', 'MARK', '--or-mark', '0'],
  ['-j', 'NFQUEUE', '--queue-num', '0x5', '--queue-bypass'],
)
const rule4 = fc
  .tuple(
    fc.subarray([['-s'], ['-d'], ['-i', 'eth+'], ['-o', 'lo'], ['-i', '+']].slice(0, 4)),
    not,
    fc.shuffledSubarray(sources),
    fc.option(transport, { nil: [] }),
    fc.array(match4, { maxLength: 2 }),
    end4,
    fc.boolean(),
  )
  .map(([head, no, addresses, l4, more, end, early]) => {
    const heads = head.flatMap((words, n) => [...no, ...words, ...(words.length === 1 ? [addresses[n] ?? '192.0.2.9'] : [])])
    return ['ipv4' as const, early ? [...l4, ...heads, ...end, ...more.flat()] : [...more.flat(), ...heads, ...l4, ...end]] as const
  })
const rule6 = fc
  .tuple(
    option('-s', sources6),
    fc.constantFrom(
      [],
      ['-p', 'icmpv6', '--icmpv6-type', 'neighbor-solicitation'],
      ['-p', '58', '-m', 'icmp6', '--icmpv6-type', '1/4'],
      ['-p', 'tcp', '--dport', 'http'],
    ),
    fc.constantFrom(['-j', 'REJECT'], ['-j', 'REJECT', '--reject-with', 'adm'], ['-j', 'DROP']),
  )
  .map(([source, l4, end]) => ['ipv6' as const, [...source, ...l4, ...end]] as const)

describe.each(backends)('random rules on iptables-%s', (backend) => {
  it('are printed as spelled, wherever they are spelled', () => {
    const sample = [...fc.sample(rule4, { numRuns: 160, seed: 5 }), ...fc.sample(rule6, { numRuns: 60, seed: 5 })]
    const known = sample.flatMap(([family, words]) => {
      const line = spell(words, family)
      return line === undefined ? [] : [{ family, words, line }]
    })
    for (const family of ['ipv4', 'ipv6'] as const) {
      const mine = known.filter((rule) => rule.family === family)
      const tool = `${family === 'ipv4' ? 'ip' : 'ip6'}tables-${backend}`
      const body = ['*filter', ':mychain - [0:0]', ...mine.map(({ words }) => `-A FORWARD ${joinRestore(words)}`), 'COMMIT', '']
      const saved = inNamespace(`${tool}-restore && ${tool}-save -t filter 2>/dev/null`, body.join('\n'))
      expect(chainLines(saved, 'FORWARD')).toEqual(mine.map(({ line }) => line))
    }
    expect(known.length).toBeGreaterThan(120)
  })
})

const natural = [
  '-j DNAT --to 10.0.0.1',
  '-p tcp -j DNAT --to 10.0.0.1:80',
  '-p tcp -j DNAT --to-destination 10.0.0.1-10.0.0.1:80-81 --persistent --random',
  '-p udp --dport 53 -j DNAT --to 10.0.0.1-10.0.0.3:53',
  '-p tcp -j REDIRECT',
  '-p tcp -j REDIRECT --to-ports 80-90 --random',
  '-j REDIRECT',
  '-p icmp --icmp-type 8 -j DNAT --to 10.0.0.1',
  '-p tcp -m multiport --sports 1:2,ssh,99 -j REDIRECT --to-port http',
  '-p tcp -j DNAT --to :80',
  '-p udp -m multiport ! --dports 1,2 -j DNAT --to 10.0.0.1',
  '-p tcp -m multiport --ports 7:7 -j REDIRECT',
  '-p tcp -j DNAT --to 10.0.0.1:80-80',
  '-p sctp -m multiport --dports 80 -j DNAT --to 10.0.0.1',
  '-p udplite -j RETURN',
  '-p ah -j RETURN',
  '-p 136 -j RETURN',
  '-p igmp -j RETURN',
]

describe.each(backends)('nat on iptables-%s', (backend) => {
  it.each(natural)('%s', (text) => {
    const line = spell(text.split(' '), 'ipv4')
    const tool = `iptables-${backend}`
    const print = `${tool} -t nat -A PREROUTING ${text} 2>/dev/null; ${tool}-save -t nat 2>/dev/null`
    if (line !== undefined) expect(chainLines(inNamespace(print), 'PREROUTING')).toEqual([line])
  })

  it('is mostly known', () => expect(natural.filter((text) => spell(text.split(' '), 'ipv4') !== undefined).length).toBeGreaterThan(12))
})

/** Runs all spellings on one back end in a network of its own, with a hosts file of its own in which the names of the corpus stand. */
const measure = (backend: Backend): readonly string[] => {
  const folder = mkdtempSync(join(tmpdir(), 'canon-'))
  const hosts = join(folder, 'hosts')
  writeFileSync(hosts, '198.51.100.7 dom-host.test\n198.51.100.8 dom-multi.test\n198.51.100.9 dom-multi.test\n')
  const blocks = rows.map(({ family, spelling }) => {
    const tool = `${family === 'ipv4' ? 'ip' : 'ip6'}tables-${backend}`
    const table = tableOf(spelling)
    return `printf '*${table}\\n:mychain - [0:0]\\nCOMMIT\\n' | ${tool}-restore
${tool} -w ${spelling} && ${tool}-save -t ${table} | grep '^-A' || echo ERR
echo =====`
  })
  const setup = `mount --bind ${hosts} /etc/hosts && ipset create myset hash:ip && ipset create myset6 hash:ip family inet6\n`
  const { stdout } = spawnSync('unshare', ['-n', '-m', 'sh'], {
    input: `exec 2>/dev/null\n${setup}${blocks.join('\n')}\n`,
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', XTABLES_LOCKFILE: join(folder, 'lock') },
  })
  rmSync(folder, { recursive: true })
  return stdout
    .toString()
    .split('=====\n')
    .slice(0, -1)
    .map((text) => text.trimEnd().replaceAll('\n', ' ⏎ '))
}

describe.each(backends)('the corpus on iptables-%s', (backend) => {
  it('is what the tool prints', { timeout: 300_000 }, () => {
    const hasSets = spawnSync('ipset', ['--version']).status === 0
    const printed = measure(backend)
    const checked = rows.flatMap((row, n) =>
      hasSets || !row.spelling.includes('-m set') ? [[row.spelling, row[backend], printed[n]]] : [],
    )
    expect(checked.filter(([, expected, found]) => expected !== found)).toEqual([])
    expect(checked.length).toBeGreaterThan(200)
  })
})
