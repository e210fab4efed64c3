import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { type Lab, startLab } from '../lab/lab.js'
import { type Files, holdfast } from './run.js'

const paths = [{ name: 'x', from: 'client', through: [{ name: 'GWLB', idle: 350 }, { hosts: 'between' }], to: 'server' }]
const time = 'net.ipv4.tcp_keepalive_time'
const remembers = 'net.netfilter.nf_conntrack_tcp_timeout_established'

describe('plan checks the paths against what the hosts hold', () => {
  let lab: Lab
  const files = (...plays: readonly object[]): Files => {
    const inventory = parse(readFileSync(join(lab.dir, 'inventory.yaml'), 'utf8')) as object
    return { 'inventory.yaml': stringify({ paths, ...inventory }), 'playbooks/x.yaml': plays }
  }
  beforeAll(async () => {
    lab = await startLab([
      { name: 'client', kind: 'bare' },
      { name: 'between', kind: 'web', files: { '/etc/sysctl.d/99-z.conf': `${remembers} = 300\n` } },
      { name: 'server', kind: 'bare', files: { '/etc/sysctl.d/60-x.conf': `${time} = 300\n` } },
    ])
  })
  afterAll(() => lab?.stop())

  it('an end that probes too late is told the line to write, one that does so in time is not, a host between is read itself', async () => {
    const other = { hosts: 'client,server,between', sysctl: { 'net.ipv4.tcp_fin_timeout': 60 } }
    const ran = await holdfast(lab, ['plan'], files(other))
    expect(ran.code).toBe(0)
    expect(ran.host('client').warnings).toEqual([
      `path "x": GWLB forgets a connection that is idle for 350 s, and ${time} is 7200 here: write ${time}: 325`,
    ])
    expect(ran.host('server').warnings ?? []).toEqual([])
    expect(ran.stderr).toContain(`no play sets ${time} on client`)
    const covered = await holdfast(lab, ['plan'], files(other, { hosts: 'client,server', sysctl: { [time]: 325 } }))
    expect(covered.code).toBe(2)
    expect(covered.host('client').warnings ?? []).toEqual([])
    expect(covered.stderr).not.toContain('no play sets')
    expect(covered.host('between').warnings).toEqual([
      `path "x": this host forgets a connection after 300 s (${remembers}), and its ends probe every 325 s: write ${remembers}: 348 or more`,
    ])
  })

  it('a play that breaks a path is a problem at its line, before any host is contacted', async () => {
    const ran = await holdfast(lab, ['plan'], files({ hosts: 'client,server', sysctl: { [time]: 340 } }))
    expect(ran.code).toBe(1)
    expect(ran.problems.map(({ path, message }) => [path, message])).toEqual([
      [`0.sysctl.${time}`, `on path "x" GWLB forgets a connection that is idle for 350 s, and ${time} is 340: write ${time}: 325`],
    ])
  })
})
