import { describe, expect, it } from 'vitest'
import { sysctlResource } from '../../../src/resources/sysctl/index.js'
import { measuredDefaults } from '../../../src/resources/sysctl/keys.js'
import type { HostRecord, Section, Step } from '../../../src/types.js'
import { type Extra, type Files, hostWant, seenOf, wantOf, world } from './world.js'

type Key = { readonly key: string; readonly value: string; readonly playbook?: string }

function planned(keys: readonly Key[], extra: Extra = {}, files: Files = {}, record?: HostRecord) {
  const { seen, host } = world('systemd', files, keys, extra)
  const facts = record === undefined ? seen.facts : { ...seen.facts, record }
  return { seen, ...sysctlResource.plan(wantOf(keys), { ...seen, facts }, host) }
}

const live = (steps: readonly Step[]) => steps.map((step) => step.effect).filter((effect) => effect.kind !== 'file')
const two = 'ip link add domd.7 type veth peer name peer0; ip link set domd.7 up; ip link set peer0 up'
const rfc = { key: 'net.ipv4.tcp_rfc1337', value: '1' }

describe('the live layer', () => {
  it.each(['dash', 'bash', 'busybox ash'])('the probe in %s', (shell) => {
    const keys = [
      rfc,
      { key: 'net.ipv4.conf.domd/7.rp_filter', value: '1' },
      { key: 'net.ipv4.route.flush', value: '1' },
      { key: 'net.ipv4.tcp_available_congestion_control', value: 'x' },
      { key: 'net.ipv4.tcp_rmem', value: '4096 131072 6291456' },
      { key: 'net.ipv4.ip_local_reserved_ports', value: '' },
      { key: 'net.ipv4.tcp_rfc1338', value: '1' },
      { key: 'net.ipv4.tcp_tw_reuse', value: '2' },
      { key: 'net.netfilter.nf_conntrack_tcp_loose', value: '0' },
      { key: 'net.ipv6.conf.default.stable_secret', value: '::1' },
    ]
    const before = `${two}; echo 1 > /proc/sys/net/ipv4/tcp_tw_reuse`
    const { seen } = world('systemd', { '/etc/sysctl.d/zz-holdfast.conf': 'net.ipv4.tcp_sack = 0\nnet/ipv4/conf/domd.7/tag = 1' }, keys, {
      shell,
      before,
    })
    const printed = (kind: string) =>
      Object.fromEntries(seen.sections.filter((one) => one.kind === kind).map((one) => [one.name.replace('/proc/sys/net/', ''), one.body]))
    expect(printed('value')).toEqual({
      'ipv4/tcp_rfc1337': 'rw\n0\n',
      'ipv4/conf/domd.7/rp_filter': 'rw\n0\n',
      'ipv4/conf/domd.7/tag': 'rw\n0\n',
      'ipv4/route/flush': 'wo\n',
      'ipv4/tcp_available_congestion_control': expect.stringMatching(/^ro\n.*reno.*\n$/),
      'ipv4/tcp_rmem': expect.stringMatching(/^rw\n\d+\t\d+\t\d+\n$/),
      'ipv4/ip_local_reserved_ports': 'rw\n\n',
      'ipv4/tcp_rfc1338': 'missing\n',
      'ipv4/tcp_tw_reuse': 'rw\n1\n',
      'ipv4/tcp_sack': 'rw\n1\n',
      'netfilter/nf_conntrack_tcp_loose': 'rw\n1\n',
      'ipv6/conf/default/stable_secret': 'rw\n',
    })
    expect(printed('default')).toEqual({ 'ipv4/tcp_tw_reuse': '2\n' })
    expect(printed('module')).toMatchObject({ nf_conntrack: 'builtin\n' })
  })

  it('a key that differs, in the kernel’s spelling', () => {
    const { steps } = planned([{ key: 'net.ipv4.ip_local_reserved_ports', value: '8080,1-3,4' }])
    expect(live(steps)).toEqual([
      { kind: 'value', path: '/proc/sys/net/ipv4/ip_local_reserved_ports', before: '', after: '1-4,8080', also: [] },
    ])
    expect(steps[0]?.changes).toEqual([
      { resource: 'sysctl', layer: 'live', at: 'net.ipv4.ip_local_reserved_ports', before: '', after: '8080,1-3,4', cause: 'new' },
    ])
  })

  it('a key in sync is not written', () => {
    expect(planned([{ key: 'net.ipv4.tcp_rfc1337', value: '0' }])).toMatchObject({ steps: [], warnings: [], refused: [] })
  })

  it('keys that move others go first, with all they move; a wanted one among those is written again', () => {
    const keys = [
      { key: 'net.ipv4.conf.domd/7.forwarding', value: '0' },
      { key: 'net.ipv4.tcp_sack', value: '0' },
      { key: 'net.ipv4.ip_forward', value: '1' },
    ]
    const { steps } = planned(keys, { before: two })
    expect(live(steps).map((effect) => (effect.kind === 'value' ? effect.path.replace('/proc/sys/net/ipv4/', '') : ''))).toEqual([
      'ip_forward',
      'conf/domd.7/forwarding',
      'tcp_sack',
    ])
    const [first] = live(steps)
    const also = ['all/accept_redirects', 'all/forwarding', 'default/forwarding', 'domd.7/forwarding', 'lo/forwarding', 'peer0/forwarding']
    expect(first?.kind === 'value' ? [...first.also].sort() : []).toEqual(also.map((name) => `/proc/sys/net/ipv4/conf/${name}`))
  })

  it('what cannot be taken back is said, and goes last', () => {
    const keys = [{ key: 'net.ipv6.conf.all.disable_ipv6', value: '1' }, { key: 'net.ipv4.route.flush', value: '1' }, rfc]
    const { steps, warnings } = planned(keys)
    expect(live(steps).map((effect) => ('noUndo' in effect ? effect.noUndo : undefined))).toEqual([
      undefined,
      expect.stringContaining('no undo: the addresses'),
      'write-only',
    ])
    expect(warnings).toEqual([expect.stringContaining('net.ipv4.route.flush cannot be read (write-only)')])
    expect(planned([{ key: 'net.ipv4.route.flush', value: '1' }]).steps).toEqual([])
  })

  it.each([
    ['net.ipv4.tcp_rfc1338', '1', 'no such key on this kernel: net.ipv4.tcp_rfc1338; nearest: net.ipv4.tcp_rfc1337'],
    ['net.ipv4.conf.eth9.rp_filter', '1', 'no such key on this kernel: net.ipv4.conf.eth9.rp_filter'],
    ['net.ipv4.tcp_available_congestion_control', 'x', 'net.ipv4.tcp_available_congestion_control is read-only on this host'],
    ['net.ipv4.tcp_rmem', '8192', 'net.ipv4.tcp_rmem: write all 3 words: 8192'],
  ])('%s = %s is refused', (key, value, message) => {
    expect(planned([{ key, value }]).refused).toEqual([expect.stringContaining(message)])
  })
})

