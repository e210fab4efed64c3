import { describe, expect, it } from 'vitest'
import { valuesOf } from '../../src/adopt/values.js'
import { wantNothing } from '../../src/load/want-nothing.js'
import { toSeen } from '../../src/seen.js'
import type { Section } from '../../src/types.js'

const want = wantNothing('web1')
const held = (name: string, values: Readonly<Record<string, string>>): Section => ({
  kind: 'held',
  name,
  body: Object.entries(values)
    .map(([key, value]) => `/proc/sys/net/${key}:${value}`)
    .join('\n'),
})
const facts: Section = { kind: 'facts', name: '', body: 'kernel 6.1.0\ninit /lib/systemd/systemd\n' }
const found = (live: Readonly<Record<string, string>>, fresh: Readonly<Record<string, string>>, file?: string) => {
  const files: Section[] = file === undefined ? [] : [{ kind: 'file', name: '/etc/sysctl.d/50-own.conf', body: file }]
  const { values, notes } = valuesOf(toSeen([facts, held('live', live), held('fresh', fresh), ...files], undefined), want)
  return [...values.map(({ key, value }) => `${key} = ${value}`), ...notes]
}

describe('what somebody has set', () => {
  it.each<[string, Record<string, string>, Record<string, string>, readonly string[]]>([
    ['differs', { 'ipv4/tcp_fin_timeout': '30' }, { 'ipv4/tcp_fin_timeout': '60' }, ['net.ipv4.tcp_fin_timeout = 30']],
    ['is no default', { 'ipv4/tcp_fin_timeout': '60' }, { 'ipv4/tcp_fin_timeout': '60' }, []],
    ['has its words parted by single blanks', { 'ipv4/x': '1\t 2' }, { 'ipv4/x': '1\t3' }, ['net.ipv4.x = 1 2']],
    ['is no counter', { 'netfilter/nf_conntrack_count': '7' }, { 'netfilter/nf_conntrack_count': '0' }, []],
    ['is not sized by the memory', { 'ipv4/tcp_mem': '1 2 3' }, { 'ipv4/tcp_mem': '4 5 6' }, []],
    ['is not of one interface', { 'ipv4/conf/eth0/rp_filter': '1' }, {}, []],
    [
      'is told by a table where a fresh namespace copies it',
      { 'ipv4/conf/all/rp_filter': '2' },
      { 'ipv4/conf/all/rp_filter': '2' },
      ['net.ipv4.conf.all.rp_filter = 2'],
    ],
    ['is told so both ways', { 'ipv4/conf/all/send_redirects': '1' }, { 'ipv4/conf/all/send_redirects': '0' }, []],
    [
      'is not what forwarding moves',
      { 'ipv4/ip_forward': '1', 'ipv4/conf/all/forwarding': '1', 'ipv4/conf/all/accept_redirects': '0' },
      {},
      ['net.ipv4.ip_forward = 1'],
    ],
    [
      'is not what conf.all moves',
      { 'ipv6/conf/all/disable_ipv6': '1', 'ipv6/conf/default/disable_ipv6': '1' },
      { 'ipv6/conf/all/disable_ipv6': '0', 'ipv6/conf/default/disable_ipv6': '0' },
      ['net.ipv6.conf.all.disable_ipv6 = 1'],
    ],
    ['is not known where there is no fresh namespace', { 'ipv4/tcp_fin_timeout': '30' }, {}, []],
  ])('%s', (_, live, fresh, told) => expect(found(live, fresh)).toEqual(told))

  it('is also what a file of /etc names, whatever it is, with the live value where that is known', () => {
    const file =
      'vm.swappiness = 10\nnet.ipv4.tcp_mem = 1 2 3\nnet.ipv4.tcp_fin_timeout = 61\n# net.x = 1\nkernel.core_pattern = {{ x }}\nkernel.a*b = 1\n'
    expect(found({ 'ipv4/tcp_fin_timeout': '60' }, { 'ipv4/tcp_fin_timeout': '60' }, file)).toEqual([
      'net.ipv4.tcp_fin_timeout = 60',
      'net.ipv4.tcp_mem = 1 2 3',
      'vm.swappiness = 10',
      'kernel.core_pattern cannot be written in a playbook: {{ x }}',
    ])
  })
})
