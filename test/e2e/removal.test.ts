import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lab, type LabHost, startLab } from '../lab/lab.js'
import { changed, differences, type Files, holdfast, outcomes, type Ran } from './run.js'

type Item = Readonly<Record<string, unknown>>

const rule = (id: string, port: number, more: Item = {}): Item => ({
  id,
  chain: 'INPUT',
  rule: `-p tcp --dport ${port} -j ACCEPT`,
  ...more,
})
const ssh = '-p tcp --dport 22 -j ACCEPT'
const a1 = rule('a1', 9101, { place: 'first', family: 'both' })
const a2 = rule('a2', 9102, { after: 'id:a1' })
const a3 = rule('a3', 9103, { after: ['-m conntrack --ctstate DNAT -j ACCEPT', ssh] })
const a4 = rule('a4', 9104, { place: 'last' })
const a5 = rule('a5', 9105)

const one = (iptables: readonly Item[], more: Item = {}): Files => ({
  'playbooks/one.yaml': [{ hosts: 'all', iptables, sysctl: { 'net.ipv4.tcp_keepalive_time': 300 }, ...more }],
})
const two: Files = {
  'playbooks/two.yaml': [
    {
      hosts: 'all',
      iptables: [rule('b1', 9201, { before: '-p icmp -j ACCEPT' }), { id: 'b2', chain: 'INPUT', rule: '-p udp -j two', before: ssh }],
      chains: [{ name: 'two', rules: ['-s 192.0.2.1 -j ACCEPT', '-j RETURN'] }],
      sysctl: { 'net.ipv4.tcp_fin_timeout': 30 },
    },
  ],
}

const names = ['nft', 'legacy']
const each = (outcome: string) => Object.fromEntries(names.map((name) => [name, outcome]))

/** INPUT's rules: own ones by their id, the others by their text. */
const chain = async (host: LabHost): Promise<readonly string[]> =>
  (await host.must('iptables-save -t filter')).split('\n').flatMap((line) => {
    const id = /holdfast:([a-z0-9]+)/.exec(line)?.[1]
    return line.startsWith('-A INPUT ') ? [id ?? line.slice(9)] : []
  })
const files = (host: LabHost): Promise<string> =>
  host.must('cat /etc/iptables/rules.v4 /etc/iptables/rules.v6; cat /etc/sysctl.d/zz-holdfast.conf 2>/dev/null || :')

const lo = '-i lo -j ACCEPT'
const known = '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT'
const invalid = '-m conntrack --ctstate INVALID -j DROP'
const icmp = '-p icmp -j ACCEPT'
const ssh22 = '-p tcp -m tcp --dport 22 -j ACCEPT'
const web = '-p tcp -m multiport --dports 80,443 -m conntrack --ctstate NEW -j ACCEPT'