describe('a key that comes with a module', () => {
  const key = { key: 'net.netfilter.nf_conntrack_tcp_loose', value: '0' }
  const path = '/proc/sys/net/netfilter/nf_conntrack_tcp_loose'
  const section = (kind: string, name: string, body: string): Section => ({ kind, name, body })
  const of = (state: string, value: string, more: readonly Section[] = []) =>
    sysctlResource.plan(
      wantOf([key]),
      seenOf([section('value', path, value), section('module', 'nf_conntrack', state), ...more], 'systemd'),
      hostWant(undefined),
    )

  it('loadable: modprobe and the write are one command, and the module is loaded at boot', () => {
    const plan = of('loadable\n', 'missing\n')
    expect(plan.refused).toEqual([])
    expect(plan.steps.map(({ effect }) => effect)).toMatchObject([
      { kind: 'once', layer: 'live', run: `modprobe nf_conntrack && printf '%s\\n' '0' > '${path}'` },
      { kind: 'file', path: '/etc/sysctl.d/zz-holdfast.conf' },
      { kind: 'file', path: '/etc/modules-load.d/holdfast.conf', after: expect.stringMatching(/^#.*\nnf_conntrack\n$/) },
    ])
    expect(plan.steps.flatMap((step) => step.changes.map((change) => change.layer))).toEqual(['live', 'boot'])
  })

  it('loaded, and only the module is missing at boot', () => {
    const plan = of('loaded\n', 'rw\n0\n', [section('file', '/etc/sysctl.d/1.conf', 'net.netfilter.nf_conntrack_tcp_loose=0\n')])
    expect(plan.steps).toMatchObject([
      {
        changes: [{ layer: 'boot', note: 'would be lost at boot: nothing loads nf_conntrack' }],
        effect: { path: '/etc/modules-load.d/holdfast.conf' },
      },
    ])
  })

  it.each([
    ['listed elsewhere', 'loaded\n', [section('file', '/etc/modules', '# x\nnf-conntrack a=1\n')]],
    ['built in', 'builtin\n', []],
  ])('%s: nothing to do', (_, state, more) => {
    expect(
      of(state, 'rw\n0\n', [...more, section('file', '/etc/sysctl.d/1.conf', 'net.netfilter.nf_conntrack_tcp_loose=0\n')]).steps,
    ).toEqual([])
  })

  it('missing: refused', () => {
    expect(of('missing\n', 'missing\n').refused).toEqual([expect.stringContaining('no such key')])
  })
})

describe('removal', () => {
  const item = { playbook: 'playbooks/p.yaml', want: '', corrected: [] }
  const record = (...keys: readonly string[]): HostRecord => ({
    format: 1,
    run: 'r',
    at: '',
    bootId: '',
    items: { sysctl: Object.fromEntries(keys.map((key) => [key, item])) },
  })
  const own = '/etc/sysctl.d/zz-holdfast.conf'
  const files = { [own]: '# playbook playbooks/p.yaml\nnet.ipv4.tcp_rfc1337 = 1\n# playbook b\nnet.ipv4.tcp_sack = 0\n' }
  const before = 'echo 1 > /proc/sys/net/ipv4/tcp_rfc1337; echo 0 > /proc/sys/net/ipv4/tcp_sack'

  it('the line goes, the running kernel goes back to its default, other lines stay', () => {
    const { steps, warnings } = planned([], { before }, files, record('net.ipv4.tcp_rfc1337'))
    expect(steps).toMatchObject([
      {
        changes: [{ layer: 'live', before: '1', after: '0', cause: 'intent' }],
        effect: { path: '/proc/sys/net/ipv4/tcp_rfc1337', after: '0' },
      },
      {
        changes: [{ layer: 'boot', at: 'net.ipv4.tcp_rfc1337', before: '1', cause: 'intent' }],
        effect: { path: own, after: '# playbook b\nnet.ipv4.tcp_sack = 0\n' },
      },
    ])
    expect(steps[1]?.changes[0]).not.toHaveProperty('after')
    expect(warnings).toEqual([expect.stringMatching(/^orphan: .*tcp_sack stands in/)])
  })

  it('where a foreign line names it, the running kernel gets that value', () => {
    const foreign = { ...files, '/etc/sysctl.d/10.conf': 'net.ipv4.tcp_rfc1337 = 3\n' }
    const { steps } = planned([], { before }, foreign, record('net.ipv4.tcp_rfc1337'))
    expect(live(steps)).toMatchObject([{ before: '1', after: '3' }])
  })

  it('with the last line the file goes; an orphan only with --prune', () => {
    const { steps } = planned([], { before, host: { prune: true } }, files, record('net.ipv4.tcp_rfc1337'))
    expect(steps.at(-1)?.effect).toMatchObject({ path: own, after: null })
    expect(live(steps)).toMatchObject([{ after: '0' }, { after: '1' }])
  })

  it.each([
    ['--limit', { mayRemove: false }],
    ['a run of other playbooks', { playbooks: ['other.yaml'] }],
  ])('%s removes nothing', (_, host) => {
    expect(planned([], { before, host }, files, record('net.ipv4.tcp_rfc1337', 'net.ipv4.tcp_sack')).steps).toEqual([])
  })

  it('a live value whose default nobody knows is left, and that is said', () => {
    const unknown = { [own]: '# playbook playbooks/p.yaml\nnet.ipv4.tcp_notsent_lowat = 5\n' }
    const { steps, warnings } = planned(
      [],
      { before: 'echo 5 > /proc/sys/net/ipv4/tcp_notsent_lowat' },
      unknown,
      record('net.ipv4.tcp_notsent_lowat'),
    )
    expect(live(steps)).toEqual([])
    expect(warnings).toEqual([expect.stringContaining('its live value 5 is left')])
  })
})

describe('what the plan says of the files', () => {
  it('where the value comes from, what it masks, and that a key stands twice', () => {
    const files = { '/etc/sysctl.d/a.conf': '# x\nnet.ipv4.tcp_rfc1337 = 2\n', '/etc/sysctl.d/b.conf': 'net.ipv4.tcp_rfc1337 = 3\n' }
    const { steps, warnings } = planned([rfc], {}, files)
    expect(steps.flatMap((step) => step.changes).find((change) => change.layer === 'boot')).toEqual({
      resource: 'sysctl',
      layer: 'boot',
      at: 'net.ipv4.tcp_rfc1337',
      before: '3',
      after: '1',
      cause: 'new',
      note: 'wins: /etc/sysctl.d/b.conf:1; masks: /etc/sysctl.d/a.conf:2',
    })
    expect(warnings).toEqual(['net.ipv4.tcp_rfc1337 is set more than once: /etc/sysctl.d/a.conf:2 (2), /etc/sysctl.d/b.conf:1 (3)'])
  })
})

describe('defaults', () => {
  it('the constants are this kernel’s own, whatever the namespace around it holds', () => {
    const keys = measuredDefaults.map((path) => ({ key: path.slice('/proc/sys/'.length), value: '1' }))
    const change = keys.map(({ key }) => `{ echo 2 > /proc/sys/${key}; } 2>/dev/null || true`).join(';')
    const defaults = (before: string) => world('systemd', {}, keys, { before }).seen.sections.filter((one) => one.kind === 'default')
    expect(defaults(change)).toEqual(defaults(''))
  })

  it('before 4.15 a fresh namespace proves nothing', () => {
    const path = '/proc/sys/net/ipv4/tcp_tw_reuse'
    const sections = [
      { kind: 'value', name: path, body: 'rw\n1\n' },
      { kind: 'default', name: path, body: '1\n' },
    ]
    const plan = (kernel: string) =>
      sysctlResource.plan(wantOf([{ key: 'net.ipv4.tcp_tw_reuse', value: '1' }]), seenOf(sections, 'systemd', kernel), hostWant(undefined))
    expect(plan('4.14.99').steps.length).toBe(1)
    expect(plan('4.15.0-20-generic').steps).toEqual([])
  })
})
