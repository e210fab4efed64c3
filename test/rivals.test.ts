import { describe, expect, it } from 'vitest'
import { nameRivals, rivalWords } from '../src/rivals.js'
import type { Change, Section, Step } from '../src/types.js'

const change = (cause: Change['cause'], at = 'net.ipv4.tcp_rfc1337', resource = 'sysctl'): Change => ({
  resource,
  layer: 'live',
  at,
  after: '0',
  cause,
})
const plan = (...changes: readonly Change[]) => ({
  steps: [{ changes, effect: { kind: 'once', layer: 'live', run: '', why: '' } } satisfies Step],
})
const section = (name: string, body: string): Section => ({ kind: 'rival', name, body })
const noteOf = (body: string, services = '', profile = ''): string | undefined =>
  nameRivals(plan(change('contested')), [section('file', body), section('service', services), section('profile', profile)]).steps[0]
    ?.changes[0]?.note

describe('the rival of a contested change', () => {
  it.each([
    ['/etc/ufw/sysctl.conf:7:net/ipv4/tcp_rfc1337=1\n', '', '', 'the rival may be /etc/ufw/sysctl.conf:7 (net/ipv4/tcp_rfc1337=1)'],
    ['', 'tuned\n', 'throughput-performance\n', 'the rival may be running: tuned (profile throughput-performance)'],
    ['', 'NetworkManager\nkube-proxy\n', '', 'the rival may be running: NetworkManager, kube-proxy'],
    ['/etc/sysctl.d/zz-holdfast.conf:2:net.ipv4.tcp_rfc1337 = 0\n', '', '', 'no file or service that would hold it was found on the host'],
    ['/etc/x:1:# net.ipv4.tcp_rfc1337 = 1\n', '', '', 'no file or service that would hold it was found on the host'],
    ['/etc/x:1:net.ipv4.tcp_sack = 1\n', '', '', 'no file or service that would hold it was found on the host'],
    ['no such line', '', '', 'no file or service that would hold it was found on the host'],
  ])('%j, %j, %j', (file, services, profile, sentence) => expect(noteOf(file, services, profile)).toBe(`contested: ${sentence}`))

  it('is looked for only where something is contested', () => {
    expect(rivalWords(plan(change('drift')))).toEqual([])
    expect(rivalWords(plan(change('contested'), change('contested')))).toEqual(['net.ipv4.tcp_rfc1337', 'net/ipv4/tcp_rfc1337'])
    expect(rivalWords(plan(change('contested', 'ipv4 filter INPUT x', 'iptables')))).toContain('iptables')
    const quiet = plan(change('drift'))
    expect(nameRivals(quiet, [])).toEqual(quiet)
  })
})
