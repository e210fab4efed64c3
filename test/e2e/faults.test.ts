import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Bad, Gate } from './bench.js'
import { type Became, type Fault, runFaults } from './faults.js'

const files = {
  'playbooks/x.yaml': [
    {
      hosts: 'all',
      sysctl: { 'net.ipv4.tcp_fin_timeout': 33 },
      iptables: [{ id: 'own', chain: 'INPUT', family: 'both', rule: '-p tcp --dport 8443 -j ACCEPT' }],
    },
  ],
}

/** Stops the host's own doing at a gate, does something there, and opens the gate. */
const stage = (command: Gate, when: string, pattern: string, act: (bad: Bad) => Promise<unknown>): Pick<Fault, 'before' | 'during'> => ({
  before: (bad) => bad.gate(command, when, pattern),
  during: async (bad) => {
    await bad.at(command)
    await act(bad)
    bad.open()
  },
})

const cut = (bad: Bad) => bad.line('cut').then(() => sleep(700))
const reboot = (bad: Bad) => bad.host.reboot()
/** The process that serves the session, not the one that listens. */
const killSshd = (bad: Bad) =>
  bad.host.must(
    'for p in /proc/[0-9]*; do read -r pid name state parent rest < $p/stat; if [ "$name $parent" = "(sshd) 1" ]; then kill -9 $pid; fi; done; sleep 0.5',
  )
const held = '*--noflush -w*'
const was = { live: 'old', boot: 'old' } as const
const is = { live: 'new', boot: 'new' } as const
const changed = { outcome: 'changed', ...is } as const
const restarted = { outcome: 'rolled-back', says: /restarted.*looked again: live: old, boot: old/, ...was } as const
const rolledBack = { outcome: 'rolled-back', says: /undone on the host: live: old; looked again: live: old, boot: old/, ...was } as const

const connection: Readonly<Record<string, Fault>> = {
  'no connection at all': { before: (bad) => bad.line('block'), outcome: 'unreachable', ...was },
  'cut while it is looked at': { ...stage('iptables-save', 'before', '*', cut), outcome: 'unreachable', ...was },
  'cut when the lock is taken': {
    ...stage('cksum', 'before', '??', cut),
    outcome: 'failed',
    says: /made no change there.*live: old, boot: old/,
    ...was,
  },
  'cut while the new files are staged': {
    ...stage('cp', 'before', '*', cut),
    outcome: 'failed',
    says: /made no change there.*live: old, boot: old/,
    ...was,
  },
  'cut in the rehearsal': {
    ...stage('ip', 'before', '*', cut),
    outcome: 'failed',
    says: /made no change there.*live: old, boot: old/,
    ...was,
  },
  'cut while the undo is armed: the host goes on': { ...stage('setsid', 'before', '*', cut), ...changed },
  'cut before the first change': { ...stage('iptables-restore', 'before', held, cut), ...changed },
  'cut after the first change': { ...stage('iptables-restore', 'after', held, cut), ...changed },
  'no new connection after the change': {
    ...stage('ip6tables-restore', 'after', held, (bad) =>
      bad.line('block').then(() => void setTimeout(() => void bad.line('open'), 13_000)),
    ),
    ...rolledBack,
  },
  'cut when it is confirmed': { ...stage('mv', 'before', '*confirmed*', cut), ...changed },
  'cut while boot files are put in place': { ...stage('ln', 'before', '*holdfast*', cut), ...changed },
  'cut in the last look': {
    ...stage('mv', 'before', '*record.json*', async (bad) => {
      bad.gate('iptables-save', 'before')
      bad.open()
      await cut(bad)
    }),
    ...changed,
  },
  'the sshd of the session is killed in the midst of the change': { ...stage('iptables-restore', 'after', held, killSshd), ...changed },
  'the sshd of the session is killed when it confirms': { ...stage('mv', 'after', '*confirmed*', killSshd), ...changed },
  'frozen in the midst of the change, and no packet since': {
    ...stage('iptables-restore', 'after', held, async (bad) => {
      await bad.line('freeze')
      bad.open()
      await sleep(13_000)
      await bad.line('open')
    }),
    ...rolledBack,
  },
  'packets to the host are lost from the change on': {
    ...stage('iptables-restore', 'after', held, async (bad) => {
      await bad.lose('OUTPUT')
      bad.open()
      await sleep(13_000)
      await bad.find()
    }),
    ...rolledBack,
  },
  'packets from the host are lost from the change on': {
    ...stage('iptables-restore', 'after', held, async (bad) => {
      await bad.lose('INPUT')
      bad.open()
      await sleep(13_000)
      await bad.find()
    }),
    ...rolledBack,
  },
  '30 % of the packets are lost': { before: (bad) => bad.lose('INPUT', 0.3), ...changed },
  'every packet takes 300 ms': { before: (bad) => bad.line('delay', 150), ...changed },
  'a host that takes the connection and says nothing': { before: (bad) => bad.line('mute'), outcome: 'unreachable', ...was },
  'a host that answers noise for ever': { before: (bad) => bad.line('babble'), outcome: 'unreachable', ...was },
}

