import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lab, startLab } from '../lab/lab.js'
import { sendInvalid } from '../lab/packets/packets.js'
import { playbook } from './playbook.js'
import { changed, holdfast, outcomes } from './run.js'

// Trend Micro KB 1120273, event 2. Each appliance has a balancer between it and the proxies; `strict` does not pick up connections midway.
const back = { ip: ['route add 198.19.11.0/24 via 198.18.0.11'] }
const strict = { '/etc/sysctl.d/60-strict.conf': 'net.netfilter.nf_conntrack_tcp_loose = 0\n' }
const files = { 'playbooks/downstream-proxy.yaml': playbook('downstream-proxy') }

describe("the appliance's firewall drops segments of the downstream proxy that it calls INVALID", () => {
  let lab: Lab
  const arrived = async (server: string, client: string, how: 'window' | 'moved' = 'window') => {
    const { arrived, sent } = await sendInvalid({ host: lab.host(server) }, { host: lab.host(client) }, 8080, how)
    return `${arrived} of ${sent}`
  }
  /** One after the other at one appliance, which listens once. */
  const all = async () => {
    const [old, picky, nft] = await Promise.all([arrived('old', 'proxy1'), arrived('strict', 'proxy1'), arrived('nft', 'proxy1')])
    const [stranger, moved] = await Promise.all([arrived('old', 'stranger'), arrived('strict', 'proxy1', 'moved')])
    return { old, strict: picky, nft, moved, stranger }
  }
  const packets = async () =>
    Number(/^\[(\d+):\d+\] -A INPUT .*holdfast:downstream-proxy/m.exec(await lab.host('old').must('iptables-save -c'))?.[1] ?? 'NaN')

  beforeAll(async () => {
    lab = await startLab([
      { name: 'balancer', kind: 'bare' },
      { name: 'proxy1', kind: 'proxy', behind: 'balancer' },
      { name: 'stranger', kind: 'bare', behind: 'balancer' },
      { name: 'old', kind: 'appliance', ...back },
      { name: 'strict', kind: 'appliance', files: strict, ...back },
      { name: 'nft', kind: 'appliance', backend: 'nft', ...back },
    ])
  })
  afterAll(() => lab?.stop())

  it('none arrives', async () => {
    expect(await all()).toEqual({ old: '0 of 5', strict: '0 of 5', nft: '0 of 5', moved: '0 of 7', stranger: '0 of 5' })
  })

  it('after one apply all arrive, counted by the placed rule, and those of others still do not', async () => {
    expect(outcomes(await holdfast(lab, ['apply'], files))).toEqual({ old: 'changed', strict: 'changed', nft: 'changed' })
    expect(await packets()).toBe(0)
    expect(await all()).toEqual({ old: '5 of 5', strict: '5 of 5', nft: '5 of 5', moved: '7 of 7', stranger: '0 of 5' })
    expect(await packets()).toBeGreaterThanOrEqual(5)
  })

  it('after a reboot still', async () => {
    await Promise.all(['old', 'strict', 'nft'].map((name) => lab.host(name).reboot()))
    expect(await all()).toEqual({ old: '5 of 5', strict: '5 of 5', nft: '5 of 5', moved: '7 of 7', stranger: '0 of 5' })
  })

  it('the upgrade to SP3 loses it, and an apply repairs it', async () => {
    await lab.host('old').upgrade('sp3')
    expect(await arrived('old', 'proxy1')).toBe('0 of 5')
    const ran = await holdfast(lab, ['apply', '--limit', 'old'], files)
    expect(outcomes(ran)).toEqual({ old: 'changed' })
    expect(changed(ran.host('old').changes).map((text) => text.split(':')[0])).toEqual(Array(2).fill('ipv4 filter INPUT downstream-proxy'))
    expect(ran.host('old').changes.map(({ layer, cause }) => `${layer} ${cause}`)).toEqual(['live upgrade', 'boot upgrade'])
    expect(await arrived('old', 'proxy1')).toBe('5 of 5')
    await lab.host('old').reboot()
    expect(await arrived('old', 'proxy1')).toBe('5 of 5')
    expect(await arrived('old', 'stranger')).toBe('0 of 5')
  })
})
