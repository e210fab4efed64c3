import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectSsh, unlockKeys } from '../../src/host/ssh.js'
import { canServe, type Sshd, startSshd } from './sshd.js'

describe.skipIf(!canServe)('keys with a passphrase', { timeout: 30_000 }, () => {
  let sshd: Sshd

  beforeAll(async () => {
    sshd = await startSshd()
  }, 60_000)

  afterAll(() => sshd?.stop())

  const asker = (...answers: readonly (string | undefined)[]) => {
    const asked: string[] = []
    const left = [...answers]
    const ask = async (question: string) => {
      asked.push(question.replace(sshd.dir, 'DIR'))
      return left.shift()
    }
    return { asked, ask }
  }

  it('are asked for once for all hosts, again after a wrong answer, and then open every login', async () => {
    const target = sshd.target({ keyFile: join(sshd.dir, 'id_locked') })
    await expect(connectSsh(target, sshd.options())).rejects.toThrow('needs a passphrase')
    const { asked, ask } = asker('wrong', 'secret')
    await unlockKeys([target, { ...target, host: 'web2' }], () => sshd.options(), ask)
    await unlockKeys([target], () => sshd.options(), ask)
    expect(asked).toEqual(['Passphrase of DIR/id_locked: ', 'Passphrase of DIR/id_locked: '])
    const began = process.cpuUsage()
    for (let times = 0; times < 3; times++) (await connectSsh(target, sshd.options())).close()
    // bcrypt would take 0.3 s of CPU each time
    expect(process.cpuUsage(began).user / 1000).toBeLessThan(600)
  })

  it('stay locked after three wrong answers, and where nobody is there to ask', async () => {
    const fresh = await startSshd()
    try {
      const target = fresh.target({ keyFile: join(fresh.dir, 'id_locked') })
      const three = asker('a', 'b', 'c', 'secret')
      await unlockKeys([target], () => fresh.options(), three.ask)
      expect(three.asked.length).toBe(3)
      const nobody = asker()
      await unlockKeys([target], () => fresh.options(), nobody.ask)
      expect(nobody.asked.length).toBe(1)
      await expect(connectSsh(target, fresh.options())).rejects.toThrow('needs a passphrase')
    } finally {
      fresh.stop()
    }
  })

  it.each([
    ['beside an open key', ['id_rsa', 'id_locked'], {}],
    ['beside a password', ['id_locked'], { password: 'open sesame' }],
  ])('are not asked for when they are only tried %s', async (_, names, change) => {
    const { keyFile, ...target } = sshd.target(change)
    const { asked, ask } = asker('secret')
    await unlockKeys([target], () => sshd.options({ identities: names.map((name) => join(sshd.dir, name)) }), ask)
    expect(asked).toEqual([])
  })
})
