import { createHash } from 'node:crypto'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { canonical } from '../../src/kept/canonical.js'
import { must } from '../lab/capture.js'
import { type Lab, startLab } from '../lab/lab.js'
import { type Files, holdfast, outcomes, type Ran } from './run.js'

const playbooks: Files = {
  'playbooks/main.yaml': [
    {
      name: 'all',
      hosts: 'all',
      sysctl: { 'net.ipv4.tcp_rfc1337': 1 },
      iptables: [{ id: 'metrics', chain: 'INPUT', rule: '-p tcp --dport 9100 -j ACCEPT', place: 'first' }],
    },
    { name: 'product', hosts: 'appliance', profile: 'iwsva-6.5', sysctl: { 'net.ipv4.tcp_keepalive_time': 325 } },
  ],
}

describe('a kept plan on real hosts', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await startLab([
      { name: 'appl', kind: 'appliance' },
      { name: 'order', kind: 'web' },
      { name: 'value', kind: 'web', backend: 'legacy' },
      { name: 'boot', kind: 'web' },
      { name: 'noise', kind: 'web' },
      { name: 'same', kind: 'bare', backend: 'legacy' },
      { name: 'dead', kind: 'web' },
    ])
    await lab.host('dead').kill()
  })
  afterAll(() => lab?.stop())

  const file = (name: string): string => join(lab.dir, `${name}.json`)
  const apply = (name: string, ...argv: string[]): Promise<Ran> => holdfast(lab, ['apply', file(name), ...argv], {})
  const refusal = async (name: string, ...argv: string[]): Promise<string | undefined> => {
    const ran = await apply(name, ...argv)
    expect(ran.code).toBe(1)
    return ran.problems[0]?.message
  }
  const plan = (name: string, ...argv: string[]): Promise<Ran> => holdfast(lab, ['plan', '--out', file(name), ...argv], playbooks)

  it('is kept for its owner alone, with the hosts in order and no secret', async () => {
    const ran = await plan('first', '--valid-for', '2h')
    expect(ran.code).toBe(4)
    const kept = JSON.parse(readFileSync(file('first'), 'utf8'))
    expect(kept.hosts.map(({ host, outcome }: { host: string; outcome: string }) => `${host} ${outcome}`)).toEqual([
      ...['appl', 'order', 'value', 'boot', 'noise', 'same'].map((host) => `${host} pending`),
      'dead unreachable',
    ])
    expect(Date.parse(kept.validUntil) - Date.parse(kept.made)).toBe(7_200_000)
    expect((await must(['stat', '-c', '%a', file('first')])).trim()).toBe('600')
  })

  it('is refused whole when it was changed, may be changed, or is signed by nobody who may', async () => {
    const text = readFileSync(file('first'), 'utf8')
    const variant = (name: string, content: string, mode = 0o600): void => {
      writeFileSync(file(name), content)
      chmodSync(file(name), mode)
    }
    const forged = (change: (plan: Record<string, unknown>) => object): string => {
      const { digest, ...whole } = JSON.parse(text)
      const changed = change(whole)
      return `${JSON.stringify({ ...changed, digest: `sha256:${createHash('sha256').update(canonical(changed)).digest('hex')}` }, null, 2)}\n`
    }
    variant('edited', text.replace('"value": "1"', '"value": "0"'))
    variant('open', text, 0o660)
    variant(
      'old',
      forged((whole) => ({ ...whole, validUntil: '2020-01-01T00:00:00.000Z' })),
    )
    variant(
      'version',
      forged((whole) => ({ ...whole, tool: '99.0.0' })),
    )
    variant(
      'more',
      forged((whole) => ({ ...whole, scripts: ['rm -rf /'] })),
    )
    const refused = await Promise.all(['edited', 'open', 'old', 'version', 'more'].map((name) => refusal(name)))
    expect(refused).toEqual([
      expect.stringContaining('its digest does not match'),
      expect.stringContaining('others can write it (mode 0660)'),
      expect.stringContaining('it was valid until 2020-01-01T00:00:00.000Z'),
      expect.stringMatching(/holdfast 99\.0\.0 made it and this is .*; plan again/),
      expect.stringContaining('does not follow the schema'),
    ])
    expect(await refusal('first', '--tags', 'x')).toContain('--tags cannot be said of a kept plan')
    expect(await refusal('first', '--wide')).toContain('--wide cannot be said of a kept plan')
    expect(await refusal('first', '--limit', 'nobody')).toContain('"nobody"')
    expect(await refusal('first', '--confirm-timeout', '7')).toContain('the plan was made with 60')
  })

  it('that somebody forged, digest and all, writes nothing that the tool would not', async () => {
    const { digest, ...whole } = JSON.parse(readFileSync(file('first'), 'utf8'))
    const same = whole.hosts.find(({ host }: { host: string }) => host === 'same')
    same.steps.push({ changes: [], effect: { kind: 'once', layer: 'live', run: 'touch /forged', why: 'x' } })
    writeFileSync(
      file('forged'),
      `${JSON.stringify({ ...whole, digest: `sha256:${createHash('sha256').update(canonical(whole)).digest('hex')}` }, null, 2)}\n`,
      { mode: 0o600 },
    )
    const ran = await apply('forged', '--limit', 'same')
    expect(outcomes(ran)).toEqual({ same: expect.stringMatching(/^stale: .*other steps than the approved ones.*touch \/forged/) })
    expect(ran.code).toBe(6)
    expect((await lab.host('same').sh('test -e /forged')).code).toBe(1)
  })

  it('is carried out exactly, and refused on each host that moved, saying what did', async () => {
    await Promise.all([
      lab.host('appl').upgrade('sp3'),
      lab.host('order').must('iptables -D INPUT 1 && iptables -A INPUT -i lo -j ACCEPT'),
      lab.host('value').must('echo 1 > /proc/sys/net/ipv4/tcp_rfc1337'),
      lab.host('boot').must('echo net.ipv4.ip_forward=0 > /etc/sysctl.d/20-later.conf'),
      lab
        .host('noise')
        .must(
          'iptables -N f2b-sshd; iptables -A f2b-sshd -s 203.0.113.9 -j DROP; ping -c1 -W1 127.0.0.1 >/dev/null; echo 300 > /proc/sys/net/ipv4/tcp_keepalive_time',
        ),
    ])
    const live = (name: string): Promise<string> =>
      lab.host(name).must('iptables-save; ip6tables-save; ls -A /etc/sysctl.d; cat /proc/sys/net/ipv4/tcp_rfc1337')
    const moved = ['appl', 'order', 'value', 'boot']
    const before = await Promise.all(moved.map(live))
    const ran = await apply('first')
    const stale = (what: string): unknown =>
      expect.stringMatching(new RegExp(`^stale: moved since the plan was made: .*${what}.*; nothing was changed$`))
    expect(outcomes(ran)).toEqual({
      appl: stale('the version was 6\\.5 SP2 build 1548 and is 6\\.5 SP3 build 3279'),
      order: stale('ipv4 filter INPUT'),
      value: stale('/proc/sys/net/ipv4/tcp_rfc1337'),
      boot: stale('/etc/sysctl\\.d/20-later\\.conf'),
      noise: 'changed',
      same: 'changed',
      dead: expect.stringMatching(/^unreachable: not touched: when the plan was made it was unreachable/),
    })
    expect(ran.code).toBe(4)
    const strip = (text: string): string => text.replace(/\[\d+:\d+\]|^#.*$/gm, '')
    expect((await Promise.all(moved.map(live))).map(strip)).toEqual(before.map(strip))
    const planned = JSON.parse(readFileSync(file('first'), 'utf8')).hosts.find(({ host }: { host: string }) => host === 'same')
    const essence = (changes: readonly { layer: string; at: string; after?: string }[]): readonly string[] =>
      changes.map(({ layer, at, after }) => `${layer} ${at} ${after}`)
    expect(essence(ran.host('same').changes)).toEqual(essence(planned.steps.flatMap(({ changes }: { changes: [] }) => changes)))
    expect(await lab.host('same').must('cat /var/lib/holdfast/record.json')).toContain('"playbook":"playbooks/main.yaml"')
  })

  it('does nothing on hosts that are as wanted, and --limit leaves the others alone', async () => {
    const ran = await apply('first', '--limit', 'noise,same')
    expect(outcomes(ran)).toEqual({ noise: 'in-sync', same: 'in-sync' })
    expect(ran.code).toBe(0)
    expect(outcomes(await holdfast(lab, ['plan', '--limit', 'noise,same'], playbooks))).toEqual({ noise: 'in-sync', same: 'in-sync' })
  })

  it('needs the signature of one who may, where that is asked for', async () => {
    for (const name of ['kim', 'lee', 'eve']) await must(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', join(lab.dir, name)])
    const key = (name: string): string => readFileSync(join(lab.dir, `${name}.pub`), 'utf8')
    writeFileSync(join(lab.dir, 'allowed'), `lee@example.org ${key('lee')}`, { mode: 0o600 })
    const allowed = ['--allowed-signers', join(lab.dir, 'allowed'), '--limit', 'value']
    await plan('signed', '--sign', join(lab.dir, 'kim'), '--limit', 'value')
    expect(await refusal('signed', ...allowed)).toMatch(/nobody in .*allowed made the signature/)
    await must(['rm', file('signed.json').replace('.json.json', '.json.sig')])
    expect(await refusal('signed', ...allowed)).toContain('it is not signed')
    await must(['ssh-keygen', '-q', '-Y', 'sign', '-f', join(lab.dir, 'lee'), '-n', 'holdfast-plan', file('signed')])
    const ran = await apply('signed', ...allowed)
    expect(outcomes(ran)).toEqual({ value: 'changed' })
    expect(ran.stderr).toContain('signed by lee@example.org')
    await plan('again', '--sign', join(lab.dir, 'lee'), '--limit', 'value')
    await must(['cp', file('signed'), `${file('again')}`])
    expect(await refusal('again', ...allowed)).toContain('does not hold for it')
  })
})
