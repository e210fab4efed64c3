import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lab, startLab } from '../lab/lab.js'
import { reusePort } from '../lab/packets/packets.js'
import { playbook } from './playbook.js'
import { holdfast, outcomes } from './run.js'

// Trend Micro KB 1120273, event 1. With time stamps on both ends it cannot happen (RFC 7323), so one proxy has them off.
const noTimestamps = { '/etc/sysctl.d/60-timestamps.conf': 'net.ipv4.tcp_timestamps = 0\n' }
const back = { ip: ['route add 198.19.11.0/24 via 198.18.0.11'] }
const files = { 'playbooks/rfc1337.yaml': playbook('rfc1337') }

describe('a proxy uses its port again while the appliance keeps it in TIME_WAIT', () => {
  let lab: Lab
  const reuse = (server: string, client: string, timeout: number) =>
    reusePort({ host: lab.host(server) }, { host: lab.host(client) }, client === 'stamped' ? 8443 : 8080, timeout)
  const tries = async (timeout: number) => {
    const all = await Promise.all([
      reuse('firewalled', 'proxy1', timeout),
      reuse('open', 'proxy1', timeout),
      reuse('firewalled', 'stamped', timeout),
    ])
    const [firewalled, open, stamped] = all.map(({ connected, seconds }) =>
      connected && seconds < 2.5 ? 'at once' : connected ? 'late' : 'never',
    )
    return { firewalled, open, stamped }
  }

  beforeAll(async () => {
    lab = await startLab([
      { name: 'balancer', kind: 'bare' },
      { name: 'proxy1', kind: 'proxy', behind: 'balancer', files: noTimestamps },
      { name: 'stamped', kind: 'proxy', behind: 'balancer' },
      { name: 'firewalled', kind: 'appliance', ...back },
      { name: 'open', kind: 'bare', groups: ['appliance'], ...back, files: { '/etc/sysctl.conf': 'net.ipv4.tcp_rfc1337 = 1\n' } },
    ])
  })
  afterAll(() => lab?.stop())

  it('the connection fails, with and without a stateful firewall, but not with time stamps on both ends', async () => {
    expect(await tries(4)).toEqual({ firewalled: 'never', open: 'never', stamped: 'at once' })
  })

  it('one apply frees the client that is stuck right now', async () => {
    const stuck = reuse('firewalled', 'proxy1', 40)
    const ran = await holdfast(lab, ['apply'], files)
    const applied = Date.now()
    expect(outcomes(ran)).toEqual({ firewalled: 'changed', open: 'changed' })
    const { connected, seconds, client } = await stuck
    expect(connected).toBe(true)
    expect(client.TcpRetransSegs).toBeGreaterThan(0)
    // Its next SYN comes 1, 3, 7, 15, 31 s after its first.
    const due = [1, 3, 7, 15, 31].find((second) => second > seconds - 1)!
    expect(seconds).toBeLessThan(due + 1)
    expect(Date.now() - applied).toBeLessThan(20_000)
  })

  it('it connects at once, and after a reboot still does', async () => {
    const always = { firewalled: 'at once', open: 'at once', stamped: 'at once' }
    expect(await tries(4)).toEqual(always)
    await Promise.all([lab.host('firewalled').reboot(), lab.host('open').reboot()])
    expect(await tries(4)).toEqual(always)
    expect(outcomes(await holdfast(lab, ['plan'], files))).toEqual({ firewalled: 'in-sync', open: 'in-sync' })
  })
})