describe('what comes, moves and goes over time', () => {
  let lab: Lab
  let hosts: readonly LabHost[]
  let fresh: readonly string[]
  beforeAll(async () => {
    lab = await startLab(names.map((name) => ({ name, kind: 'web', backend: name as 'nft' | 'legacy' })))
    hosts = lab.hosts
    fresh = await Promise.all(hosts.map(files))
  })
  afterAll(() => lab?.stop())

  const chains = () => Promise.all(hosts.map(chain))
  const onBoth = (script: string) => Promise.all(hosts.map((host) => host.must(script)))
  const expectChain = async (...lines: readonly string[]) => expect(await chains()).toEqual(hosts.map(() => lines))
  const reasons = (ran: Ran) => names.map((name) => ran.host(name).reason ?? '')
  const warnings = (ran: Ran) => names.map((name) => (ran.host(name).warnings ?? []).join('\n'))
  const apply = async (what: Files, outcome = 'changed', ...argv: readonly string[]): Promise<Ran> => {
    const ran = await holdfast(lab, ['apply', ...argv], what)
    expect(outcomes(ran)).toEqual(each(outcome))
    return ran
  }

  it('leaves each other’s rules, keys and boot lines alone, playbook by playbook', async () => {
    await apply(one([a1, a2, a3, a4, a5]))
    await expectChain('a1', 'a2', lo, known, invalid, icmp, ssh22, 'a3', web, 'a5', 'a4')
    await apply(two)
    const now = ['a1', 'a2', lo, known, invalid, 'b1', icmp, 'b2', ssh22, 'a3', web, 'a5', 'a4']
    await expectChain(...now)
    for (const what of [one([a1, a2, a3, a4, a5]), two, { ...one([a1, a2, a3, a4, a5]), ...two }]) {
      const ran = await holdfast(lab, ['plan'], what)
      expect(differences(ran)).toEqual([])
      expect(outcomes(ran)).toEqual(each('in-sync'))
    }
    for (const text of await Promise.all(hosts.map(files))) {
      expect(text).toContain('tcp_keepalive_time')
      expect(text).toContain('tcp_fin_timeout')
      expect(text).toContain('holdfast:a3')
      expect(text).toContain('holdfast:b2')
    }
    await Promise.all(hosts.map((host) => host.reboot()))
    expect(differences(await holdfast(lab, ['plan'], { ...one([a1, a2, a3, a4, a5]), ...two }))).toEqual([])
  })

  it('moves a rule back that a person has moved, and nothing else', async () => {
    await onBoth(
      'L=$(iptables-save | sed -n "s/^-A INPUT \\(.*holdfast:a3.*\\)/\\1/p"); eval "iptables -D INPUT $L"; eval "iptables -I INPUT 1 $L"',
    )
    const ran = await apply(one([a1, a2, a3, a4, a5]))
    for (const name of names)
      expect(changed(ran.host(name).changes)).toEqual([expect.stringMatching(/^ipv4 filter INPUT a3: 1 -p tcp .* -> 1[01] -p tcp .*$/)])
    expect(ran.host('nft').changes[0]!.cause).toBe('drift')
  })

  it('counts a copy that a person has put there as present', async () => {
    await onBoth(
      'L=$(iptables-save | sed -n "s/^-A INPUT \\(.*holdfast:a5.*\\)/\\1/p"); eval "iptables -D INPUT $L"; iptables -A INPUT -p tcp --dport 9105 -j ACCEPT',
    )
    await apply(one([a1, a2, a3, a5, a4].filter((item) => item !== a4)), 'changed')
    expect(await chains()).toEqual(hosts.map(() => expect.arrayContaining(['-p tcp -m tcp --dport 9105 -j ACCEPT'])))
    expect((await chains()).flat()).not.toContain('a5')
    expect((await chains()).flat()).not.toContain('a4')
  })

  it('names the foreign rule that shadows a wanted one', async () => {
    await onBoth('iptables -I INPUT 4 -p tcp --dport 9000:9199 -j DROP')
    const ran = await holdfast(lab, ['plan'], one([a1, a2, a3, a5]))
    for (const text of warnings(ran)) {
      expect(text).toMatch(
        /^rule a3 can never match: rule 4 of ipv4 filter INPUT above it ends its packets \(-p tcp -m tcp --dport 9000:9199 -j DROP\)$/m,
      )
      expect(text).not.toMatch(/^rule a1 /m)
    }
    await onBoth('iptables -D INPUT -p tcp --dport 9000:9199 -j DROP')
  })

  it('replaces an edited rule where it stands', async () => {
    const before = await chains()
    const edited = { ...a3, rule: '-p tcp --dport 9113 -m state --state NEW -j ACCEPT' }
    const ran = await apply(one([a1, a2, edited, a5]))
    expect(await chains()).toEqual(before)
    expect(ran.host('nft').changes.map(({ layer, cause }) => `${layer} ${cause}`)).toEqual(['live intent', 'boot intent'])
    expect(await hosts[0]!.must('iptables-save')).toContain('--dport 9113')
    expect(await hosts[0]!.must('iptables-save')).not.toContain('--dport 9103')
  })

  it('removes only what its own playbook no longer names, and nothing under --limit', async () => {
    const less = one([a1, a3, a5])
    const limited = await holdfast(lab, ['plan', '--limit', 'nft'], less)
    expect(changed(limited.host('nft').changes).filter((text) => text.includes(' a2: '))).toEqual([])
    expect(differences(await holdfast(lab, ['plan'], two))).toEqual([])
    const ran = await apply(less)
    for (const name of names) expect(changed(ran.host(name).changes).filter((text) => text.includes(' a2: '))).toHaveLength(2)
    expect((await Promise.all(hosts.map(files))).join('')).not.toContain('holdfast:a2')
  })

  it('writes nothing where an anchor is missing, and quotes the chain', async () => {
    const before = await Promise.all([chains(), ...hosts.map(files)])
    const ran = await holdfast(
      lab,
      ['apply'],
      one([a1, rule('lost', 9199, { after: '-s 192.0.2.200 -j ACCEPT' })], { sysctl: { 'net.ipv4.tcp_keepalive_time': 301 } }),
    )
    expect(outcomes(ran)).toEqual(Object.fromEntries(names.map((name) => [name, expect.stringMatching(/^failed: /)])))
    for (const reason of reasons(ran)) {
      expect(reason).toMatch(/lost: the chain has no rule '-s 192\.0\.2\.200\/32 -j ACCEPT' to place it after/)
      expect(reason).toMatch(/\n {2}\d+ -i lo -j ACCEPT\n/)
    }
    expect(await Promise.all([chains(), ...hosts.map(files)])).toEqual(before)
    expect(await onBoth('cat /proc/sys/net/ipv4/tcp_keepalive_time')).toEqual(['300\n', '300\n'])
  })

  it('takes out every copy of a rule that is to be absent', async () => {
    await onBoth(
      'iptables -A INPUT -p tcp --dport 23 -m comment --comment old -j ACCEPT; iptables -I INPUT -p tcp --dport 23 -j ACCEPT; iptables-save > /etc/iptables/rules.v4',
    )
    const absent = { state: 'absent', chain: 'INPUT', rule: '-p tcp --dport telnet -j ACCEPT' }
    const gone = { state: 'absent', chain: 'nowhere', rule: '-j DROP' }
    const ran = await apply(one([a1, a3, a5, absent, gone]))
    for (const name of names) {
      const texts = changed(ran.host(name).changes)
      expect(texts.filter((text) => !text.includes(' absent: '))).toEqual([])
      expect(texts).toHaveLength(4)
    }
    expect(await onBoth('iptables-save | cat - /etc/iptables/rules.v4 | grep -c "dport 23 " || :')).toEqual(['0\n', '0\n'])
  })

  it('reports an orphan, and removes it when asked to', async () => {
    await onBoth('iptables -A INPUT -p tcp --dport 7 -m comment --comment holdfast:ghost -j ACCEPT')
    const what = one([a1, a3, a5])
    const ran = await holdfast(lab, ['plan'], what)
    for (const text of warnings(ran)) expect(text).toMatch(/ghost is an orphan/)
    await apply(what, 'changed', '--prune')
    expect((await chains()).flat()).not.toContain('ghost')
    expect((await chains()).flat()).toContain('b1')
  })

  it('edits and removes an owned chain', async () => {
    const edited = structuredClone(two['playbooks/two.yaml']) as { chains: { rules: string[] }[] }[]
    edited[0]!.chains[0]!.rules = ['-s 192.0.2.1 -j ACCEPT', '-s 192.0.2.2 -j ACCEPT', '-j RETURN']
    const ran = await apply({ 'playbooks/two.yaml': edited })
    for (const name of names) expect(ran.host(name).changes).toHaveLength(2)
    expect(await onBoth('iptables -S two | tail -n 2')).toEqual(hosts.map(() => '-A two -s 192.0.2.2/32 -j ACCEPT\n-A two -j RETURN\n'))
    await apply({ 'playbooks/two.yaml': [{ hosts: 'all', iptables: [] }] })
    expect(await onBoth('iptables-save | cat - /etc/iptables/rules.v4 | grep -c -w -e two -e b1 -e b2 || :')).toEqual(['0\n', '0\n'])
  })

  it('leaves nothing behind when the last thing goes', async () => {
    await apply({ 'playbooks/one.yaml': [{ hosts: 'all', iptables: [] }] })
    const text = (await Promise.all(hosts.map((host) => host.must('iptables-save; ip6tables-save')))).join('')
    expect(text).not.toContain('holdfast')
    const left = await Promise.all(
      hosts.map((host) => host.must('cat /etc/iptables/rules.v6; ls /etc/sysctl.d; cat /proc/sys/net/ipv4/tcp_fin_timeout')),
    )
    for (const [index, now] of left.entries()) {
      const [v6 = ''] = now.split('\n10-web.conf')
      expect(fresh[index]).toContain(v6)
      expect(now).not.toContain('holdfast')
    }
    expect(outcomes(await holdfast(lab, ['plan'], { 'playbooks/one.yaml': [{ hosts: 'all', iptables: [] }] }))).toEqual(each('in-sync'))
  })
})
