import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { Adopted, AdoptedPlay } from '../../src/adopt/document.js'
import { report } from '../../src/generated/validators.js'
import { blocksOf, commandsOf, readme } from '../house/readme.js'
import { type HostSpec, type Lab, startLab } from '../lab/lab.js'
import { holdfastWords } from '../program.js'
import { differences, holdfast, outcomes, project } from './run.js'

const hostile = `-A INPUT -p udp -m udp --dport 124 -m comment --comment "it's \\"$(reboot)\\" \`id\` # : - 日本 \\\\" -j ACCEPT`
const rules4 = `*filter
:INPUT DROP [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:office - [0:0]
:f2b-sshd - [0:0]
-A INPUT -p tcp -m tcp --dport 22 -j f2b-sshd
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
-A INPUT -p tcp -m multiport --dports 80,443 -m comment --comment "web for everybody" -j ACCEPT
-A INPUT -s 192.0.2.0/24 -j office
${hostile}
-A INPUT -p udp -m udp --dport 123 -m comment --comment "{{ groups.web.addresses }}" -j ACCEPT
-A INPUT -m limit --limit 5/min -j LOG --log-prefix "no: "
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
-A office -p tcp -m tcp --dport 9100 -j ACCEPT
-A office -j RETURN
-A f2b-sshd -j RETURN
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A PREROUTING -p tcp -m tcp --dport 8080 -j REDIRECT --to-ports 80
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
COMMIT
`
const rules6 = `*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -p ipv6-icmp -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
COMMIT
`
const ours = `net.ipv4.tcp_rfc1337 = 0
net.ipv4.ip_local_port_range = 20000 60999
net.ipv4.tcp_fin_timeout=30
net.ipv4.conf.all.rp_filter = 1
net.ipv4.no_such = 3
net.ipv4.ip_forward=1
`
const web: HostSpec['files'] = { '/etc/iptables/rules.v4': rules4, '/etc/iptables/rules.v6': rules6, '/etc/sysctl.d/50-own.conf': ours }
const noTools = ['iptables', 'ip6tables', 'iptables-save', 'ip6tables-save'].map((name) => `/usr/sbin/${name}`)
const specs: readonly HostSpec[] = [
  { name: 'web1', kind: 'web', files: web },
  { name: 'web2', kind: 'web', files: web },
  { name: 'old', kind: 'web', backend: 'legacy', files: web },
  { name: 'table', kind: 'web', files: web, hide: ['/usr/bin/unshare'] },
  {
    name: 'sudo',
    kind: 'web',
    files: web,
    users: [{ name: 'deploy', password: 'x', sudoers: 'deploy ALL=(ALL) NOPASSWD: ALL' }],
    vars: { ansible_user: 'deploy', ansible_become: true },
  },
  { name: 'ufw', kind: 'bare', files: { '/etc/ufw/ufw.conf': 'ENABLED=yes\n' } },
  { name: 'alp', kind: 'alpine' },
  { name: 'app', kind: 'appliance', vars: { holdfast_profile: 'iwsva-6.5' } },
  { name: 'naked', kind: 'bare', hide: noTools },
  { name: 'own', kind: 'bare' },
]
/** What holdfast itself has put on hosts before. */
const before = [
  {
    hosts: ['own', 'app'],
    iptables: [
      { id: 'peers', chain: 'INPUT', rule: '-p tcp -s 192.0.2.1,192.0.2.2 --dport 9 -j ACCEPT' },
      { id: 'echo', chain: 'INPUT', rule: '-p tcp --dport 7 -j ACCEPT' },
    ],
    sysctl: { 'net.ipv4.tcp_keepalive_time': 300 },
  },
  { hosts: 'own', chains: [{ name: 'guests', family: 'both', rules: ['-p tcp --dport 25 -j DROP'] }] },
]