const restart: Readonly<Record<string, Fault>> = {
  'restarted while it is looked at': { ...stage('iptables-save', 'before', '*', reboot), outcome: 'unreachable', ...was },
  'restarted when the lock is taken': { ...stage('cksum', 'before', '??', reboot), ...restarted },
  'restarted while files are staged': { ...stage('cp', 'after', '*', reboot), ...restarted },
  'restarted in the rehearsal': { ...stage('ip', 'before', '*', reboot), ...restarted },
  'restarted while the undo is armed': { ...stage('setsid', 'before', '*', reboot), ...restarted },
  'restarted before the change': { ...stage('iptables-restore', 'before', held, reboot), ...restarted },
  'restarted after the change': { ...stage('ip6tables-restore', 'after', held, reboot), ...restarted },
  'restarted before the confirmation': { ...stage('mv', 'before', '*confirmed*', reboot), ...restarted },
  'restarted after the confirmation, before the first boot file': { ...stage('mv', 'after', '*confirmed*', reboot), ...restarted },
  'restarted after the first boot file': {
    ...stage('mv', 'after', '*holdfast~*', reboot),
    outcome: 'failed',
    says: /restarted.*live: mixed \(still old: .*\), boot: mixed/,
    live: 'foreign',
    boot: 'foreign',
  },
  'restarted after the last boot file': { ...stage('mv', 'before', '*record.json*', reboot), ...changed },
}

const disk = (folder: string, size: string) => (bad: Bad) =>
  bad.host.must(
    `cp -a ${folder} /tmp/kept && mount -t tmpfs -o size=${size} tmpfs ${folder} && cp -a /tmp/kept/. ${folder}/ && dd if=/dev/zero of=${folder}/.filler bs=512 2>/dev/null; true`,
  )
const readOnly = (folder: string) => (bad: Bad) => bad.host.must(`mount --bind ${folder} ${folder} && mount -o remount,bind,ro ${folder}`)
const unmount = (folder: string) => (bad: Bad) => bad.host.must(`umount ${folder}`)

const rivalRule = '/etc/alternatives/iptables -I INPUT -s 192.0.2.66 -j DROP'

