import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lab, startLab } from '../lab/lab.js'
import { type Files, holdfast, outcomes, type Ran } from './run.js'

const playbooks: Files = {
  'playbooks/main.yaml': [
    {
      name: 'all',
      hosts: 'all',
      sysctl: { 'net.ipv4.tcp_rfc1337': 1, 'net.ipv4.tcp_keepalive_time': 325 },
      iptables: [{ id: 'metrics', chain: 'INPUT', rule: '-p tcp --dport 9100 -j ACCEPT', place: 'first', family: 'both' }],
    },
    { name: 'chains', hosts: 'all:!appliance', chains: [{ name: 'watchers', rules: ['-s 192.0.2.7 -j RETURN', '-j DROP'] }] },
  ],
  'host_vars/appl.yaml': {},
}
const appliance: Files = {
  ...playbooks,
  'playbooks/main.yaml': [
    {
      name: 'product',
      hosts: 'appliance',
      profile: 'iwsva-6.5',
      sysctl: { 'net.ipv4.tcp_rfc1337': 0 },
      iptables: [
        { id: 'proxy', chain: 'INPUT', rule: '-p tcp -s 192.0.2.7 -j ACCEPT', after: '-m state --state ESTABLISHED,RELATED -j ACCEPT' },
      ],
    },
    ...(playbooks['playbooks/main.yaml'] as object[]).map((play) => ({ ...play, hosts: 'all:!appliance' })),
  ],
}

/** All that a run may change on a host, as text. */
const holdings = `{ iptables-save; ip6tables-save; } | sed 's/\\[.*\\]//; /^#/d'
cat /proc/sys/net/ipv4/tcp_rfc1337 /proc/sys/net/ipv4/tcp_keepalive_time
for f in /etc/iptables/* /usr/iwss/iwsvafw.sh /etc/sysctl.conf /etc/sysctl.d/* /etc/holdfast/*; do [ -f "$f" ] && { echo "$f"; stat -c '%a %U' "$f"; cat "$f"; }; done
find /etc /usr/iwss -name '*holdfast*' ! -type d 2>/dev/null; [ ! -e /run/holdfast/lock ] || echo locked`

// Tables that were used once stay, empty, until the next boot.
const plain = (text: string): string => text.replace(/^\*filter\n:INPUT ACCEPT ?\n:FORWARD ACCEPT ?\n:OUTPUT ACCEPT ?\nCOMMIT\n/gm, '')

