import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseKnownHosts } from '../../src/host/known-hosts.js'
import { connectSsh } from '../../src/host/ssh.js'
import { startRelay } from './relay.js'
import { canServe, type Sshd, startSshd } from './sshd.js'

/** About 3 kB that are one function, called on the last line. */
const whole = (file: string): string => `main() {\n  touch '${file}'\n${'  : a line of a script that does nothing\n'.repeat(70)}}\nmain\n`
/** The same work without the function: what must not be written. */
const naive = (file: string): string => `touch '${file}'\n${': a line of a script that does nothing\n'.repeat(70)}`

describe.skipIf(!canServe)('a transfer that is cut', { timeout: 120_000 }, () => {
  let sshd: Sshd

  beforeAll(async () => {
    sshd = await startSshd('LogLevel ERROR')
  }, 60_000)

  afterAll(() => sshd?.stop())

  /** Runs a script over a line that is cut after so many bytes from us; tells how many were sent before the script and in all. */
  const runOver = async (script: string, cutAfter?: number): Promise<{ readonly before: number; readonly sent: number }> => {
    const relay = await startRelay(sshd.port, cutAfter)
    let before = 0
    try {
      const options = sshd.options({ knownHosts: parseKnownHosts([]), acceptNew: true })
      const session = await connectSsh(sshd.target({ port: relay.port }), options)
      before = relay.sent()
      await session.run(script, { timeout: 20 }).finally(() => session.close())
      return { before, sent: relay.sent() }
    } catch (error) {
      if (cutAfter === undefined) throw error
      return { before, sent: cutAfter }
    } finally {
      relay.stop()
    }
  }

  const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 700))

  it('after any hundredth byte runs nothing', async () => {
    const file = (name: string | number): string => join(sshd.dir, `touched-${name}`)
    const { before, sent } = await runOver(whole(file('whole')))
    expect(existsSync(file('whole'))).toBe(true)
    const length = whole(file(1000)).length
    expect(sent - before).toBeGreaterThan(length)
    const cuts = Array.from({ length: Math.ceil(sent / 100) }, (_, at) => (at + 1) * 100).filter((cut) => cut < sent)
    for (let at = 0; at < cuts.length; at += 4) await Promise.all(cuts.slice(at, at + 4).map((cut) => runOver(whole(file(cut)), cut)))
    await settle()
    // the stream is encrypted, never compressed: up to here the script cannot have come as a whole
    const incomplete = cuts.filter((cut) => cut <= before + length)
    expect(incomplete.filter((cut) => cut > before).length).toBeGreaterThan(20)
    expect(incomplete.filter((cut) => existsSync(file(cut)))).toEqual([])
  })

  it('would run the first lines of a script that is not one function', async () => {
    const file = join(sshd.dir, 'naive')
    const long = `${naive(file)}${': more\n'.repeat(20_000)}`
    const { before } = await runOver(whole(join(sshd.dir, 'other')))
    await runOver(long, before + 100_000)
    await settle()
    expect(existsSync(file)).toBe(true)
  })
})
