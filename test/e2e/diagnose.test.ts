import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import type { Finding } from '../../src/diagnose/findings.js'
import { type Lab, startLab } from '../lab/lab.js'
import { type Flows, openFlows, reusePort, sendInvalid } from '../lab/packets/packets.js'
import { type Files, holdfast, shipped } from './run.js'

const ignores = (more = '') => ({ '/etc/sysctl.conf': `net.ipv4.tcp_rfc1337 = 1\n${more}` })
const probing = { '/etc/sysctl.d/60-probes.conf': 'net.ipv4.tcp_keepalive_time = 300\n' }
const path = { name: 'clients to servers', from: 'idle', through: [{ name: 'GWLB', idle: 350 }], to: 'far' }
const on = (name: string, hosts: string) => shipped(name).map((play) => ({ ...play, hosts }))

describe('diagnose', () => {
  let lab: Lab
  let flows: Flows
  const files = (): Files => {
    const inventory = parse(readFileSync(join(lab.dir, 'inventory.yaml'), 'utf8')) as { all: { vars: object } }
    return {
      'inventory.yaml': stringify({ all: { ...inventory.all, vars: { ...inventory.all.vars, holdfast_paths: [path] } } }),
      'playbooks/rule.yaml': on('downstream-proxy', 'invalid'),
      'playbooks/conntrack.yaml': on('conntrack-timeout', 'tracked,forgets'),
    }
  }
  const diagnose = async (...argv: string[]) => {
    const ran = await holdfast(lab, ['diagnose', ...argv], files())
    const { hosts } = JSON.parse(ran.stdout) as { hosts: readonly { host: string; findings: readonly Finding[]; outcome?: string }[] }
    const found = Object.fromEntries(hosts.map(({ host, findings }) => [host, findings.map(({ id, certainty }) => `${certainty} ${id}`)]))
    const evidence = (host: string) =>
      hosts
        .find((one) => one.host === host)
        ?.findings.flatMap((finding) => finding.evidence)
        .join('\n') ?? ''
    return { ...ran, found, evidence, hosts }
  }

  beforeAll(async () => {
    lab = await startLab([
      { name: 'reused', kind: 'bare', files: ignores('net.ipv4.tcp_timestamps = 0\n') },
      { name: 'stamped', kind: 'bare', files: ignores() },
      { name: 'later', kind: 'bare', files: ignores() },
      { name: 'invalid', kind: 'appliance', files: { '/etc/sysctl.conf': '' } },
      { name: 'proxy1', kind: 'proxy' },
      { name: 'idle', kind: 'bare' },
      { name: 'far', kind: 'bare', files: probing },
      { name: 'tracked', kind: 'web' },
      { name: 'forgets', kind: 'web', files: { '/etc/sysctl.d/99-z.conf': 'net.netfilter.nf_conntrack_tcp_timeout_established = 3600\n' } },
    ])
    await lab.host('later').must('echo 0 > /proc/sys/net/ipv4/tcp_rfc1337')
    const end = (name: string) => ({ host: lab.host(name) })
    flows = await openFlows([
      { name: 'silent', client: end('idle'), server: end('tracked'), port: 80 },
      { name: 'known', client: end('idle'), server: end('stamped'), port: 8080 },
    ])
  })
  afterAll(async () => {
    flows?.close()
    await lab?.stop()
  })

  it('names the one failure that each host was prepared for, and nothing on the others, in one exec each', async () => {
    const before = lab.hosts.map((host) => host.execs())
    const { found, evidence, code } = await diagnose()
    expect(code).toBe(0)
    expect(found).toEqual({
      reused: ['open timewait-rst-ignored'],
      stamped: [],
      later: ['open timewait-rst-ignored'],
      invalid: ['open invalid-segments-dropped'],
      proxy1: [],
      idle: ['open idle-path-timeout'],
      far: [],
      tracked: ['seen conntrack-outlives-timeout'],
      forgets: [],
    })
    expect(lab.hosts.map((host, at) => host.execs() - before[at]!)).toEqual(lab.hosts.map(() => 1))
    expect(evidence('reused')).toContain('net.ipv4.tcp_rfc1337 is 1 (/etc/sysctl.d/99-sysctl.conf:1)')
    expect(evidence('later')).toContain('will be 1 after a reboot')
    expect(evidence('idle')).toContain(
      'GWLB forgets an idle connection after 350 s, and net.ipv4.tcp_keepalive_time is 7200 (no file sets it)',
    )
    expect(evidence('tracked')).toMatch(/\d+ of \d+ tracked connections have more than 3600 s left/)
    expect(evidence('tracked')).toContain('/etc/sysctl.d/10-web.conf:3')
    expect(evidence('invalid')).toContain('now: ipv4 filter INPUT downstream-proxy')
  })

  it('says what it saw happen: port reuse, INVALID segments, connections on a path that are never probed', async () => {
    const end = (name: string) => ({ host: lab.host(name) })
    const held = await openFlows([
      { name: 'unprobed', client: end('idle'), server: end('far'), port: 9000 },
      { name: 'probed', client: end('idle'), server: end('far'), port: 9001, keepalive: ['client', 'server'] },
    ])
    await reusePort(end('reused'), end('idle'), 8080, 3)
    await sendInvalid(end('invalid'), end('proxy1'), 8080, 'window')
    const { found, evidence } = await diagnose('--limit', 'reused,invalid,idle,far')
    held.close()
    expect(found).toEqual({
      reused: ['seen timewait-rst-ignored'],
      invalid: ['likely invalid-segments-dropped'],
      idle: ['likely idle-path-timeout'],
      far: ['likely idle-path-timeout'],
    })
    expect(evidence('far')).toMatch(/: 1 connection on a path without a keepalive timer/)
    expect(evidence('reused')).toMatch(/TCPACKSkippedTimeWait is \d+/)
  })

  it('--watch looks twice, and says what the counters grew by', async () => {
    const watching = diagnose('--limit', 'invalid', '--watch', '4')
    let over = false
    void watching.finally(() => {
      over = true
    })
    while (!over) await sendInvalid({ host: lab.host('invalid') }, { host: lab.host('proxy1') }, 8080, 'window')
    const { found, evidence } = await watching
    expect(found).toEqual({ invalid: ['seen invalid-segments-dropped'] })
    expect(evidence('invalid')).toMatch(
      /after 4 s conntrack has called \d+ more segments INVALID, and the policy has dropped \d+ more packets/,
    )
  })

  it('a host that is down is told as such, the others are looked at', async () => {
    await lab.host('proxy1').kill()
    const { code, hosts } = await diagnose('--limit', 'proxy1,reused', '--connect-timeout', '2')
    expect(code).toBe(4)
    expect(hosts.map(({ host, outcome }) => [host, outcome])).toEqual([
      ['reused', undefined],
      ['proxy1', 'unreachable'],
    ])
  })
})
