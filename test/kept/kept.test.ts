import { describe, expect, it } from 'vitest'
import { readDuration, readMoment } from '../../src/kept/expiry.js'
import { limitKept } from '../../src/kept/limit.js'
import { whatMoved } from '../../src/kept/moved.js'
import { type KeptReady, keptTarget } from '../../src/kept/plan.js'
import { sample } from './sample.js'

const kept = sample.hosts[0] as KeptReady

describe('expiry', () => {
  it.each([
    ['90m', 5_400_000],
    ['4h', 14_400_000],
    ['2d', 172_800_000],
    ['0h', undefined],
    ['4', undefined],
    ['-4h', undefined],
    ['4h30m', undefined],
    ['', undefined],
  ])('%j is %j milliseconds', (text, span) => {
    expect(readDuration(text)).toBe(span)
  })

  it.each([
    ['2026-01-12T06:00:00Z', 1_768_197_600_000],
    ['2026-01-12T15:00+09:00', 1_768_197_600_000],
    ['2026-01-12T06:00:00', undefined],
    ['2026-01-12', undefined],
    ['2026-99-12T06:00:00Z', undefined],
    ['tomorrow', undefined],
  ])('%j is the moment %j', (text, moment) => {
    expect(readMoment(text)).toBe(moment)
  })
})

describe('what moved', () => {
  const same = { ...kept.madeFrom }
  it('is nothing where nothing did, whatever the causes and notes say now', () => {
    const steps = kept.steps.map((step) => ({
      ...step,
      changes: step.changes.map(({ note, ...rest }) => ({ ...rest, cause: 'drift' as const })),
    }))
    expect(whatMoved(kept, steps, same)).toEqual([])
  })

  it.each([
    ['a version', { ...same, version: '6.5 SP3' }, ['the version was 6.5 SP2 build 1548 and is 6.5 SP3']],
    ['the back end', { ...same, backend: 'legacy' as const }, ['the back end of iptables was nft and is legacy']],
    ['the init system', { ...same, init: 'systemd' as const }, ['the init system was sysv and is systemd']],
    ['a file', { ...same, parts: { '/etc/sysctl.conf': '1 3' } }, ['/etc/sysctl.conf']],
    ['a file that went and one that came', { ...same, parts: { '/etc/new': '1' } }, ['/etc/new', '/etc/sysctl.conf']],
  ])('names %s', (_, now, moved) => {
    expect(whatMoved(kept, kept.steps, now)).toEqual(moved)
  })

  it('names the steps that are other ones, even where all that was fingerprinted stands', () => {
    expect(whatMoved(kept, kept.steps.slice(1), same)).toEqual([
      'other steps than the approved ones are needed (/proc/sys/net/ipv4/tcp_rfc1337)',
    ])
    expect(whatMoved(kept, [...kept.steps].reverse(), same)).toEqual(['the order of the steps'])
    const said = kept.steps.map((step, at) => (at > 0 ? step : { ...step, changes: [{ ...step.changes[0]!, after: 'harmless' }] }))
    expect(whatMoved(kept, said, same)).toHaveLength(1)
  })
})

describe('--limit', () => {
  it.each([
    ['web1', ['web1']],
    ['web', ['web1', 'web2']],
    ['all:!web', ['appliance1']],
    ['tokyo,web2', ['appliance1', 'web2']],
    ['web*', ['web1', 'web2']],
  ])('%s leaves %j', (limit, left) => {
    expect((limitKept(sample.hosts, limit) as readonly KeptReady[]).map(({ host }) => host)).toEqual(left)
  })

  it('that names nothing of the plan is a sentence', () => {
    expect(limitKept(sample.hosts, 'wbe1')).toMatch(/no host and no group is called "wbe1"/)
    expect(limitKept(sample.hosts, '@hosts.txt')).toMatch(/not read/)
  })
})

it('a target is kept without its password', () => {
  const target = { host: 'a', address: 'a', port: 22, user: 'u', become: true, becomeUser: 'root' }
  expect(keptTarget({ ...target, password: 'hunter2' })).toEqual({ ...target, passwordFrom: 'inventory' })
  expect(keptTarget(target)).toEqual(target)
})
