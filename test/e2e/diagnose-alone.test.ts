import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Finding } from '../../src/diagnose/findings.js'
import { type Lab, startLab } from '../lab/lab.js'
import { type Flows, openFlows, sendInvalid } from '../lab/packets/packets.js'
import { holdfast } from './run.js'

const established = 'net.netfilter.nf_conntrack_tcp_timeout_established'

describe('diagnose without a playbook', () => {
  let lab: Lab
  let flows: Flows
  const diagnose = async (files = {}, ...argv: string[]) => {
    const ran = await holdfast(lab, ['diagnose', ...argv], files)
    const { hosts } = JSON.parse(ran.stdout) as {
      hosts: readonly { host: string; findings: readonly Finding[]; notes?: readonly string[] }[]
    }
    return {
      found: Object.fromEntries(hosts.map(({ host, findings }) => [host, findings.map(({ id, certainty }) => `${certainty} ${id}`)])),
      told: (name: string) => hosts.find(({ host }) => host === name),
      text: ran.stderr,
    }
  }

  beforeAll(async () => {
    lab = await startLab([
      { name: 'web1', kind: 'web' },
      { name: 'proxy1', kind: 'proxy' },
      { name: 'clean', kind: 'appliance', files: { '/etc/sysctl.conf': '' } },
      { name: 'alp', kind: 'alpine' },
      { name: 'reset', kind: 'bare', files: { '/etc/sysctl.conf': 'net.ipv4.tcp_rfc1337 = 1\n' } },
      { name: 'drops', kind: 'appliance', files: { '/etc/sysctl.conf': '' } },
      { name: 'aged', kind: 'web' },
    ])
    const end = (name: string) => ({ host: lab.host(name) })
    flows = await openFlows([{ name: 'silent', client: end('proxy1'), server: end('aged'), port: 80 }])
    await lab.host('aged').must(`echo 3600 > /proc/sys/${established.replaceAll('.', '/')}`)
    await lab.host('drops').must('iptables -A INPUT -s 192.0.2.7 -j DROP; iptables -A INPUT -s 192.0.2.7 -p tcp -j ACCEPT')
    await sendInvalid(end('drops'), end('proxy1'), 8080, 'window')
  })
  afterAll(async () => {
    flows?.close()
    await lab?.stop()
  })

  const clean = { web1: [], proxy1: [], clean: [], alp: [] }

  it('finds nothing on hosts as they boot, and each failure where it was prepared', async () => {
    const { found, told, text } = await diagnose()
    expect(found).toEqual({
      ...clean,
      reset: ['open timewait-rst-ignored'],
      drops: ['likely invalid-segments-dropped'],
      aged: ['seen conntrack-outlives-timeout'],
    })
    expect(told('aged')?.findings[0]?.evidence).toEqual([
      expect.stringMatching(/^1 of \d+ tracked connections have more than 3600 s left, the time-out \(.*says 432000\), and keep it/),
    ])
    expect(told('drops')?.findings[0]?.evidence.join('\n')).toMatch(
      /INPUT \(ipv4\) lets in ESTABLISHED connections and drops by policy \(\d+ packets so far\)\n[\s\S]*conntrack has called 5 segments INVALID/,
    )
    expect(told('drops')?.notes).toEqual([
      expect.stringMatching(/^INPUT \(ipv4\): rule \d+ \(-s 192.0.2.7\/32 -p tcp -j ACCEPT\) can never match: rule \d+ \(.* -j DROP\)/),
    ])
    expect(told('reset')?.findings[0]?.alternatives).toHaveLength(2)
    expect(text).toMatch(/ {4}or: /)
  })

  it('a proxy that is let in by a rule that packets come to is no finding; one behind a drop is', async () => {
    const address = lab.host('proxy1').address
    const profile = { 'playbooks/none.yaml': [{ name: 'product', hosts: 'clean,drops', profile: 'iwsva-6.5', sysctl: {} }] }
    const accept = `-s ${address} -p tcp -j ACCEPT`
    await lab.host('clean').must(`iptables -I INPUT ${accept}`)
    await lab.host('drops').must(`iptables -I INPUT -s ${address} -j DROP; iptables -I INPUT 2 ${accept}`)
    const { found, told } = await diagnose(profile, '--limit', 'clean,drops,proxy1')
    expect(found).toEqual({ clean: [], drops: ['likely invalid-segments-dropped'], proxy1: [] })
    expect(told('drops')?.findings[0]?.evidence[0]).toMatch(
      /^proxy1 \(.*\) is not let in before the drop: rule 2 \(.*\) can never match behind rule 1 \(.* -j DROP\)$/,
    )
    await lab.host('clean').must(`iptables -D INPUT ${accept}`)
    expect((await diagnose(profile, '--limit', 'clean,proxy1')).found).toEqual({ clean: ['open invalid-segments-dropped'], proxy1: [] })
  })
})
