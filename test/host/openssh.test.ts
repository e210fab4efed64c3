import { execFileSync } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connector } from '../../src/host/connect.js'
import { ConnectionLost, NoShell, type Session, Unreachable } from '../../src/host/session.js'
import type { Access } from '../../src/load/access.js'
import { canServe, type Sshd, startSshd } from './sshd.js'

describe.skipIf(!canServe)("the system's ssh", { timeout: 30_000 }, () => {
  let sshd: Sshd
  let known = ''

  beforeAll(async () => {
    sshd = await startSshd('TrustedUserCAKeys DIR/host_ecdsa.pub\nMatch User hf-dash\n  MaxSessions 0\n')
    known = join(sshd.dir, 'known')
    writeFileSync(known, `[127.0.0.1]:${sshd.port} ${sshd.hostKey('ed25519')}\n`)
  }, 60_000)

  afterAll(() => sshd?.stop())

  const access = (change: Partial<Access> = {}): Access => ({ ...sshd.target(), connection: 'ssh', ...change })
  const connecting = (file = known, acceptNew = false, connectTimeout = 20) =>
    connector({
      ...sshd.options({ acceptNew, connectTimeout }),
      knownHostsSaid: true,
      knownHostsFiles: [file],
      read: () => undefined,
      saveKeyIn: () => {},
    })
  const over = async <T>(session: Session, act: (session: Session) => Promise<T>): Promise<T> => {
    try {
      return await act(session)
    } finally {
      session.close()
    }
  }
  const run = async (script: string, change: Partial<Access> = {}, limits = {}) =>
    over(await connecting()(access(change)), (session) => session.run(script, { timeout: 20, ...limits }))

  it.each([0, 3, 255])('runs a script and tells exit status %i', async (code) => {
    const ran = await run(`printf 'a\\377'; printf b >&2; exit ${code}\n`)
    expect(ran).toEqual({ code, stdout: Buffer.from('a\xff', 'latin1'), stderr: Buffer.from('b') })
  })

  it('runs several over one connection, of which nothing is left behind', async () => {
    const before = sshd.log().match(/Accepted publickey/g)?.length ?? 0
    const ran = await over(await connecting()(access()), (session) =>
      Promise.all([1, 2, 3].map((n) => session.run(`echo ${n}\n`, { timeout: 20 }))),
    )
    expect(ran.map(({ stdout }) => stdout.toString())).toEqual(['1\n', '2\n', '3\n'])
    expect(sshd.log().match(/Accepted publickey/g)?.length).toBe(before + 1)
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('holdfast-ssh-'))).toEqual([])
  })

  it('becomes another user with a password', async () => {
    const ran = await run('set -- $1; echo "$(id -un) $1"\n', { user: 'hf-asked', become: true, becomePassword: 'open sesame' })
    expect(ran.stdout.toString()).toBe('root 127.0.0.1\n')
  })

  it('logs in by a certificate, which ssh2 cannot', async () => {
    const key = join(sshd.dir, 'id_certified')
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
    execFileSync('ssh-keygen', ['-q', '-s', join(sshd.dir, 'host_ecdsa'), '-I', 'kim', '-n', 'hf-root', `${key}.pub`])
    expect((await run('id -un\n', { keyFile: key })).stdout.toString()).toBe('root\n')
    await expect(connecting()({ ...sshd.target(), keyFile: key })).rejects.toBeInstanceOf(Unreachable)
  })

  it('believes an authority about the host key', async () => {
    const certified = await startSshd('HostKey DIR/host_rsa\nHostCertificate DIR/host_rsa-cert.pub\n', (dir) =>
      execFileSync('ssh-keygen', ['-q', '-s', `${dir}/host_ecdsa`, '-h', '-I', 'web1', '-n', '127.0.0.1', `${dir}/host_rsa.pub`]),
    )
    try {
      const file = join(certified.dir, 'known')
      writeFileSync(file, `@cert-authority * ${certified.hostKey('ecdsa')}\n`)
      const session = await connecting(file)({ ...certified.target(), connection: 'ssh' })
      const ran = await over(session, () => session.run('id -un\n', { timeout: 20 }))
      expect(ran.stdout.toString()).toBe('root\n')
    } finally {
      certified.stop()
    }
  })

  it.each<[string, Partial<Access>, string, RegExp]>([
    ['a host key that is unknown', {}, 'host-key', /No ED25519 host key is known|Host key verification failed/],
    ['nobody who listens', { port: 1 }, 'refused', /Connection refused/],
    ['a name without address', { address: 'nowhere.invalid' }, 'dns', /Could not resolve hostname/],
    ['a user that is not there', { user: 'no-such-user' }, 'authentication', /Permission denied/],
  ])('says why there is no login: %s', async (_, change, kind, message) => {
    const empty = join(sshd.dir, 'none')
    writeFileSync(empty, '')
    const refused = connecting(kind === 'host-key' ? empty : known)(access(change))
    await expect(refused).rejects.toMatchObject({ kind, message: expect.stringMatching(message) })
  })

  it('takes a new host key only where it is told to', async () => {
    const file = join(sshd.dir, 'new')
    await over(await connecting(file, true)(access()), async () => {})
    expect(execFileSync('ssh-keygen', ['-F', `[127.0.0.1]:${sshd.port}`, '-f', file], { encoding: 'utf8' })).toContain('found: line 1')
  })

  it('is not waited for longer than the time limit', async () => {
    const server = createServer(() => {}).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    await expect(connecting(known, false, 1)(access({ port }))).rejects.toMatchObject({ kind: expect.stringMatching(/timeout/) })
    server.close()
  })

  it('tells a host that lets no command run', async () => {
    await expect(run('true\n', { user: 'hf-dash' })).rejects.toBeInstanceOf(NoShell)
  })

  it('loses the connection at the time limit, at too much output, when the host ends it and when it is closed', async () => {
    const slow = await run('echo begun; sleep 9\n', {}, { timeout: 1 }).catch((error: unknown) => error)
    expect(slow).toMatchObject({ name: 'ConnectionLost', message: 'no end within 1 s', stdout: Buffer.from('begun\n') })
    await expect(run('yes\n', {}, { maxOutput: 1000 })).rejects.toThrow('more than 1000 bytes of output')
    await expect(run('echo begun; kill -KILL $PPID; sleep 1\n')).rejects.toBeInstanceOf(ConnectionLost)
    const session = await connecting()(access())
    const running = session.run('sleep 9\n', { timeout: 20 })
    setTimeout(() => session.close(), 200)
    await expect(running).rejects.toThrow('it was closed from this side')
    await expect(session.run('true\n', { timeout: 20 })).rejects.toBeInstanceOf(ConnectionLost)
  })

  it('leaves a host with a password to our own ssh', async () => {
    const { keyFile, ...target } = access({ password: 'open sesame' })
    const ran = await over(await connecting()(target), (session) => session.run('id -un\n', { timeout: 20 }))
    expect(ran.stdout.toString()).toBe('root\n')
  })
})

