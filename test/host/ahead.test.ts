import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import ssh2, { type Connection, type Session as ServerSession } from 'ssh2'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseKnownHosts } from '../../src/host/known-hosts.js'
import { ConnectionLost, NoShell } from '../../src/host/session.js'
import { connectSsh } from '../../src/host/ssh.js'
import { canServe, type Sshd, startSshd } from './sshd.js'

describe.skipIf(!canServe)('a login goes ahead of what the host will answer', { timeout: 30_000 }, () => {
  let sshd: Sshd

  beforeAll(async () => {
    sshd = await startSshd('LogLevel VERBOSE')
  }, 60_000)

  afterAll(() => sshd?.stop())

  /** What each side said, in turns: `client`, `host`, `client` ... */
  const turnsOf = async (work: (port: number) => Promise<void>): Promise<number> => {
    let speaking = ''
    let turns = 0
    const hear = (who: string): void => {
      if (who === 'client' && speaking !== who) turns++
      speaking = who
    }
    const server = createServer((client) => {
      const host = connect(sshd.port, '127.0.0.1')
      const late = (from: Socket, to: Socket, who: string): void =>
        void from
          .on('data', (chunk: Buffer) => {
            hear(who)
            setTimeout(() => to.write(chunk), 40)
          })
          .on('close', () => setTimeout(() => to.destroy(), 40))
          .on('error', () => {})
      late(client, host, 'client')
      late(host, client, 'host')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    await work((server.address() as AddressInfo).port).finally(() => server.close())
    return turns
  }

  it('in six turns until the answer is there, the script among them, however long it is', async () => {
    const script = `: ${'x'.repeat(300_000)}\necho all of it\n`
    const turns = await turnsOf(async (port) => {
      const session = await connectSsh(sshd.target({ port }), sshd.options({ acceptNew: true, knownHosts: parseKnownHosts([]) }))
      const ran = await session.run('echo done\n', { timeout: 20 })
      expect(ran).toMatchObject({ code: 0, stdout: Buffer.from('done\n') })
      session.close()
    })
    // its name, its algorithms, its half of the key, the service, the login, the script; and its end
    expect(turns).toBeLessThanOrEqual(7)
    const long = await connectSsh(sshd.target(), sshd.options())
    expect((await long.run(script, { timeout: 20 })).stdout.toString()).toBe('all of it\n')
    long.close()
  })

  it.each(['id_ed25519', 'id_rsa', 'id_ecdsa'])('by the signature of %s at once', async (key) => {
    const before = sshd.log().length
    const session = await connectSsh(sshd.target({ keyFile: join(sshd.dir, key) }), sshd.options())
    session.close()
    const told = sshd.log().slice(before)
    expect(told).toContain('Accepted publickey for hf-root')
    expect(told).not.toContain('Postponed publickey')
  })

  it('and lets the host prove no key but one', async () => {
    const talkative = await startSshd('LogLevel DEBUG1')
    const session = await connectSsh(talkative.target(), talkative.options())
    expect((await session.run('sleep 0.3\n', { timeout: 20 })).code).toBe(0)
    session.close()
    expect(talkative.log()).toContain('request exec')
    expect(talkative.log()).not.toContain('hostkeys-prove-00@openssh.com')
    talkative.stop()
  })

  describe('a server that calls itself OpenSSH', () => {
    const serving = async (serve: (session: ServerSession) => void, changed: (client: Connection) => void = () => {}): Promise<Error> => {
      const options = { hostKeys: [readFileSync(join(sshd.dir, 'host_ed25519'))], ident: 'OpenSSH_9.9' }
      const server = new ssh2.Server(options, (client) => {
        changed(client)
        client.on('error', () => {}).on('authentication', (attempt) => attempt.accept())
        client.on('session', (accept) => serve(accept()))
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address() as AddressInfo
      const session = await connectSsh(sshd.target({ port }), sshd.options({ acceptNew: true, knownHosts: parseKnownHosts([]) }))
      const error = await session.run('true\n', { timeout: 5 }).catch((thrown: unknown) => thrown)
      session.close()
      server.close()
      return error as Error
    }

    it('and refuses the command', async () => {
      const error = await serving((session) => void session.on('exec', (_accept, reject) => reject()))
      expect(error).toBeInstanceOf(NoShell)
      expect(error.message).toBe('the host refuses to run a command: Unable to exec')
    })

    it('and numbers its sessions in its own way', async () => {
      const error = await serving(
        (session) => void session.on('exec', (accept) => accept().end()),
        (client) => void Object.assign((client as unknown as { _chanMgr: object })._chanMgr, { _cur: 6 }),
      )
      expect(error).toBeInstanceOf(ConnectionLost)
      expect(error.message).toBe('the connection was lost: its sessions are not numbered as those of OpenSSH: use ansible_connection: ssh')
    })
  })
})
