import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lab, startLab } from '../lab/lab.js'
import { type Files, holdfast, outcomes } from './run.js'

const key = 'net.ipv4.tcp_fin_timeout'
const play = (hosts: string, value: number, on_change: unknown, name = 'a play') => ({ name, hosts, sysctl: { [key]: value }, on_change })
const files = (...plays: readonly object[]): Files => ({ 'playbooks/x.yaml': plays })

describe('on_change', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await startLab([
      { name: 'a', kind: 'bare' },
      { name: 'b', kind: 'alpine' },
      { name: 'c', kind: 'bare' },
    ])
  })
  afterAll(() => lab?.stop())
  const log = (host: string) => lab.host(host).must('cat /run/log 2>/dev/null || true')

  it('runs once on each host that its play changed, and its output is kept', async () => {
    const all = files(
      play('a,b', 31, 'echo first >> /run/log; echo "done \\033[31m"; umask'),
      { name: 'another', hosts: 'a,b', sysctl: { 'net.ipv4.tcp_rfc1337': 0 }, on_change: 'echo never >> /run/log' },
      {
        name: 'rules',
        hosts: 'a',
        iptables: [{ id: 'r', chain: 'INPUT', rule: '-p tcp --dport 9 -j ACCEPT' }],
        on_change: 'echo rules >> /run/log',
      },
    )
    const ran = await holdfast(lab, ['apply'], all)
    expect(outcomes(ran)).toEqual({ a: 'changed', b: 'changed' })
    expect(await log('a')).toBe('first\nrules\n')
    expect(await log('b')).toBe('first\n')
    const [said] = (ran.host('b').warnings ?? []).filter((warning) => warning.startsWith('on_change'))
    expect(said).toMatch(/^on_change of "a play" \(echo first.*\): done: done (\\x1b|\\+033)\[31m\n0?022$/)
    expect(outcomes(await holdfast(lab, ['apply'], all))).toEqual({ a: 'in-sync', b: 'in-sync' })
    expect(await log('a')).toBe('first\nrules\n')
  })

  it('is told apart by playbook and number, runs for what is removed or made absent, and after a kept plan', async () => {
    const chain = 'INPUT'
    const log2 = (name: string) => `echo ${name} >> /run/log2`
    const read = async () => (await lab.host('c').must('cat /run/log2; rm -f /run/log2')).trim().split('\n')
    const rule = { id: 'r', chain, rule: '-p tcp --dport 9 -j ACCEPT' }
    const same = { name: 'same', hosts: 'c' }
    const one = { ...same, sysctl: { 'net.ipv4.tcp_keepalive_time': 300 }, on_change: log2('one') }
    const two = { ...same, iptables: [rule], on_change: log2('two') }
    const three = { ...same, sysctl: { 'net.ipv4.tcp_rfc1337': 0 }, on_change: log2('three') }
    const other = { ...same, iptables: [{ chain, rule: '-p tcp --dport 10 -j DROP', state: 'absent' }], on_change: log2('other') }
    const twice = (...first: readonly object[]): Files => ({ 'playbooks/x.yaml': first, 'playbooks/y.yaml': [other] })
    await lab.host('c').must('iptables -A INPUT -p tcp --dport 10 -j DROP')
    expect(outcomes(await holdfast(lab, ['apply', '--limit', 'c'], { 'playbooks/x.yaml': [one, two, three] }))).toEqual({ c: 'changed' })
    expect(await read()).toEqual(['one', 'two'])
    const plan = join(lab.dir, 'on-change.json')
    const args = ['plan', '--out', plan]
    expect(outcomes(await holdfast(lab, args, twice(one, { ...two, iptables: [] }, three)))).toEqual({ c: 'pending' })
    expect(outcomes(await holdfast(lab, ['apply', plan], {}))).toEqual({ c: 'changed' })
    expect(await read()).toEqual(['two', 'other'])
  })

  it('a plan runs none', async () => {
    expect(outcomes(await holdfast(lab, ['plan'], files(play('c', 32, 'echo plan >> /run/log'))))).toEqual({ c: 'pending' })
    expect(await log('c')).toBe('')
  })

  it('a failure is a failed host, whose changes stand; others go on', async () => {
    const ran = await holdfast(lab, ['apply'], files(play('a,c', 33, 'echo no such service >&2; test $(hostname) = c')))
    expect(ran.code).toBe(3)
    expect(outcomes(ran)).toEqual({
      a: expect.stringMatching(/^failed: on_change of "a play" .*: ended with 1: no such service\nthe changes were made/),
      c: 'changed',
    })
    expect(await lab.host('a').must(`cat /proc/sys/net/ipv4/tcp_fin_timeout`)).toBe('33\n')
  })

  it('a command that takes too long is ended, with all that it started; one that leaves a service behind does not hold the run', async () => {
    const late = files(play('a', 34, { run: 'sleep 86 & sleep 87', timeout: 1 }), {
      ...play('c', 34, 'sleep 88 & echo started', 'another'),
    })
    const began = Date.now()
    const ran = await holdfast(lab, ['apply'], late)
    expect(outcomes(ran)).toEqual({ a: expect.stringContaining('ended after 1 s, its time limit'), c: 'changed' })
    expect(Date.now() - began).toBeLessThan(30_000)
    expect(await lab.host('a').must('ps ax -o args | grep "^sleep 8[67]" || true')).toBe('')
    expect(await lab.host('c').must('ps ax -o args | grep "^sleep 88"')).toBe('sleep 88\n')
  })
})