describe('this machine', () => {
  const connect = connector({
    ...{ knownHosts: undefined as never, acceptNew: false, connectTimeout: 5, saveKey: () => {}, read: () => undefined },
    ...{ knownHostsSaid: false, knownHostsFiles: [], saveKeyIn: () => {} },
  })
  const here: Access = {
    host: 'localhost',
    address: 'localhost',
    port: 22,
    user: 'me',
    become: false,
    becomeUser: 'root',
    connection: 'local',
  }

  it('runs a script and tells its exit status and its signal', async () => {
    const session = await connect(here)
    const ran = await session.run(`printf 'a\\377'; printf b >&2; exit 3\n`, { timeout: 20 })
    expect(ran).toEqual({ code: 3, stdout: Buffer.from('a\xff', 'latin1'), stderr: Buffer.from('b') })
    expect(await session.run('kill -TERM $$\n', { timeout: 20 })).toMatchObject({ code: null, signal: 'SIGTERM' })
    session.close()
    await expect(session.run('true\n', { timeout: 5 })).rejects.toBeInstanceOf(ConnectionLost)
  })

  it('ends all that a script started at the time limit', async () => {
    const session = await connect(here)
    const lost = await session.run('echo $$; sleep 60 & sleep 60\n', { timeout: 1 }).catch((error: unknown) => error)
    expect(lost).toBeInstanceOf(ConnectionLost)
    const group = (lost as ConnectionLost).stdout.toString().trim()
    await new Promise((resolve) => setTimeout(resolve, 100))
    const left = execFileSync('ps', ['-eo', 'pgid=,stat=,args='], { encoding: 'utf8' }).split('\n')
    expect(left.filter((line) => line.trim().startsWith(`${group} `) && !/^\s*\d+ Z/.test(line))).toEqual([])
  })
})
