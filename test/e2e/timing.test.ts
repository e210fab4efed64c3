import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { HostTiming } from '../../src/types.js'
import { type Lab, startLab } from '../lab/lab.js'
import { holdfast } from './run.js'

let lab: Lab
beforeAll(async () => {
  lab = await startLab([{ name: 'web1', kind: 'web' }])
})
afterAll(() => lab?.stop())

const files = { 'playbooks/main.yaml': [{ hosts: 'all', sysctl: { 'net.ipv4.tcp_rfc1337': 1 } }] }
const timingOf = async (...argv: readonly string[]): Promise<HostTiming | undefined> =>
  (await holdfast(lab, argv, files)).host('web1').timing
const namesOf = ({ spans }: HostTiming): readonly string[] => spans.map(({ stage, part }) => `${stage} ${part}`)
const whole = (timing: HostTiming): readonly string[] => namesOf(timing).filter((name) => / (connect|script)$/.test(name))

describe('--timing', () => {
  it('is not measured where nobody asks', async () => {
    expect(await timingOf('plan')).toBeUndefined()
  })

  it('tells of a converged host: act, and settle on a connection of its own', async () => {
    const timing = (await timingOf('apply', '--timing'))!
    expect(whole(timing)).toEqual(['connect connect', 'look script', 'act script', 'settle connect', 'settle script'])
    expect(timing.execs).toBe(3)
  })

  it('tells of a host in sync, its parts within the whole, with what the host itself counted', async () => {
    const before = lab.host('web1').execs()
    const timing = (await timingOf('plan', '--timing'))!
    expect(namesOf(timing)).toEqual([
      ...['connect connect', 'connect tcp', 'connect keys', 'connect login'],
      ...['look script', 'look first byte'],
    ])
    expect(timing.execs).toBe(lab.host('web1').execs() - before)
    const [connect, tcp, keys, login, look] = timing.spans
    expect(tcp!.took + keys!.took + login!.took).toBeLessThanOrEqual(connect!.took + 1)
    expect(connect!.took + look!.took).toBeLessThanOrEqual(timing.took + 1)
    expect(timing.bytesIn).toBeGreaterThan(1000)
    expect(timing.bytesOut).toBeGreaterThan(1000)
  })

  it('is text for people, beside the JSON', async () => {
    for (const command of ['plan', 'diagnose']) {
      const { stderr } = await holdfast(lab, [command, '--timing'], files)
      expect(stderr).toMatch(/^timing {2}web1$/m)
      expect(stderr).toMatch(/^ {2}total +\d+\.\d ms +\S/m)
      expect(stderr.replace(/\s+/g, ' ')).toMatch(/controller: .* of the processor, \d+ MB at most/)
    }
  })
})
