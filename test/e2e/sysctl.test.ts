import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lab, startLab } from '../lab/lab.js'
import { changed, differences, type Files, holdfast, outcomes } from './run.js'

const names = ['web', 'proxy', 'appliance', 'alpine', 'sysv']
const each = (outcome: string) => Object.fromEntries(names.map((name) => [name, outcome]))
const files = (sysctl: object, name = 'one'): Files => ({ [`playbooks/${name}.yaml`]: [{ hosts: 'all', sysctl }] })
const proc = (key: string): string => `/proc/sys/net/ipv4/${key}`

let lab: Lab
beforeAll(async () => {
  const ip = ['link add dom.7 type bridge']
  lab = await startLab([
    {
      name: 'web',
      kind: 'web',
      ip,
      files: {
        '/etc/sysctl.d/20-old.conf': 'net.ipv4.tcp_fin_timeout = 20\n',
        '/etc/sysctl.d/90-rival.conf': '# by hand\nnet.ipv4.tcp_fin_timeout = 25\n',
      },
    },
    { name: 'proxy', kind: 'proxy', ip },
    { name: 'appliance', kind: 'appliance', ip },
    { name: 'alpine', kind: 'alpine', ip },
    {
      name: 'sysv',
      kind: 'bare',
      ip,
      hide: ['/usr/lib/systemd'],
      files: {
        '/etc/init.d/procps': '#!/bin/sh\nexec sysctl -q --system\n',
        '/etc/sysctl.conf': '# ours\nnet.ipv4.tcp_fin_timeout = 44\n',
        '/etc/systemd/system/procps.service': '[Service]\nType=oneshot\nExecStart=/etc/init.d/procps start\n',
      },
      links: { '/usr/sbin/init': 'sysvinit', '/etc/systemd/system/sysinit.target.wants/procps.service': '../procps.service' },
    },
  ])
})
afterAll(() => lab?.stop())

/** What each host holds live. */
const values = async (...keys: readonly string[]): Promise<Readonly<Record<string, string>>> =>
  Object.fromEntries(
    await Promise.all(
      names.map(async (name) => [name, (await lab.host(name).must(`cat ${keys.map(proc).join(' ')}`)).trim().replaceAll('\n', ' ')]),
    ),
  )
const reboot = () => Promise.all(names.map((name) => lab.host(name).reboot()))
const bootFiles = (name: string) => lab.host(name).must("grep -rH '' /etc/sysctl.conf /etc/sysctl.d; ls -lR /etc/sysctl.d")
const inSync = async (what: Files): Promise<void> => {
  const ran = await holdfast(lab, ['plan'], what)
  expect(differences(ran)).toEqual([])
  expect(outcomes(ran)).toEqual(each('in-sync'))
}

/** What no host takes, and what is said of it. */
const refused: readonly (readonly [string, object, RegExp])[] = [
  [
    'a key that is not there',
    { 'net.ipv4.tcp_rfc1338': 0 },
    /^no such key on this kernel: net\.ipv4\.tcp_rfc1338; nearest: net\.ipv4\.tcp_rfc1337/,
  ],
  ['a key that is nowhere near', { 'net.ipv4.nonsense_at_all': 1 }, /^no such key on this kernel: net\.ipv4\.nonsense_at_all(?!; nearest)/],
  [
    'a key of an interface that is not there',
    { 'net.ipv4.conf.dom/8.rp_filter': 1 },
    /^no such key on this kernel: net\.ipv4\.conf\.dom\/8\.rp_filter/,
  ],
  [
    'a read-only key',
    { 'net.netfilter.nf_conntrack_count': 7 },
    /^net\.netfilter\.nf_conntrack_count is read-only on this host; it holds \d+/,
  ],
  ['a value that the kernel refuses', { 'net.ipv4.ip_default_ttl': 0 }, /ip_default_ttl.*[Ii]nvalid argument.*live: old, boot: old/],
]

