import { describe, expect, it } from 'vitest'
import { findingsOf } from '../../src/diagnose/findings.js'
import { grown, readHost } from '../../src/diagnose/seen-host.js'
import { wantNothing } from '../../src/load/want-nothing.js'
import type { Section, Target } from '../../src/types.js'

const want = wantNothing('a')
const target = { address: '192.0.2.1' } as Target
const sections = (parts: Readonly<Record<string, string>>): readonly Section[] =>
  Object.entries(parts).map(([head, body]) => {
    const [kind = '', name = ''] = head.split(' ')
    return { kind, name, body }
  })
const read = (parts: Readonly<Record<string, string>>) => readHost(target, want, sections(parts))

describe('what a host printed', () => {
  it.each([
    ['0B0012C6', '198.18.0.11'],
    ['0000000000000000FFFF00000B0012C6', '198.18.0.11'],
    ['B80D01200000000000000000010000AB', '2001:db8:0:0:0:0:ab00:1'],
  ])('the address %s of /proc/net/tcp is %s', (hex, address) => {
    expect(read({ timewait: `7 ${hex}\n` }).timewait).toEqual([{ count: 7, address }])
  })

  // Debian 12, iproute2 6.1: ss -Htnop state established
  it.each([
    [
      '0      0      198.18.0.12:22   198.18.0.1:52044 users:(("sshd",pid=7,fd=4)) timer:(keepalive,119min,0)',
      { local: '198.18.0.12:22', peer: '198.18.0.1:52044', address: '198.18.0.1', process: 'sshd', timer: 'keepalive', retries: 0 },
    ],
    [
      '0      5      [::ffff:192.0.2.1]:443 [::ffff:192.0.2.9]:5000  timer:(on,3.2sec,4)',
      {
        local: '[::ffff:192.0.2.1]:443',
        peer: '[::ffff:192.0.2.9]:5000',
        address: '192.0.2.9',
        process: 'a process that ss does not name',
        timer: 'on',
        retries: 4,
      },
    ],
    [
      '0 0 [2001:db8::1]:80 [2001:db8::2]:5001',
      {
        local: '[2001:db8::1]:80',
        peer: '[2001:db8::2]:5001',
        address: '2001:db8::2',
        process: 'a process that ss does not name',
        retries: 0,
      },
    ],
  ])('a line of ss: %s', (line, socket) => {
    expect(read({ sockets: `${line}\n` }).sockets).toEqual([socket])
  })

  it('counters, rules with their packets, ages', () => {
    const host = read({
      counters: 'Tcp: InSegs OutRsts\nTcp: 12 3\nTcpExt: TCPACKSkippedTimeWait\nTcpExt: 5\n',
      'packets iptables': '*filter\n:INPUT DROP [9:540]\n[7:420] -A INPUT -i lo -j ACCEPT\n[1:40] -A FORWARD -j DROP\nCOMMIT\n',
      invalid: '0000000a\n00000002\n',
      'tracked-for': 'above 2\n3600 4\n60 1\n',
    })
    expect(host.counters).toEqual({ TcpInSegs: 12, TcpOutRsts: 3, TcpExtTCPACKSkippedTimeWait: 5 })
    expect(host.firewalls[0]).toEqual({
      family: 'ipv4',
      input: [{ packets: 7, rule: '-i lo -j ACCEPT' }],
      policy: { name: 'DROP', packets: 9 },
    })
    expect(host.invalid).toBe(12)
    expect([host.above, host.ages]).toEqual([
      2,
      [
        { upTo: 60, count: 1 },
        { upTo: 3600, count: 4 },
      ],
    ])
    const later = grown(
      host,
      sections({ counters: 'Tcp: InSegs OutRsts\nTcp: 20 3\n', invalid: 'e\n', 'packets iptables': ':INPUT DROP [11:660]\n' }),
    )
    expect([later.counters.TcpInSegs, later.invalid, later.policy]).toEqual([8, 2, 2])
  })

  it('a host that printed nothing is open to nothing', () => {
    const host = read({})
    expect(findingsOf(host, [host])).toEqual([])
  })
})