const host: Readonly<Record<string, Fault>> = {
  'the disk of the boot files is full': {
    before: disk('/etc/iptables', '16k'),
    outcome: 'failed',
    says: /No space left.*nothing was changed; live: old, boot: old/,
    ...was,
    cure: unmount('/etc/iptables'),
  },
  'the folder of the boot files is read-only': {
    before: readOnly('/etc/sysctl.d'),
    outcome: 'failed',
    says: /Read-only file system.*live: old, boot: old/,
    ...was,
    cure: unmount('/etc/sysctl.d'),
  },
  'it becomes read-only between the change and the boot files': {
    ...stage('mv', 'before', '*confirmed*', readOnly('/etc/iptables')),
    outcome: 'failed',
    says: /Read-only file system.*live: old, boot: old/,
    ...was,
    cure: unmount('/etc/iptables'),
  },
  'no room in /run for a lock': {
    before: (bad) =>
      bad.host.must(
        'mount -o remount,size=40k,nr_inodes=64 /run; dd if=/dev/zero of=/run/filler bs=1k 2>/dev/null; i=0; while touch /run/f$i; do i=$((i+1)); done 2>/dev/null; true',
      ),
    outcome: 'failed',
    says: /no lock could be made.*No space left.*nothing was changed/,
    ...was,
    cure: (bad) => bad.host.must('rm -f /run/f*; mount -o remount,size=1m,nr_inodes=500 /run'),
  },
  'no room in /run from the change on: the undo needs none': {
    ...stage('ip6tables-restore', 'after', held, async (bad) => {
      await bad.line('block')
      await bad.host.must('dd if=/dev/zero of=/run/filler bs=64k count=2000 2>/dev/null; true')
      void setTimeout(() => void bad.line('open'), 13_000)
    }),
    before: async (bad) => {
      await bad.host.must('mount -o remount,size=4m /run')
      bad.gate('ip6tables-restore', 'after', held)
    },
    outcome: 'rolled-back',
    says: /live: old/,
    ...was,
    cure: (bad) => bad.host.must('rm -f /run/filler'),
  },
  'the lock of xtables is held (legacy)': {
    backend: 'legacy',
    before: (bad) => bad.host.must('flock /run/xtables.lock sleep 25 >/dev/null 2>&1 & sleep 0.2'),
    outcome: 'failed',
    says: /xtables lock.*live: old, boot: old/,
    ...was,
    cure: (bad) => bad.host.must('flock /run/xtables.lock true'),
  },
  'the lock of xtables is held when the undo fires (legacy)': {
    backend: 'legacy',
    ...stage('ip6tables-restore', 'after', held, async (bad) => {
      await bad.line('block')
      await bad.host.must('flock /run/xtables.lock sleep 18 >/dev/null 2>&1 & sleep 0.2')
      void setTimeout(() => void bad.line('open'), 13_000)
    }),
    ...rolledBack,
  },
  'iptables refuses the first table': {
    before: (bad) => bad.gate('iptables-restore', 'fail 1', held),
    outcome: 'failed',
    says: /iptables filter: .*told to fail.*live: old, boot: old/,
    ...was,
  },
  'iptables refuses IPv6 only': {
    before: (bad) => bad.gate('ip6tables-restore', 'fail 1', held),
    outcome: 'failed',
    says: /ip6tables filter: .*told to fail.*undone and verified on the host: live: old, boot: old/,
    ...was,
  },
  'iptables says yes and does nothing': {
    before: (bad) => bad.gate('ip6tables-restore', 'lie 1', held),
    outcome: 'failed',
    says: /ipv6 filter INPUT reads back otherwise.*live: old, boot: old/,
    ...was,
  },
  'iptables does it and says no': {
    before: (bad) => bad.gate('iptables-restore', 'grumble 1', held),
    outcome: 'failed',
    says: /live: old, boot: old/,
    ...was,
  },
  'the same (legacy)': {
    backend: 'legacy',
    before: (bad) => bad.gate('ip6tables-restore', 'grumble 1', held),
    outcome: 'failed',
    says: /live: old, boot: old/,
    ...was,
  },
  'a boot file is written by another before act': {
    ...stage('cksum', 'before', '??', (bad) => bad.host.must('echo "# by hand" >> /etc/iptables/rules.v4')),
    ...changed,
  },
  'a boot file is written by another between act and settle': {
    ...stage('mv', 'before', '*confirmed*', (bad) => bad.host.must('echo "# by hand" >> /etc/iptables/rules.v4')),
    outcome: 'failed',
    says: /rules.v4 is no longer what the plan was made from.*live: old, boot: old/,
    live: 'old',
    boot: 'foreign',
  },
  'a rule is put above ours by another before act': {
    ...stage('mkdir', 'before', '*holdfast/lock*', (bad) => bad.host.must(rivalRule)),
    ...changed,
  },
  'a rule is put above ours by another in the very moment': {
    ...stage('iptables-restore', 'before', held, (bad) => bad.host.must(rivalRule)),
    outcome: 'failed',
    says: /reads back otherwise.*live: old; others changed ipv4 filter INPUT meanwhile, and that stays, boot: old/,
    live: 'foreign',
    boot: 'old',
  },
  'the clock jumps': {
    files: { '/usr/sbin/date': '#!/bin/sh\n[ -e /run/year ] && echo 1970-01-01T00:00:00Z || echo 2038-01-19T03:14:07Z\n: > /run/year\n' },
    ...changed,
  },
}