describe('rollback', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await startLab([
      { name: 'appl', kind: 'appliance' },
      { name: 'web', kind: 'web' },
      { name: 'webl', kind: 'web', backend: 'legacy' },
      { name: 'bare', kind: 'bare' },
    ])
  })
  afterAll(() => lab?.stop())

  const held = (): Promise<string[]> => Promise.all(lab.hosts.map(async (host) => plain(await host.must(holdings))))
  const rollback = (...argv: string[]): Promise<Ran> => holdfast(lab, ['rollback', ...argv], appliance)
  const apply = (...argv: string[]): Promise<Ran> => holdfast(lab, ['apply', ...argv], appliance)
  const every = (outcome: string): object => Object.fromEntries(lab.hosts.map(({ name }) => [name, outcome]))
  let old: string[] = []
  let first = ''

  it('shows what would be taken back and does nothing', async () => {
    old = await held()
    const applied = await apply()
    expect(outcomes(applied)).toEqual(every('changed'))
    first = applied.report.run
    const now = await held()
    const ran = await rollback('all', '--check')
    expect(outcomes(ran)).toEqual(every('pending'))
    expect(ran.code).toBe(2)
    expect(await held()).toEqual(now)
    const places = (changes: readonly { layer: string; at: string }[]): readonly string[] =>
      changes.map(({ layer, at }) => `${layer} ${at}`).sort()
    for (const { name } of lab.hosts) expect(places(ran.host(name).changes)).toEqual(places(applied.host(name).changes))
  })

  it('lists the runs that hosts keep', async () => {
    const ran = await rollback('all', '--list')
    expect(ran.code).toBe(0)
    const { hosts } = JSON.parse(ran.stdout) as { hosts: { host: string; runs: { run: string; who: string; changes: object[] }[] }[] }
    expect(hosts.map(({ host, runs }) => [host, runs.map(({ run }) => run)])).toEqual(lab.hosts.map(({ name }) => [name, [first]]))
    expect(hosts[0]!.runs[0]).toMatchObject({ who: expect.stringContaining('@'), changes: expect.any(Array) })
  })

  it('puts both layers back on hosts of every kind; a second one does nothing; the next apply calls it new', async () => {
    const ran = await rollback('all')
    expect(outcomes(ran)).toEqual(every('changed'))
    expect(ran.code).toBe(0)
    expect(await held()).toEqual(old)
    const again = await rollback('all')
    expect(outcomes(again)).toEqual(every('in-sync'))
    expect(again.code).toBe(0)
    const plan = await holdfast(lab, ['plan'], appliance)
    expect(outcomes(plan)).toEqual(every('pending'))
    expect([...new Set(plan.report.hosts.flatMap(({ changes }) => changes.map(({ cause }) => cause)))]).toEqual(['new'])
  })

  it('keeps what others did since, in the chains and in the files, and refuses what it cannot tell apart', async () => {
    const applied = await apply('--limit', 'web,webl,bare')
    expect(applied.code).toBe(0)
    for (const name of ['web', 'webl'])
      await lab.host(name).must(`iptables -I INPUT 1 -s 203.0.113.1 -j DROP; iptables -A watchers -s 203.0.113.2 -j DROP
sed -i '/^COMMIT/i -A INPUT -s 203.0.113.3/32 -j DROP' /etc/iptables/rules.v4; echo 'net.ipv4.ip_forward = 0' >> /etc/sysctl.d/zz-holdfast.conf`)
    await lab.host('bare').must(`sed -i 's/tcp_rfc1337 *= *1/tcp_rfc1337 = 2/' /etc/sysctl.d/zz-holdfast.conf`)
    const before = await lab.host('bare').must(holdings)
    const ran = await rollback('web,webl,bare')
    expect(outcomes(ran)).toEqual({
      web: 'changed',
      webl: 'changed',
      bare: expect.stringMatching(/^failed: \/etc\/sysctl\.d\/zz-holdfast\.conf was edited since/),
    })
    expect(ran.code).toBe(3)
    expect(await lab.host('bare').must(holdings)).toBe(before)
    for (const name of ['web', 'webl']) {
      const now = await lab.host(name).must(holdings)
      expect(now).not.toMatch(/9100|192\.0\.2\.7|keepalive_time/)
      expect(now).toMatch(/^-A INPUT -s 203\.0\.113\.1\/32 -j DROP\n-A INPUT -i lo -j ACCEPT$/m)
      expect(now).toMatch(/^-A watchers -s 203\.0\.113\.2\/32 -j DROP$/m)
      expect(now).toMatch(/^-A INPUT -s 203\.0\.113\.3\/32 -j DROP$/m)
      expect(now).toMatch(/zz-holdfast\.conf\n[^\n]*\nnet\.ipv4\.ip_forward = 0\n/)
    }
  })

  it('takes back a run that is named, also a rollback, and says so when nobody keeps it', async () => {
    expect(outcomes(await rollback('appl', '--run', first))).toEqual({ appl: 'in-sync' })
    const list = JSON.parse((await rollback('appl', '--list')).stdout) as { hosts: { runs: { run: string; rollbackOf?: string }[] }[] }
    const [last] = list.hosts[0]!.runs
    expect(last?.rollbackOf).toBe(first)
    expect(outcomes(await rollback('appl', '--run', last!.run))).toEqual({ appl: 'changed' })
    expect(outcomes(await holdfast(lab, ['plan', '--limit', 'appl'], appliance))).toEqual({ appl: 'in-sync' })
    const nobody = await rollback('all', '--run', '20200101T000000Z-abcdef')
    expect(nobody.code).toBe(1)
    expect(nobody.problems[0]?.message).toContain('none of these hosts keeps the run 20200101T000000Z-abcdef')
    expect((await rollback('nobody')).problems[0]?.message).toContain('no host and no group is called "nobody"')
  })

  it('is guarded as an apply is: it does not lock out', async () => {
    const ssh: Files = {
      'playbooks/main.yaml': [
        {
          hosts: 'web',
          iptables: [{ id: 'ssh', chain: 'INPUT', rule: '-p tcp --dport 22 -m state --state NEW -j ACCEPT', place: 'first' }],
        },
      ],
    }
    expect(outcomes(await holdfast(lab, ['apply', '--limit', 'web'], ssh))).toEqual({ web: 'changed' })
    await lab.host('web').must('iptables -D INPUT -p tcp -m tcp --dport 22 -j ACCEPT')
    const ran = await rollback('web')
    expect(outcomes(ran)).toEqual({ web: expect.stringMatching(/^failed: would lock out/) })
    expect(ran.code).toBe(3)
  })
})