describe('kernel parameters', () => {
  it.each(refused)('%s fails, and nothing of the play is kept', async (_, sysctl, says) => {
    const [before, boot] = [await values('tcp_keepalive_intvl'), await Promise.all(names.map(bootFiles))]
    const ran = await holdfast(lab, ['apply'], files({ 'net.ipv4.tcp_keepalive_intvl': 71, ...sysctl }))
    expect(ran.code).toBe(3)
    for (const name of names) expect(ran.host(name)).toMatchObject({ outcome: 'failed', reason: expect.stringMatching(says), changes: [] })
    expect(await values('tcp_keepalive_intvl')).toEqual(before)
    expect(await Promise.all(names.map(bootFiles))).toEqual(boot)
  })

  const one = files({
    'net.ipv4.conf.dom/7.rp_filter': 2,
    'net.ipv4.tcp_keepalive_time': '0x12c',
    'net.ipv4.tcp_fin_timeout': 33,
  })

  it('an interface with a dot, a number in hex, and a key that other files name', async () => {
    const ran = await holdfast(lab, ['apply'], one)
    expect(outcomes(ran)).toEqual(each('changed'))
    expect(await values('conf/dom.7/rp_filter', 'tcp_keepalive_time', 'tcp_fin_timeout')).toEqual(each('2 300 33'))
    const note = (name: string) =>
      ran.host(name).changes.find(({ layer, at }) => layer === 'boot' && at === 'net.ipv4.tcp_fin_timeout')?.note
    expect(note('web')).toBe('wins: /etc/sysctl.d/90-rival.conf:2; masks: /etc/sysctl.d/20-old.conf:1')
    expect(note('sysv')).toBe('wins: /etc/sysctl.conf:2; masks: /etc/sysctl.d/99-sysctl.conf:2; /etc/sysctl.conf:2 is commented out')
    expect(note('alpine')).toMatch(/^no line that .* reads names it$/)
    expect(await lab.host('sysv').must('cat /etc/sysctl.conf')).toMatch(/^# ours\n#.*net\.ipv4\.tcp_fin_timeout = 44$/m)
    expect(await lab.host('web').must('cat /etc/sysctl.d/90-rival.conf')).toBe('# by hand\nnet.ipv4.tcp_fin_timeout = 25\n')
  })

  it('hold after a reboot', async () => {
    await reboot()
    expect(await values('conf/dom.7/rp_filter', 'tcp_keepalive_time', 'tcp_fin_timeout')).toEqual(each('2 300 33'))
    await inSync(one)
  })

  it('a playbook keeps the lines of another, and takes back only its own', async () => {
    const two = files({ 'net.ipv4.tcp_keepalive_probes': 4 }, 'two')
    expect(outcomes(await holdfast(lab, ['apply'], two))).toEqual(each('changed'))
    await inSync({ ...one, ...two })
    const ran = await holdfast(lab, ['apply'], files({ 'net.ipv4.conf.dom/7.rp_filter': 2, 'net.ipv4.tcp_fin_timeout': 33 }))
    expect(outcomes(ran)).toEqual(each('changed'))
    for (const name of names) expect(changed(ran.host(name).changes, 'live'), name).toEqual(['net.ipv4.tcp_keepalive_time: 300 -> 7200'])
    const now = each('2 7200 33 4')
    const keys = ['conf/dom.7/rp_filter', 'tcp_keepalive_time', 'tcp_fin_timeout', 'tcp_keepalive_probes'] as const
    expect(await values(...keys)).toEqual(now)
    await reboot()
    expect(await values(...keys)).toEqual(now)
  })

  it('leave no file of ours when the last key goes', async () => {
    expect(outcomes(await holdfast(lab, ['apply'], { ...files({}), ...files({}, 'two') }))).toEqual(each('changed'))
    for (const name of names) expect(await lab.host(name).must('ls /etc/sysctl.d 2>/dev/null; true')).not.toContain('holdfast')
    await reboot()
    await inSync({ ...files({}), ...files({}, 'two') })
  })
})