const lacks = (...paths: readonly string[]): Fault => ({ hide: paths, ...changed })
const tools: Readonly<Record<string, Fault>> = {
  'no setsid': lacks('/usr/bin/setsid'),
  'no setsid, no nohup': lacks('/usr/bin/setsid', '/usr/bin/nohup'),
  'no flock, mktemp, base64, timeout': lacks('/usr/bin/flock', '/usr/bin/mktemp', '/usr/bin/base64', '/usr/bin/timeout'),
  'no ip': lacks('/usr/bin/ip'),
  'no nft': lacks('/usr/sbin/nft'),
  'no chcon': lacks('/usr/bin/chcon'),
  'no awk': { hide: ['/usr/bin/awk'], outcome: 'failed', says: /lacks.*awk/, ...was, hopeless: true },
  'no cksum': { hide: ['/usr/bin/cksum'], outcome: 'failed', says: /lacks.*cksum/, ...was, hopeless: true },
  'busybox ash': { kind: 'alpine', ...changed },
  bash: { kind: 'proxy', ...changed },
  'a systemd-run that says yes and starts nothing': {
    files: { '/usr/sbin/systemd-run': '#!/bin/sh\nexit 0\n' },
    before: (bad) => bad.host.must('mkdir -p /run/systemd/system'),
    ...changed,
  },
  'a banner, and a .bashrc that talks': {
    files: { '/root/.bashrc': 'echo "Welcome"; echo "@holdfast- begin"; printf "\\033[31mred" >&2\n' },
    ...changed,
  },
  'a .bashrc that talks for ever': {
    files: { '/root/.bashrc': 'yes\n' },
    outcome: 'unreachable',
    says: /more than \d+ bytes/,
    ...was,
    hopeless: true,
  },
  clish: { kind: 'appliance', rootShell: '/usr/bin/clish', outcome: 'failed', says: /no shell/, ...was, hopeless: true },
  'sudo refuses': {
    users: [{ name: 'deploy', sudoers: 'deploy ALL=(ALL) /bin/true' }],
    vars: { ansible_user: 'deploy', ansible_become: true },
    outcome: 'failed',
    says: /sudo/,
    ...was,
    hopeless: true,
  },
  'sudo wants a terminal': {
    users: [{ name: 'deploy', sudoers: 'Defaults requiretty\ndeploy ALL=(ALL) NOPASSWD: ALL' }],
    vars: { ansible_user: 'deploy', ansible_become: true },
    outcome: 'failed',
    says: /requiretty/,
    ...was,
    hopeless: true,
  },
  'a sudo user': {
    users: [{ name: 'deploy', sudoers: 'deploy ALL=(ALL) NOPASSWD: ALL' }],
    vars: { ansible_user: 'deploy', ansible_become: true },
    ...changed,
  },
}

describe.each([
  ['the connection', connection],
  ['a restart', restart],
  ['the host', host],
  ['its tools', tools],
])('%s', (_, faults) => {
  let became: Readonly<Record<string, Became>>
  beforeAll(async () => {
    became = await runFaults(faults, files)
  }, 300_000)
  it.each(Object.entries(faults))('%s', (name, { outcome, says, live, boot, hopeless }) => {
    const { reason, ...told } = became[name]!
    const { next, ...state } = told
    expect({ ...state, reason, live: state.live.split(':')[0], boot: state.boot.split(':')[0] }).toEqual({
      outcome,
      live,
      boot,
      left: '',
      reason: says === undefined ? expect.anything() : expect.stringMatching(says),
    })
    if (hopeless === undefined) expect(next).toMatch(outcome === 'changed' ? /^in-sync/ : /^changed/)
  })
})
