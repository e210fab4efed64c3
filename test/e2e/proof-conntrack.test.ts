import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lab, startLab } from '../lab/lab.js'
import { type Flows, openFlows } from '../lab/packets/packets.js'
import { playbook } from './playbook.js'
import { changed, holdfast, outcomes } from './run.js'

// A report of entries with 373,000 s left on a web server, cured by 3600: existing ones keep their time until their next segment.
const key = 'net.netfilter.nf_conntrack_tcp_timeout_established'
const shipped = { 'playbooks/conntrack-timeout.yaml': playbook('conntrack-timeout') }
const only = { 'playbooks/conntrack-timeout.yaml': playbook('conntrack-timeout').replace('  reage: true\n', '') }

describe('conntrack entries outlive the time-out', () => {
  let lab: Lab
  let flows: Flows
  /** What each connection has left at the web host, rounded to what it was set to. */
  const left = async () => {
    const listed = await lab.host('web1').must('for f in ipv4 ipv6; do conntrack -L -f $f -p tcp --state ESTABLISHED 2>/dev/null; done')
    const seconds = (port: number) =>
      Number(new RegExp(`tcp +6 (\\d+) ESTABLISHED src=\\S+ dst=\\S+ sport=\\d+ dport=${port} `).exec(listed)?.[1] ?? 'NaN')
    const near = (port: number) => [432000, 3600, 300].find((full) => seconds(port) <= full && seconds(port) > full - 90) ?? seconds(port)
    return { silent: near(80), talked: near(443), short: near(8081), six: near(8080) }
  }
  const open = () => {
    const [server, client] = [lab.host('web1'), lab.host('client')]
    const six = { server: { host: server, address: server.address6 }, client: { host: client, address: client.address6 } }
    const four = { server: { host: server }, client: { host: client } }
    return openFlows([
      { name: 'silent', port: 80, ...four },
      { name: 'talked', port: 443, ...four },
      { name: 'short', port: 8081, ...four },
      { name: 'six', port: 8080, ...six },
    ])
  }

  beforeAll(async () => {
    const ports = '8080,8081'
    lab = await startLab([
      { name: 'web1', kind: 'web' },
      { name: 'client', kind: 'bare' },
      { name: 'untracked', kind: 'bare', groups: ['web'] },
    ])
    await lab.host('web1').must(`for t in iptables ip6tables; do $t -A INPUT -p tcp -m multiport --dports ${ports} -j ACCEPT; done`)
    flows = await open()
    await lab.host('web1').must('conntrack -U -f ipv4 -p tcp --dport 8081 --timeout 300')
  })
  afterAll(async () => {
    flows?.close()
    await lab?.stop()
  })

  it('the time-out alone leaves them as they are until their next segment; a host that tracks nothing is told', async () => {
    expect(await left()).toEqual({ silent: 432000, talked: 432000, short: 300, six: 432000 })
    const ran = await holdfast(lab, ['apply'], only)
    expect(outcomes(ran)).toEqual({ web1: 'changed', untracked: 'changed' })
    expect(ran.host('untracked').warnings).toEqual([
      expect.stringContaining(`${key}: no effect at present: this host tracks no connection`),
    ])
    expect(ran.host('web1').warnings ?? []).toEqual([])
    expect(await left()).toEqual({ silent: 432000, talked: 432000, short: 300, six: 432000 })
    await flows.touch('talked')
    expect(await left()).toEqual({ silent: 432000, talked: 3600, short: 300, six: 432000 })
  })

  it('with reage: true one apply lowers them, in both families, and raises none', async () => {
    const planned = await holdfast(lab, ['plan', '--limit', 'web1'], shipped)
    expect(changed(planned.host('web1').changes)).toEqual([
      expect.stringMatching(new RegExp(`^${key}: \\d+ tracked connections with more than 3600 s left -> 3600 s left$`)),
    ])
    const ran = await holdfast(lab, ['apply', '--limit', 'web1'], shipped)
    expect(outcomes(ran)).toEqual({ web1: 'changed' })
    expect(await left()).toEqual({ silent: 3600, talked: 3600, short: 300, six: 3600 })
    expect(outcomes(await holdfast(lab, ['apply'], shipped))).toEqual({ web1: 'in-sync', untracked: 'in-sync' })
  })

  it('after a reboot new connections begin there', async () => {
    flows.close()
    await lab.host('web1').reboot()
    await lab.host('web1').must('for t in iptables ip6tables; do $t -A INPUT -p tcp -m multiport --dports 8080,8081 -j ACCEPT; done')
    flows = await open()
    expect(await left()).toEqual({ silent: 3600, talked: 3600, short: 3600, six: 3600 })
  })

  it('value and entries in one apply, on a host where nothing is right yet', async () => {
    await lab.host('web1').must(`echo 432000 > /proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established`)
    for (const name of ['silent', 'talked', 'six']) await flows.touch(name)
    expect(await left()).toEqual({ silent: 432000, talked: 432000, short: 3600, six: 432000 })
    const ran = await holdfast(lab, ['apply', '--limit', 'web1'], shipped)
    expect(outcomes(ran)).toEqual({ web1: 'changed' })
    expect(await left()).toEqual({ silent: 3600, talked: 3600, short: 3600, six: 3600 })
  })
})
