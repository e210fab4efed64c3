import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lab, startLab } from '../lab/lab.js'
import { type End, type FlowSpec, type Flows, openFlows } from '../lab/packets/packets.js'
import { playbook } from './playbook.js'
import { holdfast, outcomes } from './run.js'

// Palo Alto Networks KB kA14u000000kFMPCA2: a Gateway Load Balancer forgets an idle connection after 350 s and tells nobody. Here after 3 s.
const forgets = 3
const idle = 5
const middlebox = `
  echo 0 > /proc/sys/net/netfilter/nf_conntrack_tcp_loose
  echo ${forgets} > /proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established
  iptables-restore <<'END'
*filter
:FORWARD DROP [0:0]
-A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
-A FORWARD -m conntrack --ctstate INVALID -j DROP
-A FORWARD -p tcp --syn -m conntrack --ctstate NEW -j ACCEPT
COMMIT
END`
const back = { ip: ['route add 198.19.11.0/24 via 198.18.0.11'] }
/** The shipped play, scaled down by its own variables, with its own hint about the service taken. */
const files = (service: string) => ({
  'playbooks/gwlb-keepalive.yaml': playbook('gwlb-keepalive').replace('# on_change: systemctl restart haproxy', `on_change: ${service}`),
})
const restart = 'echo restarted >> /run/service'
const scaled = ['-e', 'keepalive_time=1', '-e', 'keepalive_intvl=1']

describe('a middlebox between client and server forgets idle connections', () => {
  let lab: Lab
  let older: Flows
  const end = (name: string): End => ({ host: lab.host(name) })
  const flow = (
    name: string,
    client: string,
    server: string,
    port: number,
    keepalive: FlowSpec['keepalive'] = ['client', 'server'],
  ): FlowSpec => ({
    name,
    client: end(client),
    server: end(server),
    port,
    keepalive,
  })
  const fate = async (flows: Flows) =>
    Object.fromEntries(
      Object.entries(await flows.probe()).map(([name, { alive, reset }]) => [name, alive ? 'alive' : reset ? 'reset' : 'dead']),
    )
  const fates = async (specs: readonly FlowSpec[], silence = idle) => {
    const flows = await openFlows(specs)
    await sleep(silence * 1000)
    const found = await fate(flows)
    flows.close()
    return found
  }
  /** Client and server hold the playbook or do not (`plain`). */
  const specs = () => [
    flow('both ends', 'client', 'server', 8081),
    flow('client only', 'client', 'plain-server', 8082),
    flow('server only', 'plain-client', 'server', 8083),
    flow('neither', 'plain-client', 'plain-server', 8084),
    flow('no SO_KEEPALIVE', 'client', 'server', 8085, []),
  ]
  const cured = { 'both ends': 'alive', 'client only': 'alive', 'server only': 'alive', neither: 'dead', 'no SO_KEEPALIVE': 'dead' }
  const dropped = async () =>
    Number(/^\[(\d+):\d+\] -A FORWARD .*INVALID/m.exec(await lab.host('middlebox').must('iptables-save -c'))?.[1] ?? 'NaN')

  beforeAll(async () => {
    lab = await startLab([
      { name: 'middlebox', kind: 'bare' },
      { name: 'client', kind: 'bare', behind: 'middlebox', groups: ['web'] },
      { name: 'plain-client', kind: 'bare', behind: 'middlebox' },
      { name: 'server', kind: 'bare', groups: ['web'], ...back },
      { name: 'plain-server', kind: 'bare', ...back },
    ])
    await lab.host('middlebox').must(middlebox)
  })
  afterAll(async () => {
    older?.close()
    await lab?.stop()
  })

  it('they are dead then, without a reset to either side', async () => {
    expect(await fates([flow('idle', 'client', 'server', 8080)])).toEqual({ idle: 'dead' })
    expect(await dropped()).toBeGreaterThan(0)
  })

  it('to lower the time-out of a firewall on the way does not help', async () => {
    await lab.host('middlebox').must('echo 1 > /proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established')
    expect(await fates([flow('idle', 'client', 'server', 8080)], 2)).toEqual({ idle: 'dead' })
    await lab.host('middlebox').must(`echo ${forgets} > /proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established`)
  })

  it('one apply sets the keepalive on both ends and restarts the service', async () => {
    older = await openFlows([flow('older than the change', 'client', 'server', 8086)])
    const ran = await older.keepWhile(() => holdfast(lab, ['apply', ...scaled], files(restart)))
    expect(outcomes(ran)).toEqual({ client: 'changed', server: 'changed' })
    for (const name of ['client', 'server']) expect(await lab.host(name).must('cat /run/service')).toBe('restarted\n')
  })

  it('connections made since stay alive where either end probes; older ones, and those that do not ask for it, do not', async () => {
    const [younger, before] = await Promise.all([fates(specs()), sleep(idle * 1000).then(() => fate(older))])
    expect({ ...younger, ...before }).toEqual({ ...cured, 'older than the change': 'dead' })
  })

  it('after a reboot still', async () => {
    await Promise.all([lab.host('client').reboot(), lab.host('server').reboot()])
    const [found, ran] = await Promise.all([fates(specs()), holdfast(lab, ['plan', ...scaled], files(restart))])
    expect(found).toEqual(cured)
    expect(outcomes(ran)).toEqual({ client: 'in-sync', server: 'in-sync' })
  })
})
