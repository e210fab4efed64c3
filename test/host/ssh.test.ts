import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseKnownHosts } from '../../src/host/known-hosts.js'
import { looksLikeNoShell } from '../../src/host/no-shell.js'
import { ConnectionLost, NoShell, type Ran, Unreachable } from '../../src/host/session.js'
import { connectSsh, type SshOptions } from '../../src/host/ssh.js'
import { decodeBytes } from '../../src/text.js'
import type { Target } from '../../src/types.js'
import { startRelay } from './relay.js'
import { canServe, freePort, type Sshd, startSshd } from './sshd.js'

describe.skipIf(!canServe)('ssh', { timeout: 30_000 }, () => {
  let sshd: Sshd

  beforeAll(async () => {
    sshd = await startSshd(`
Banner DIR/banner
Match User hf-dash
  MaxSessions 0
`)
    writeFileSync(join(sshd.dir, 'banner'), 'Welcome to \x1b[31mthe banner\n')
  }, 60_000)

  afterAll(() => sshd?.stop())

  const run = async (script: string, who: Partial<Target> = {}, limits: { timeout?: number; maxOutput?: number } = {}): Promise<Ran> => {
    const session = await connectSsh(sshd.target(who), sshd.options())
    try {
      return await session.run(script, { timeout: 20, ...limits })
    } finally {
      session.close()
    }
  }

  const refusal = async (who: Partial<Target>, options: Partial<SshOptions> = {}): Promise<Unreachable> => {
    const session = await connectSsh(sshd.target(who), sshd.options(options)).catch((error: unknown) => error)
    expect(session).toBeInstanceOf(Unreachable)
    return session as Unreachable
  }

  const lost = async (running: Promise<Ran>): Promise<ConnectionLost> => {
    const error = await running.catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ConnectionLost)
    return error as ConnectionLost
  }

  describe('runs a script', () => {
    it.each([0, 1, 127, 255])('and tells exit status %i', async (code) => {
      expect((await run(`exit ${code}\n`)).code).toBe(code)
    })

    it('and keeps stdout and stderr apart, byte for byte', async () => {
      const ran = await run(`printf ' a\\377\\n\\n'; printf 'b ' >&2\n`)
      expect(ran).toEqual({ code: 0, stdout: Buffer.from(' a\xff\n\n', 'latin1'), stderr: Buffer.from('b ') })
    })

    it('and tells the signal that it died of', async () => {
      const ran = await run('kill -KILL $$\n')
      expect(ran).toMatchObject({ code: null, signal: 'SIGKILL' })
    })

    it('of 5 MB', async () => {
      const ran = await run(`: ${'x'.repeat(5_000_000)}\necho all of it\n`)
      expect(ran.stdout.toString()).toBe('all of it\n')
    })

    it('whose characters lie over the borders of packets', async () => {
      const ran = await run(`printf x; i=0; while [ $i -lt 3000 ]; do printf '${'日本語€'.repeat(10)}'; i=$((i+1)); done\n`)
      expect(decodeBytes(ran.stdout)).toBe(`x${'日本語€'.repeat(30_000)}`)
    })

    it('several times over one connection', async () => {
      const session = await connectSsh(sshd.target(), sshd.options())
      const ran = await Promise.all([1, 2, 3].map((n) => session.run(`echo ${n}\n`, { timeout: 20 })))
      session.close()
      expect(ran.map(({ stdout }) => stdout.toString())).toEqual(['1\n', '2\n', '3\n'])
    })

    it.each(['hf-ash', 'hf-csh'])('under the login shell of %s', async (user) => {
      const ran = await run('set -- $SSH_CONNECTION; printf "%s|%s\\n" "$0" "$1"\n', { user })
      expect(ran).toMatchObject({ code: 0, stdout: Buffer.from('/bin/sh|127.0.0.1\n') })
    })

    it('after a noisy .bashrc and a banner', async () => {
      const ran = await run('echo mine\n', { user: 'hf-noisy' })
      expect(ran.stdout.toString()).toBe('noise on stdout\nmine\n')
      expect(ran.stderr.toString()).toBe('noise on stderr\n')
    })

    it.each(['hf-sudo', 'hf-sudo-csh'])('as root through sudo for %s, and knows where the login came from', async (user) => {
      const ran = await run('set -- $1; printf "%s %s\\n" "$(id -un)" "$1"\n', { user, become: true })
      expect(ran).toMatchObject({ code: 0, stdout: Buffer.from('root 127.0.0.1\n') })
    })

    it('of a user whose name means something to a shell', async () => {
      const ran = await run('true\n', { user: 'hf-sudo', become: true, becomeUser: `x'; touch ${sshd.dir}/pwned; '` })
      expect(ran.code).not.toBe(0)
      expect(existsSync(join(sshd.dir, 'pwned'))).toBe(false)
    })
  })

  describe('ends', () => {
    it('at the time limit, with what had come', async () => {
      const error = await lost(run('echo begun; sleep 3\n', {}, { timeout: 1 }))
      expect(error.message).toBe('no end within 1 s')
      expect(error.stdout.toString()).toBe('begun\n')
    })

    it('at too much output', async () => {
      const error = await lost(run('while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy || exit; done\n', {}, { maxOutput: 100_000 }))
      expect(error.message).toBe('more than 100000 bytes of output')
      expect(error.stdout.length).toBe(100_000)
    })

    it('not at much stderr, of which it keeps the first part', async () => {
      const ran = await run('head -c 2000000 /dev/zero >&2; echo done\n')
      expect(ran.stdout.toString()).toBe('done\n')
      expect(ran.stderr.length).toBe(256 * 1024)
    })

    it('when the server dies in the middle', async () => {
      const error = await lost(run('echo begun; sleep 0.3; kill -KILL $PPID; sleep 1\n'))
      expect(error.message).toMatch(/^the connection was lost: /)
      expect(error.stdout.toString()).toBe('begun\n')
    })

    it('when it is closed, and takes nothing more', async () => {
      const session = await connectSsh(sshd.target(), sshd.options())
      const running = session.run('sleep 3\n', { timeout: 20 })
      setTimeout(() => session.close(), 300)
      expect((await lost(running)).message).toBe('the connection was lost: it was closed from this side')
      await lost(session.run('true\n', { timeout: 5 }))
      session.close()
    })

    it('when the line falls silent', async () => {
      const relay = await startRelay(sshd.port)
      const target = sshd.target({ port: relay.port })
      const session = await connectSsh(target, sshd.options({ acceptNew: true, knownHosts: parseKnownHosts([]) }))
      const running = session.run('echo begun; sleep 2\n', { timeout: 60 })
      setTimeout(() => relay.freeze(), 500)
      expect((await lost(running)).message).toBe('the connection was lost: Keepalive timeout')
      relay.stop()
    })
  })

  describe('logs in', () => {
    it.each(['id_ed25519', 'id_rsa', 'id_ecdsa'])('by %s', async (key) => {
      expect((await run('true\n', { keyFile: join(sshd.dir, key) })).code).toBe(0)
    })

    const withoutKey = (change: Partial<Target> = {}): Target => {
      const { keyFile, ...target } = sshd.target(change)
      return target
    }

    const enters = async (target: Target, options: Partial<SshOptions>): Promise<boolean> => {
      const session = await connectSsh(target, sshd.options(options))
      session.close()
      return true
    }

    it('by one of the usual files, where others are missing', async () => {
      expect(await enters(withoutKey(), { identities: [join(sshd.dir, 'no'), join(sshd.dir, 'id_ecdsa')] })).toBe(true)
    })

    it('by a password', async () => {
      expect(await enters(withoutKey({ password: 'open sesame' }), {})).toBe(true)
    })

    it('by a password that PAM asks for', async () => {
      const asking = await startSshd('UsePAM yes\nPasswordAuthentication no\nKbdInteractiveAuthentication yes')
      try {
        const { keyFile, ...target } = asking.target({ password: 'open sesame' })
        ;(await connectSsh(target, asking.options())).close()
        const refused = connectSsh({ ...target, password: 'wrong' }, asking.options())
        await expect(refused).rejects.toThrow('tried the password; the host takes publickey, keyboard-interactive')
      } finally {
        asking.stop()
      }
    })

    it('by a password after a key that is refused', async () => {
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(sshd.dir, 'id_stranger')])
      expect(await enters(withoutKey({ password: 'open sesame' }), { identities: [join(sshd.dir, 'id_stranger')] })).toBe(true)
    })

    it('by a key that only the agent can use', async () => {
      const agent = join(sshd.dir, 'agent')
      const child = spawn('ssh-agent', ['-D', '-a', agent], { stdio: 'ignore' })
      try {
        while (!existsSync(agent)) await new Promise((resolve) => setTimeout(resolve, 20))
        const locked = { keyFile: join(sshd.dir, 'id_locked') }
        expect((await refusal(locked, { agent })).message).toContain('the agent holds no key')
        const askpass = join(sshd.dir, 'askpass')
        writeFileSync(askpass, '#!/bin/sh\necho secret\n', { mode: 0o755 })
        const env = { ...process.env, SSH_AUTH_SOCK: agent, SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force' }
        execFileSync('ssh-add', ['-q', locked.keyFile], { env, stdio: 'ignore' })
        expect(await enters(sshd.target(locked), { agent })).toBe(true)
        expect(await enters(withoutKey(), { agent, identities: [locked.keyFile] })).toBe(true)
      } finally {
        child.kill()
      }
    })

    it('by a key although the agent is gone', async () => {
      expect(await enters(sshd.target(), { agent: join(sshd.dir, 'gone') })).toBe(true)
    })
  })

  describe('says why nobody was let in', () => {
    it.each<[string, Partial<Target>, RegExp]>([
      [
        'a wrong password',
        { keyFile: '/nonexistent', password: 'wrong' },
        /tried the password; the host takes publickey, password.*ENOENT/,
      ],
      ['a key with a passphrase', { keyFile: 'DIR/id_locked' }, /nothing to try.*DIR\/id_locked needs a passphrase: add it to ssh-agent/],
      ['a file that is no key', { keyFile: 'DIR/sshd_config' }, /DIR\/sshd_config cannot be used \(Unsupported key format\)/],
      ['a public key', { keyFile: 'DIR/id_rsa.pub' }, /DIR\/id_rsa.pub holds no private key/],
      ['a user that is not there', { user: 'nobody-knows' }, /did not let nobody-knows in: tried DIR\/id_ed25519; the host takes/],
    ])('%s', async (_, change, message) => {
      const { keyFile = 'DIR/id_ed25519', ...rest } = change
      const error = await refusal({ ...rest, keyFile: keyFile.replace('DIR', sshd.dir) })
      expect(error.kind).toBe('authentication')
      expect(error.message.replaceAll(sshd.dir, 'DIR')).toMatch(message)
    })
  })

  describe('says why there is no connection', () => {
    it('nobody listens', async () => {
      const error = await refusal({ port: await freePort() })
      expect(error).toMatchObject({
        kind: 'refused',
        message: expect.stringMatching(/^127.0.0.1 port \d+: no connection \(connect ECONNREFUSED/),
      })
    })

    it('nobody listens on any address of a name', async () => {
      const error = await refusal({ address: 'localhost', port: await freePort() })
      expect(error).toMatchObject({ kind: 'refused', message: expect.stringContaining('ECONNREFUSED 127.0.0.1') })
    })

    it('a name without address', async () => {
      expect(await refusal({ address: 'nowhere.invalid' })).toMatchObject({
        kind: 'dns',
        message: expect.stringContaining('nowhere.invalid'),
      })
    })

    it('a server that says nothing', async () => {
      const server = createServer(() => {}).listen(0, '127.0.0.1')
      await new Promise((resolve) => server.once('listening', resolve))
      const { port } = server.address() as { port: number }
      const error = await refusal({ port }, { connectTimeout: 1 })
      expect(error).toMatchObject({ kind: 'timeout', message: expect.stringMatching(/no SSH handshake within 1 s$/) })
      server.close()
    })

    it.each([
      ['hangs up', ''],
      ['speaks HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ])('a server that %s', async (_, answer) => {
      const server = createServer((socket) => socket.end(answer)).listen(0, '127.0.0.1')
      await new Promise((resolve) => server.once('listening', resolve))
      const { port } = server.address() as { port: number }
      expect((await refusal({ port }, { connectTimeout: 5 })).kind).toBe('protocol')
      server.close()
    })
  })

  it('speaks with old servers only when asked to', async () => {
    const old = await startSshd('KexAlgorithms diffie-hellman-group14-sha1\nCiphers aes128-cbc\nMACs hmac-md5')
    try {
      const refused = connectSsh(old.target(), old.options())
      await expect(refused).rejects.toMatchObject({ kind: 'protocol', message: expect.stringMatching(/no matching.*legacy algorithms/) })
      const session = await connectSsh(old.target(), old.options({ legacyAlgorithms: true }))
      expect((await session.run('exit 3\n', { timeout: 20 })).code).toBe(3)
      session.close()
    } finally {
      old.stop()
    }
  })

  describe('tells a login that is no shell', () => {
    it.each<[string, Partial<Target>, RegExp]>([
      [
        'an appliance',
        { user: 'hf-clish' },
        /command line; use a login that has one.*chsh -s \/bin\/sh hf-clish\. The host says: "\^ \/ Unknown command/,
      ],
      ['a closed login', { user: 'hf-closed' }, /the login of hf-closed is closed.*"This account is currently not available/],
      [
        'sudo with a password',
        { user: 'hf-nobody', become: true },
        /sudo asks for a password; .*hf-nobody ALL=\(root\) NOPASSWD: \/bin\/sh/,
      ],
      ['requiretty', { user: 'hf-tty', become: true }, /Defaults:hf-tty !requiretty\. The host says: "sudo: sorry, you must have a tty/],
      ['sudo to nobody known', { user: 'hf-sudo', become: true, becomeUser: 'nix' }, /sudo knows no user nix/],
      ['sudo to another user', { user: 'hf-sudo', become: true, becomeUser: 'daemon' }, /sudo (asks for a password|does not let hf-sudo)/],
    ])('%s', async (_, change, sentence) => {
      const target = sshd.target(change)
      const ran = await run('echo mark\n', change)
      expect(ran.stdout.toString()).not.toContain('mark')
      expect(looksLikeNoShell(ran, target)).toMatch(sentence)
    })

    it('where no command may run at all', async () => {
      await expect(run('true\n', { user: 'hf-dash' })).rejects.toThrow(NoShell)
    })
  })

  describe('holds to host keys', () => {
    const known = (text: string) => parseKnownHosts([{ file: '/known', text }])
    const name = () => `[127.0.0.1]:${sshd.port}`

    it.each(['ed25519', 'rsa', 'ecdsa'])('of a host that is known by its %s key only', async (type) => {
      const session = await connectSsh(sshd.target(), sshd.options({ knownHosts: known(`${name()} ${sshd.hostKey(type)}\n`) }))
      expect((await session.run('true\n', { timeout: 20 })).code).toBe(0)
      session.close()
    })

    it('that are unknown: refused with the fingerprint and what to do', async () => {
      const error = await refusal({}, { knownHosts: known('') })
      const printed = execFileSync('ssh-keygen', ['-lf', join(sshd.dir, 'host_ed25519.pub')], { encoding: 'utf8' }).split(' ')[1]
      expect(error.kind).toBe('host-key')
      expect(error.message).toContain(`ssh-ed25519 ${printed}, is unknown`)
      expect(error.message).toContain(`--accept-new-host-keys or: ssh-keyscan -p ${sshd.port} 127.0.0.1 >> `)
    })

    it.each([false, true])('that changed: refused (accepting new ones: %s)', async (acceptNew) => {
      const other = readFileSync(join(sshd.dir, 'id_ed25519.pub'), 'utf8')
      const saved: string[] = []
      const options = { knownHosts: known(`\n${name()} ${other}`), acceptNew, saveKey: (line: string) => saved.push(line) }
      const error = await refusal({}, options)
      expect(error).toMatchObject({
        kind: 'host-key',
        message: expect.stringMatching(/is not the one in \/known:2: this may be an attack/),
      })
      expect(error.message).toContain(`ssh-keygen -R '${name()}' -f /known`)
      expect(saved).toEqual([])
    })

    it('that are revoked, also when new ones are accepted', async () => {
      const error = await refusal({}, { knownHosts: known(`@revoked * ${sshd.hostKey('ed25519')}\n`), acceptNew: true })
      expect(error).toMatchObject({ kind: 'host-key', message: expect.stringContaining('is revoked by /known:1') })
    })

    it('that only an authority vouches for: refused', async () => {
      const error = await refusal({}, { knownHosts: known(`@cert-authority * ${sshd.hostKey('ed25519')}\n`) })
      expect(error.message).toContain('/known:1 is a @cert-authority line, and host certificates cannot be checked')
    })

    it('that are new and accepted: saved as OpenSSH finds them, and held to from then on', async () => {
      const file = join(sshd.dir, 'accepted')
      writeFileSync(file, '')
      const options = sshd.options({
        knownHosts: known(''),
        acceptNew: true,
        saveKey: (line) => writeFileSync(file, `${line}\n`, { flag: 'a' }),
      })
      for (let times = 0; times < 2; times++) (await connectSsh(sshd.target(), options)).close()
      expect(readFileSync(file, 'utf8')).toBe(`${name()} ${sshd.hostKey('ed25519')}\n`)
      expect(execFileSync('ssh-keygen', ['-F', name(), '-f', file], { encoding: 'utf8' })).toContain('found: line 1')
    })

    it('that were accepted and then change within the run: refused', async () => {
      const impostor = await startSshd()
      try {
        const relay = await startRelay(sshd.port)
        const options = sshd.options({ knownHosts: known(''), acceptNew: true })
        const target = sshd.target({ port: relay.port })
        ;(await connectSsh(target, options)).close()
        relay.redirect(impostor.port)
        const error = await connectSsh(target, options).catch((thrown: unknown) => thrown)
        expect(error).toMatchObject({ kind: 'host-key', message: expect.stringContaining('this may be an attack') })
        relay.stop()
      } finally {
        impostor.stop()
      }
    })
  })
})
