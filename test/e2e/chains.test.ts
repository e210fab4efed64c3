import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type HostSpec, type Lab, startLab } from '../lab/lab.js'
import { changed, differences, type Files, holdfast, outcomes } from './run.js'

const names = ['nft', 'legacy'] as const
const each = (outcome: string) => Object.fromEntries(names.map((name) => [name, outcome]))
const ssh = '-p tcp -m tcp --dport 22 -j ACCEPT'

/** What daemons put there, and what a person did by hand. */
const saved = `*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
:KUBE-SERVICES - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A PREROUTING -j KUBE-SERVICES
-A PREROUTING -p tcp -m tcp --dport 81 -j REDIRECT --to-ports 8081
-A DOCKER -i docker0 -j RETURN
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER-USER - [0:0]
:KUBE-FIREWALL - [0:0]
:f2b-sshd - [0:0]
:mine - [0:0]
-A INPUT -p tcp -m tcp --dport 22 -j f2b-sshd
-A INPUT -j KUBE-FIREWALL
-A INPUT -s 192.0.2.7/32 -j ACCEPT
-A INPUT -p tcp -m tcp --dport 8080 -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
-A INPUT -s 192.0.2.8/32 -j mine
-A FORWARD -j DOCKER-USER
-A FORWARD -s 192.0.2.9/32 -j ACCEPT
-A f2b-sshd -s 192.0.2.66/32 -j REJECT --reject-with icmp-port-unreachable
-A f2b-sshd -j RETURN
-A mine -j RETURN
COMMIT
`
const host = (name: (typeof names)[number]): HostSpec => ({
  name,
  kind: 'web',
  backend: name,
  files: { '/etc/iptables/rules.v4': saved, '/etc/iptables/rules.v6': '*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n' },
})

describe('built-in chains that a play owns', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await startLab(names.map(host))
  })
  afterAll(() => lab?.stop())

  const both = { hosts: 'all' }
  const files: Files = {
    'playbooks/own.yaml': [
      {
        ...both,
        chains: [
          {
            name: 'INPUT',
            family: 'ipv4',
            policy: 'DROP',
            exact: true,
            ignore: ['-s 192.0.2.7/32 *'],
            rules: ['-i lo -j ACCEPT', '-m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT', ssh],
          },
          { name: 'FORWARD', family: 'both', policy: 'DROP' },
          { name: 'PREROUTING', table: 'nat', family: 'ipv4', exact: true, rules: [] },
        ],
      },
    ],
  }
  const chain = (text: string, table: string, name: string): readonly string[] =>
    (text.split(`*${table}\n`)[1]?.split('COMMIT')[0] ?? '')
      .split('\n')
      .filter((line) => line.startsWith(`:${name} `) || line.startsWith(`-A ${name} `))
      .map((line) => line.replace(/ \[.*\]/, '').replace(/^-A \S+ /, ''))
      .filter((line) => line !== '')
  const layers = async (name: string): Promise<readonly string[]> => [
    await lab.host(name).must('iptables-save'),
    await lab.host(name).must('cat /etc/iptables/rules.v4'),
  ]
  const hold = async (): Promise<void> => {
    for (const name of names)
      for (const text of await layers(name)) {
        const input = chain(text, 'filter', 'INPUT')
        expect(input[0]).toBe(':INPUT DROP')
        // The daemons' jumps and what is ignored stay where they are, in their order.
        const others = ['-p tcp -m tcp --dport 22 -j f2b-sshd', '-j KUBE-FIREWALL', '-s 192.0.2.7/32 -j ACCEPT']
        expect(input.filter((line) => others.includes(line))).toEqual(others)
        expect(input.slice(1).filter((line) => !others.includes(line))).toEqual([
          '-i lo -j ACCEPT',
          '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
          ssh,
        ])
        expect(chain(text, 'filter', 'FORWARD')).toEqual([':FORWARD DROP', '-j DOCKER-USER', '-s 192.0.2.9/32 -j ACCEPT'])
        expect(chain(text, 'nat', 'PREROUTING')).toEqual([
          ':PREROUTING ACCEPT',
          '-m addrtype --dst-type LOCAL -j DOCKER',
          '-j KUBE-SERVICES',
        ])
        expect(chain(text, 'filter', 'f2b-sshd')).toHaveLength(3)
        expect(chain(text, 'nat', 'DOCKER')).toHaveLength(2)
        expect(chain(text, 'filter', 'mine')).toHaveLength(2)
      }
    for (const name of names) expect(await lab.host(name).must('ip6tables-save')).toContain(':FORWARD DROP')
  }

  it('hold their list, their policy and the jumps of daemons', async () => {
    const ran = await holdfast(lab, ['apply'], files)
    expect(outcomes(ran)).toEqual(each('changed'))
    for (const name of names) {
      const live = changed(ran.host(name).changes, 'live').join('\n')
      for (const gone of ['--dport 8080', '192.0.2.8/32 -j mine', '--dport 81']) expect(live).toContain(gone)
      for (const kept of ['f2b-sshd', 'KUBE', 'DOCKER', '192.0.2.7']) expect(live).not.toContain(kept)
    }
    await hold()
    const again = await holdfast(lab, ['plan'], files)
    expect(differences(again)).toEqual([])
    expect(outcomes(again)).toEqual(each('in-sync'))
  })

  it('hold after a reboot', async () => {
    await Promise.all(names.map((name) => lab.host(name).reboot()))
    await hold()
    expect(outcomes(await holdfast(lab, ['plan'], files))).toEqual(each('in-sync'))
  })

  it('take out what somebody adds, but not a new jump of a daemon', async () => {
    for (const name of names)
      await lab
        .host(name)
        .must(
          'iptables -N f2b-web; iptables -I INPUT -p tcp --dport 80 -j f2b-web; iptables -I INPUT 3 -s 192.0.2.200 -j ACCEPT; iptables -P INPUT ACCEPT',
        )
    const ran = await holdfast(lab, ['apply'], files)
    expect(outcomes(ran)).toEqual(each('changed'))
    for (const name of names) {
      const live = await lab.host(name).must('iptables-save')
      expect(live).toContain('-j f2b-web')
      expect(live).not.toContain('192.0.2.200')
      expect(live).toContain(':INPUT DROP')
    }
  })
})
