import { describe, expect, it } from 'vitest'
import { isForeignChain, isForeignRule } from '../../src/adopt/foreign.js'
import { nameRules } from '../../src/adopt/ids.js'
import type { HeldRule } from '../../src/adopt/items.js'
import { joined, ruleText } from '../../src/adopt/rule-text.js'
import { splitLine } from '../../src/resources/iptables/tokens.js'

const held = (line: string, more: Partial<HeldRule> = {}): HeldRule => ({
  kind: 'rule',
  id: 'x',
  family: 'ipv4',
  table: 'filter',
  chain: 'INPUT',
  rule: line,
  specs: [splitLine(line)],
  ...more,
})
const named = (...rules: readonly HeldRule[]) => rules.map(nameRules(rules))

describe('ids', () => {
  it.each([
    ['-p tcp -m tcp --dport 22 -j ACCEPT', 'tcp-22-accept'],
    ['-s 192.0.2.1/32 -p tcp -m tcp --dport 22 -j ACCEPT', 'from-192.0.2.1-tcp-22-accept'],
    ['-i lo -j ACCEPT', 'in-lo-accept'],
    ['! -i eth0 -j DROP', 'not-in-eth0-drop'],
    ['-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT', 'related-established-accept'],
    ['-p tcp -m comment --comment "ssh from office" -j ACCEPT', 'ssh-from-office'],
    ['-p tcp -m comment --comment "日本" -j ACCEPT', 'tcp-accept'],
    ['-p tcp -m comment --comment "../../$(id)" -j ACCEPT', 'id'],
    ['-s 2001:db8::1/128 -j ACCEPT', 'from-2001-db8-1-accept'],
    ['-p tcp --tcp-flags FIN,SYN,RST SYN -j DROP', 'tcp-tcp-flags-fin-syn-rst-syn-drop'],
  ])('%s is called %s', (line, id) => expect(named(held(line))).toEqual([id]))

  it('stand for one rule each, the same in both families, and leave those that holdfast gave', () => {
    const [a, b] = ['-p tcp -m comment --comment web -j ACCEPT', '-p udp -m comment --comment web -j ACCEPT'] as const
    expect(named(held(a), held(b), held(a, { family: 'ipv6' }), held('-j LOG', { own: 'web' }))).toEqual(['web-2', 'web-3', 'web-2', 'web'])
  })

  it('are ids of a playbook, whatever stands in a rule', () => {
    const long = `-p tcp -m multiport --dports ${Array.from({ length: 15 }, (_, at) => at + 10000).join(',')} -j ACCEPT`
    for (const id of named(held(long), held(`${long} `), held('-m comment --comment "---" -j X'), held('')))
      expect(id).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
  })
})

describe('a rule as a playbook writes it', () => {
  it.each([
    ['-p tcp -m comment --comment "it\'s \\"$(id)\\" # ! * \\\\ 日本" -j ACCEPT'],
    ['! -s 192.0.2.1/32 -j DROP'],
    ['-m comment --comment "" -j ACCEPT'],
    ['-m comment --comment "-p udp" -j ACCEPT'],
  ])('is read back word for word: %s', (line) => {
    const words = splitLine(line)
    const text = ruleText(words, 'ipv4')
    expect('specs' in text && text.specs).toEqual([words])
  })

  it.each([
    ['-m comment --comment "{{ x }}" -j ACCEPT', /unknown variable/],
    ['-m comment --comment "{{ \'x\' }}" -j ACCEPT', /./],
    ['-m comment --comment "\udc80" -j ACCEPT', /no UTF-8/],
    ['-m comment --comment "a\x01" -j ACCEPT', /control character/],
    ['', /without any condition/],
  ])('is told where a playbook cannot hold it: %j', (line, why) => {
    const text = ruleText(splitLine(line), 'ipv4')
    expect('wrong' in text ? text.wrong : text).toMatch(why)
  })

  it('is one for rules that differ in an address alone', () => {
    const of = (...lines: readonly string[]) => joined(lines.map(splitLine))?.join(' ')
    expect(of('-s 1.1.1.1/32 -j X', '-s 2.2.2.2/32 -j X')).toBe('-s 1.1.1.1/32,2.2.2.2/32 -j X')
    expect(of('-s 1.1.1.1/32 -j X', '-s 1.1.1.1/32 -j Y')).toBeUndefined()
    expect(of('! -s 1.1.1.1/32 -j X', '! -s 2.2.2.2/32 -j X')).toBeUndefined()
    expect(of('-s 1.1.1.1/32 -d 3.3.3.3/32 -j X', '-s 2.2.2.2/32 -d 4.4.4.4/32 -j X')).toBeUndefined()
  })
})

describe('daemons', () => {
  it.each([
    ...[
      'DOCKER',
      'DOCKER-USER',
      'f2b-sshd',
      'KUBE-SERVICES',
      'ufw-before-input',
      'ufw6-user-input',
      'CNI-FORWARD',
      'cali-INPUT',
      'LIBVIRT_INP',
      'IN_public',
      'INPUT_ZONES',
      'FLANNEL-FWD',
    ],
  ])('make %s', (name) => expect(isForeignChain(name)).toBe(true))
  it.each(['INPUT', 'FORWARD', 'PREROUTING', 'POSTROUTING', 'office', 'LOG_DROP', 'web', 'OUTPUT', 'INPUTS'])('do not make %s', (name) =>
    expect(isForeignChain(name)).toBe(false),
  )
  it.each([
    ['-p tcp -m multiport --dports 22 -j f2b-sshd', true],
    ['-o docker0 -j ACCEPT', true],
    ['-s 172.17.0.0/16 ! -o docker0 -j MASQUERADE', true],
    ['-i br-0123456789ab -j ACCEPT', true],
    ['-m comment --comment "kubernetes forwarding rules" -j X', true],
    ['-i br0 -j ACCEPT', false],
    ['-m comment --comment "-j DOCKER" -j ACCEPT', false],
    ['-p tcp -j DROP', false],
  ])('look after %s: %s', (line, foreign) => expect(isForeignRule(line)).toBe(foreign))
})
