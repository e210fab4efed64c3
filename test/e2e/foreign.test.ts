import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lab, type LabHost, startLab } from '../lab/lab.js'
import { differences, holdfast, outcomes } from './run.js'

/** 1,000 rules of others with counters, none of which this lab's packets meet: daemons' chains, odd comments, several tables. */
const ruleset = (): string => {
  const counted = (index: number, rule: string): string => `[${index * 7 + 1}:${index * 1001 + 40}] ${rule}`
  const filter = Array.from({ length: 1000 }, (_, index) => {
    const chain = ['INPUT', 'FORWARD', 'DOCKER', 'f2b-sshd', 'KUBE-SERVICES', 'mine'][index % 6]
    const source = `-s 10.${index >> 8}.${index & 255}.7/32`
    const text = ['', ' -m comment --comment "say \\"hi\\" 日本語"', ' -p tcp -m multiport --dports 80,443', ' -m mark --mark 0x1/0xff'][
      index % 4
    ]
    return counted(index, `-A ${chain} ${source}${text} -j ${['DROP', 'ACCEPT', 'RETURN'][index % 3]}`)
  })
  const chains = ['DOCKER', 'f2b-sshd', 'KUBE-SERVICES', 'mine'].map((name) => `:${name} - [0:0]`)
  const jumps = ['DOCKER', 'f2b-sshd', 'KUBE-SERVICES', 'mine'].map((name, index) =>
    counted(index, `-A INPUT -s 10.9.9.${index}/32 -j ${name}`),
  )
  const ssh = '[0:0] -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT'
  return [
    '*filter',
    ':INPUT DROP [11:1100]',
    ':FORWARD DROP [12:1200]',
    ':OUTPUT ACCEPT [13:1300]',
    ...chains,
    ssh,
    ...jumps,
    ...filter,
    'COMMIT',
    '*nat',
    ':PREROUTING ACCEPT [0:0]',
    ':POSTROUTING ACCEPT [0:0]',
    ':DOCKER - [0:0]',
    counted(3, '-A PREROUTING -d 10.8.0.1/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.8.0.2:8080'),
    counted(4, '-A POSTROUTING -s 172.17.0.0/16 -j MASQUERADE'),
    'COMMIT',
    '',
  ].join('\n')
}

/** Every rule with its counters, but the ones of the way in, which this test's own packets meet. */
const rules = async (host: LabHost): Promise<readonly string[]> =>
  (await host.must('iptables-save -c; ip6tables-save -c'))
    .split('\n')
    .filter((line) => line.startsWith('[') && !line.includes('--dport 22 '))
const foreign = (lines: readonly string[]): readonly string[] => lines.filter((line) => !line.includes('holdfast:'))

const want = (port: number) => ({
  'playbooks/mine.yaml': [
    {
      hosts: 'all',
      iptables: [
        { id: 'first', chain: 'INPUT', rule: `-p tcp --dport ${port} -j ACCEPT`, place: 'first' },
        { id: 'middle', chain: 'INPUT', rule: `-p udp --dport ${port} -j ACCEPT`, after: '-s 10.9.9.2 -j KUBE-SERVICES' },
        { id: 'last', chain: 'FORWARD', rule: '-s 203.0.113.0/24 -j ACCEPT', place: 'last' },
        { id: 'nat', table: 'nat', chain: 'POSTROUTING', rule: '-s 203.0.113.0/24 -o eth9 -j MASQUERADE' },
      ],
    },
  ],
})

describe.each(['nft', 'legacy'] as const)('a host with 1,000 rules of others (%s)', (backend) => {
  let lab: Lab
  let host: LabHost
  let file = ''
  beforeAll(async () => {
    lab = await startLab([{ name: 'full', kind: 'web', backend, files: { '/etc/iptables/rules.v4': ruleset() } }])
    host = lab.host('full')
    await host.must('iptables-restore -c && iptables-save -c > /root/saved', ruleset())
    await host.must(
      'nft -f -',
      'table inet mine { chain c { type filter hook input priority 5; policy accept; ip saddr 10.1.2.3 counter packets 5 bytes 500 drop; }; }',
    )
    file = await host.must('cat /etc/iptables/rules.v4')
  })
  afterAll(() => lab?.stop())

  it('keeps them and their counters byte for byte, when rules come, change and go', async () => {
    const native = await host.must('nft list table inet mine')
    const before = await rules(host)
    expect(before.length).toBeGreaterThan(1000)
    for (const [files, own] of [
      [want(9100), 4],
      [want(9200), 4],
      [{ 'playbooks/mine.yaml': [{ hosts: 'all', iptables: [], beside: ['nftables'] }] }, 0],
    ] as const) {
      const play = files['playbooks/mine.yaml'].map((one) => ({ ...one, beside: ['nftables'] }))
      const ran = await holdfast(lab, ['apply'], { 'playbooks/mine.yaml': play })
      expect(outcomes(ran)).toEqual({ full: 'changed' })
      const after = await rules(host)
      expect(foreign(after)).toEqual(foreign(before))
      expect(after.length - foreign(after).length).toBe(own)
      expect(await host.must('nft list table inet mine')).toBe(native)
      const now = (await host.must('cat /etc/iptables/rules.v4')).split('\n')
      expect(now.filter((line) => !line.includes('holdfast:')).join('\n')).toBe(file)
      const start = Date.now()
      const again = await holdfast(lab, ['plan'], { 'playbooks/mine.yaml': play })
      expect(differences(again)).toEqual([])
      expect(outcomes(again)).toEqual({ full: 'in-sync' })
      // One look; the rules of both back ends, families and files are spelled in it.
      expect(Date.now() - start).toBeLessThan(20_000)
    }
  })
})
