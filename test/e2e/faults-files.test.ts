import { beforeAll, describe, expect, it } from 'vitest'
import type { Bad, Gate } from './bench.js'
import { type Became, type Fault, runFaults } from './faults.js'

const held = '*--noflush -w*'
const script = '/usr/iwss/iwsvafw.sh'
const was = { live: 'old', boot: 'old' } as const
const is = { live: 'new', boot: 'new' } as const

const stage = (command: Gate, when: string, pattern: string, act: (bad: Bad) => Promise<unknown>): Pick<Fault, 'before' | 'during'> => ({
  before: (bad) => bad.gate(command, when, pattern),
  during: async (bad) => {
    await bad.at(command)
    await act(bad)
    bad.open()
  },
})
/** A small disk of its own below a folder, to be filled at a gate and emptied in the end. */
const filling = (folder: string, command: Gate, when: string, pattern: string): Pick<Fault, 'before' | 'during' | 'cure'> => {
  const { before, during } = stage(command, when, pattern, (bad) =>
    bad.host.must(`dd if=/dev/zero of=${folder}/.filler bs=512 2>/dev/null; true`),
  )
  return {
    before: async (bad) => {
      await bad.host.must(
        `mkdir -p ${folder} && cp -a ${folder} /tmp/kept && mount -t tmpfs -o size=64k tmpfs ${folder} && cp -a /tmp/kept/. ${folder}/`,
      )
      await before?.(bad)
    },
    ...(during && { during }),
    cure: (bad) => bad.host.must(`rm ${folder}/.filler`),
  }
}

const rows: Readonly<Record<string, Fault>> = {
  'iptables refuses the second of two tables': {
    before: (bad) => bad.gate('iptables-restore', 'fail 2', held),
    outcome: 'failed',
    says: /iptables nat: .*told to fail.*undone and verified on the host: live: old, boot: old/,
    ...was,
  },
  'the same (legacy)': {
    backend: 'legacy',
    // The table is there before: legacy keeps an empty one for good.
    files: { '/etc/iptables/rules.v4': '*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n' },
    before: (bad) => bad.gate('iptables-restore', 'fail 2', held),
    outcome: 'failed',
    says: /iptables nat: .*told to fail.*undone and verified on the host: live: old, boot: old/,
    ...was,
  },
  'the disk of the boot files fills up between act and settle: what is staged has its room': {
    ...filling('/etc/iptables', 'mv', 'before', '*confirmed*'),
    outcome: 'changed',
    ...is,
  },
  'the disk of the record fills up between act and settle: it is only memory': {
    ...filling('/var/lib/holdfast', 'mv', 'before', '*confirmed*'),
    outcome: 'changed',
    ...is,
  },
}

const appliances: Readonly<Record<string, Fault>> = {
  'the script of the product is rewritten by another between act and settle': {
    kind: 'appliance',
    ...stage('mv', 'before', '*confirmed*', (bad) => bad.host.must(`sed 's/8443/8444/' ${script} > /tmp/new && cat /tmp/new > ${script}`)),
    outcome: 'failed',
    says: /iwsvafw.sh is no longer what the plan was made from.*live: old, boot: old/,
    live: 'old',
    boot: 'foreign',
  },
  'the script of the product is rewritten by another before act': {
    kind: 'appliance',
    ...stage('cksum', 'before', '??', (bad) => bad.host.must(`sed 's/8443/8444/' ${script} > /tmp/new && cat /tmp/new > ${script}`)),
    outcome: 'changed',
    ...is,
  },
  'the script of the product is replaced by one without the marker before act': {
    kind: 'appliance',
    ...stage('cksum', 'before', '??', (bad) => bad.host.must(`cp ${script} /root/kept; sed 's/ # stateful//' /root/kept > ${script}`)),
    outcome: 'failed',
    says: /no line holds the marker '# stateful'/,
    live: 'old',
    boot: 'foreign',
    cure: (bad) => bad.host.must(`cat /root/kept > ${script}`),
  },
}

const sysctl = { 'net.ipv4.tcp_fin_timeout': 33 }
const rule = { id: 'own', chain: 'INPUT', rule: '-p tcp -s 192.0.2.9 -j ACCEPT' }
const hosts = (from: number, count: number): string => Array.from({ length: count }, (_, index) => `h${from + index}`).join(',')
const all = { ...rows, ...appliances }
const files = {
  'playbooks/x.yaml': [
    {
      hosts: hosts(0, Object.keys(rows).length),
      sysctl,
      iptables: [
        { ...rule, family: 'ipv4' },
        { id: 'nat', table: 'nat', chain: 'POSTROUTING', rule: '-s 192.0.2.0/24 -o eth9 -j MASQUERADE' },
      ],
    },
    {
      hosts: hosts(Object.keys(rows).length, Object.keys(appliances).length),
      profile: 'iwsva-6.5',
      sysctl,
      iptables: [{ ...rule, after: '-m state --state ESTABLISHED,RELATED -j ACCEPT' }],
    },
  ],
}

describe('two tables, full disks and a script that others write', () => {
  let became: Readonly<Record<string, Became>>
  beforeAll(async () => {
    became = await runFaults(all, files)
  })
  it.each(Object.entries(all))('%s', (name, { outcome, says, live, boot }) => {
    const { reason, next, ...state } = became[name]!
    expect({ ...state, reason, live: state.live.split(':')[0], boot: state.boot.split(':')[0] }).toEqual({
      outcome,
      live,
      boot,
      left: '',
      reason: says === undefined ? expect.anything() : expect.stringMatching(says),
    })
    expect(next).toMatch(outcome === 'changed' ? /^in-sync/ : /^changed/)
  })
})