describe('adopt', () => {
  let lab: Lab
  let file: string
  let text: string
  let adopted: Adopted
  const adopt = async (...argv: string[]) => {
    const ran = await holdfast(lab, ['adopt', ...argv, '--out', file], {})
    return { ...ran, adopted: JSON.parse(ran.stdout) as Adopted, text: readFileSync(file, 'utf8') }
  }
  const playsOf = (plays: readonly AdoptedPlay[], host: string) => plays.filter(({ hosts }) => [hosts].flat().includes(host))
  const rulesOf = (plays: readonly AdoptedPlay[]) => plays.flatMap(({ iptables = [] }) => iptables)
  const open = (host: string) => adopted.undecided.filter(({ play }) => [play.hosts].flat().includes(host))

  beforeAll(async () => {
    lab = await startLab(specs)
    file = join(lab.dir, 'adopted.yaml')
    expect((await holdfast(lab, ['apply'], { 'playbooks/before.yaml': before })).code).toBe(0)
    const byHand = '-p tcp -s 192.0.2.9 --dport 8444 -j ACCEPT'
    await Promise.all([
      lab.host('web2').must(`iptables -A INPUT -p tcp --dport 26 -j ACCEPT
sed -i 's/^-A office -j RETURN/-A office -p tcp -m tcp --dport 9101 -j ACCEPT\\n&/' /etc/iptables/rules.v4
echo 31 > /proc/sys/net/ipv4/tcp_fin_timeout; echo 5 > /proc/sys/net/ipv4/tcp_syn_retries`),
      lab.host('ufw').must('iptables -A INPUT -p tcp --dport 1 -j ACCEPT'),
      lab.host('alp').must(`iptables -A INPUT -p udp --dport 53 -j ACCEPT
iptables-save > /etc/iptables/rules-save`),
      lab.host('app').must(`sed -i '/# stateful$/a IPTABLE ipv4 -A INPUT ${byHand}' /usr/iwss/iwsvafw.sh
iptables -I INPUT 3 ${byHand}`),
    ])
    const ran = await adopt('all')
    expect([ran.code, ran.stderr]).toEqual([0, `written to ${file}; check it with: holdfast plan ${file}\n`])
    ;({ text, adopted } = ran)
  })
  afterAll(() => lab?.stop())

  it('prints the same as a playbook and as data', () => {
    expect(parse(text)).toEqual(adopted.plays)
    expect(report(adopted), JSON.stringify(report.errors)).toBe(true)
  })

  it('prints the same again', async () => {
    expect((await adopt('all')).text).toBe(text)
  })

  it('is what a plan finds on every host, in both layers', async () => {
    expect((await holdfast(lab, ['validate'], { 'playbooks/adopted.yaml': text })).code).toBe(0)
    const plan = await holdfast(lab, ['plan'], { 'playbooks/adopted.yaml': text })
    expect(outcomes(plan)).toEqual(Object.fromEntries(specs.map(({ name }) => [name, 'in-sync'])))
    expect([plan.code, differences(plan)]).toEqual([0, []])
  })

  it('is found by a plan with built-in chains as a whole, too, which then sees what is added', async () => {
    const ran = await adopt('all', '--exact')
    const exact = ran.adopted.plays.flatMap(({ chains = [] }) => chains).filter((chain) => chain.exact)
    expect(exact.map(({ name, table, ignore }) => [table ?? 'filter', name, ignore ?? []])).toContainEqual([
      'nat',
      'PREROUTING',
      ['-m addrtype --dst-type LOCAL -j DOCKER'],
    ])
    const files = { 'playbooks/adopted.yaml': ran.text }
    const plan = await holdfast(lab, ['plan'], files)
    expect([plan.code, differences(plan)]).toEqual([0, []])
    await lab.host('old').must('iptables -t nat -A PREROUTING -p tcp --dport 81 -j ACCEPT')
    expect(differences(await holdfast(lab, ['plan'], files))).toEqual([
      'old live ipv4 nat PREROUTING rule: 3 -p tcp -m tcp --dport 81 -j ACCEPT -> -',
    ])
    await lab.host('old').must('iptables -t nat -D PREROUTING 3')
  })

  it('names the group of hosts that agree, and takes what daemons do not look after', () => {
    const group = adopted.plays.filter(({ hosts }) => hosts === 'web')
    expect(group.flatMap(({ sysctl }) => Object.entries(sysctl ?? {}))).toEqual(
      expect.arrayContaining([
        ['net.ipv4.ip_forward', 1],
        ['net.ipv4.ip_local_port_range', '20000 60999'],
      ]),
    )
    expect(group.flatMap(({ chains = [] }) => chains)).toContainEqual({ name: 'INPUT', family: 'ipv4', policy: 'DROP' })
    expect(rulesOf(group).map(({ id, family }) => [id, family])).toEqual([
      ['in-lo-accept', 'both'],
      ['related-established-accept', undefined],
      ['tcp-22-accept', 'both'],
      ['web-for-everybody', undefined],
      ['from-192.0.2.0-24-office', undefined],
      ['udp-124-accept', undefined],
      ['limit-5-min-log-no', undefined],
      ['prerouting-tcp-8080-redirect-80', undefined],
      ['ipv6-icmp-accept', 'ipv6'],
    ])
    expect(JSON.stringify(adopted.plays)).not.toMatch(/docker|f2b|MASQUERADE/i)
  })

  it('leaves what stands in one layer only to somebody', () => {
    expect(open('web2').map(({ why }) => why.replace(/ \(.*\)/, ''))).toEqual([
      'live 31, after reboot 30: choose',
      'live 5, after reboot 6: choose',
      'live only, gone after a reboot: choose',
      'live only, different after a reboot: choose',
    ])
    expect(text).toContain('# live 31, after reboot 30: choose\n# - name: To be decided for web2\n#   hosts: web2\n#   sysctl:\n')
    expect(playsOf(adopted.plays, 'web2').flatMap(({ chains = [] }) => chains)).toEqual([])
  })

  it('leaves rules beside another firewall to somebody', () => {
    expect(open('ufw').map(({ why, play }) => [why.slice(0, 33), rulesOf([play]).map(({ id }) => id)])).toEqual([
      ['another firewall is here: ufw (/e', ['tcp-1-accept']],
    ])
  })

  it('has a sound playbook in its comments', async () => {
    const lines = text.split('\n').flatMap((line) => (/^# ( *- | {2,}\w)/.test(line) ? [line.slice(2)] : []))
    const ran = await holdfast(lab, ['validate'], { 'playbooks/open.yaml': lines.join('\n') })
    expect([ran.code, ran.problems]).toEqual([0, []])
    expect(lines.length).toBeGreaterThan(10)
  })

  it('takes from an appliance what people have put into its script, and nothing of the vendor', () => {
    expect(rulesOf(playsOf(adopted.plays, 'app')).map(({ rule }) => rule)).toContain('-s 192.0.2.9/32 -p tcp -m tcp --dport 8444 -j ACCEPT')
    expect(playsOf(adopted.plays, 'app').flatMap(({ chains = [] }) => chains)).toEqual([])
    expect(JSON.stringify(playsOf(adopted.plays, 'app'))).not.toContain('8080')
  })

  it.each(['own', 'app'])('keeps the ids that holdfast gave on %s', (name) => {
    expect(rulesOf(playsOf(adopted.plays, name)).filter(({ id }) => ['peers', 'echo'].includes(id))).toEqual([
      { id: 'peers', chain: 'INPUT', rule: '-s 192.0.2.1/32,192.0.2.2/32 -p tcp -m tcp --dport 9 -j ACCEPT' },
      { id: 'echo', chain: 'INPUT', rule: '-p tcp -m tcp --dport 7 -j ACCEPT' },
    ])
  })

  it('takes a chain that holdfast owns, in both families', () => {
    expect(adopted.plays.flatMap(({ chains = [] }) => chains)).toContainEqual({
      name: 'guests',
      family: 'both',
      rules: ['-p tcp -m tcp --dport 25 -j DROP'],
    })
  })

  it('says what it leaves out', () => {
    const said = adopted.leftOut.map(({ hosts, what }) => `${[hosts].flat().join(',')}: ${what}`).join('\n')
    expect(said).toContain('naked: there is no iptables on this host')
    expect(said).toMatch(/^web: .*stands there more than once, one is enough: -p tcp -m tcp --dport 22 -j ACCEPT$/m)
    expect(said).toMatch(/^web: .*no playbook can hold this rule .*groups\.web\.addresses/m)
    expect(said).toMatch(/^web2: .*stands in \/etc\/iptables\/rules\.v4 only, .*9101/m)
    expect(said).toMatch(/^web: a file of \/etc sets net\.ipv4\.no_such/m)
  })

  it('goes as the README says', async () => {
    const block = blocksOf(readme()).find(({ title }) => title === 'adopt')!
    const cwd = project(lab, {})
    for (const command of commandsOf(block)) {
      const argv = [...holdfastWords, ...command.split(' ').slice(1), '--known-hosts', join(lab.dir, 'known_hosts')]
      expect([command, (await lab.run(argv, { cwd, timeout: 60_000 })).code]).toEqual([command, 0])
    }
  })

  it('names a host that cannot be reached, and goes on', async () => {
    const inventory = parse(readFileSync(join(lab.dir, 'inventory.yaml'), 'utf8'))
    inventory.all.hosts.gone = { ansible_host: '198.18.0.250' }
    const ran = await holdfast(lab, ['adopt', 'gone:naked', '--connect-timeout', '2'], { 'inventory.yaml': inventory })
    expect(ran.code).toBe(4)
    expect(ran.stderr).toMatch(/^gone: unreachable: /m)
    expect((JSON.parse(ran.stdout) as Adopted).plays.flatMap(({ hosts }) => hosts)).toEqual(['naked'])
  })

  it('still is what hosts hold when they were restarted', async () => {
    await Promise.all(['web1', 'alp', 'app', 'own'].map((name) => lab.host(name).reboot()))
    const plan = await holdfast(lab, ['plan', '--limit', 'web1:alp:app:own'], { 'playbooks/adopted.yaml': text })
    expect([plan.code, differences(plan)]).toEqual([0, []])
  })
})
