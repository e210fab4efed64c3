import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connector, unlockAll } from '../../src/host/connect.js'
import { readHop } from '../../src/host/jump.js'
import { parseKnownHosts } from '../../src/host/known-hosts.js'
import { Unreachable } from '../../src/host/session.js'
import type { Access } from '../../src/load/access.js'
import { canServe, type Sshd, startSshd } from './sshd.js'

describe.skipIf(!canServe)('ssh_config', { timeout: 30_000 }, () => {
  let host: Sshd
  let bastion: Sshd
  let configs = 0
  let agent: ReturnType<typeof spawn>

  beforeAll(async () => {
    host = await startSshd()
    bastion = await startSshd('Match User hf-nobody\n  AllowTcpForwarding no\n')
    const socket = join(host.dir, 'agent')
    agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' })
    while (!existsSync(socket)) await new Promise((resolve) => setTimeout(resolve, 20))
    const add = spawn('ssh-add', ['-q', join(host.dir, 'id_rsa'), join(host.dir, 'id_ecdsa')], {
      env: { ...process.env, SSH_AUTH_SOCK: socket },
    })
    await new Promise((resolve) => add.on('close', resolve))
  }, 60_000)

  afterAll(() => {
    agent?.kill()
    host?.stop()
    bastion?.stop()
  })

  const knownLine = (sshd: Sshd, name = `[127.0.0.1]:${sshd.port}`) => `${name} ${sshd.hostKey('ed25519')}\n`

  /** Writes a configuration; HOST, BASTION, HPORT, BPORT stand for the two servers. */
  const configured = (text: string): readonly string[] => {
    const file = join(host.dir, `config${++configs}`)
    const written = text.replaceAll('HOST', host.dir).replaceAll('BASTION', bastion.dir)
    writeFileSync(file, written.replaceAll('HPORT', String(host.port)).replaceAll('BPORT', String(bastion.port)))
    return ['-F', file]
  }

  /** A host of which the inventory says nothing but its name. */
  const named = (address: string, change: Partial<Access> = {}): Access => ({
    host: address,
    address,
    port: 22,
    user: 'nobody-said-so',
    become: false,
    becomeUser: 'root',
    unsaid: ['port', 'user'],
    ...change,
  })

  const connecting = (saved: string[] = [], both = knownLine(host) + knownLine(bastion), said = true) =>
    connector({
      ...host.options({ knownHosts: parseKnownHosts([{ file: '/known', text: both }]) }),
      knownHostsSaid: said,
      knownHostsFiles: [],
      read: (file) => (existsSync(file) ? readFileSync(file, 'utf8') : undefined),
      saveKeyIn: (file, line) => saved.push(`${file}: ${line}`),
    })

  const whoAmI = async (access: Access, connect = connecting()): Promise<string> => {
    const session = await connect(access)
    try {
      return (await session.run('printf "%s " "$(id -un)"; set -- $SSH_CONNECTION; echo "$4"\n', { timeout: 20 })).stdout.toString()
    } finally {
      session.close()
    }
  }

  const key = 'IdentityFile HOST/id_ed25519\n'
  const bastionKey = 'IdentityFile BASTION/id_ed25519\n'

  it('names the host, the port, the user and the key: Include, Match and tokens too', async () => {
    writeFileSync(join(host.dir, 'more'), `Host web*\n  HostName 127.0.0.1\n  Port ${host.port}\n`)
    const sshArgs = configured(
      'Include HOST/more\nMatch originalhost web1 exec "true"\n  User hf-root\n  IdentityFile HOST/id_%p\n  IdentityFile HOST/id_ed25519\n',
    )
    expect(await whoAmI(named('web1', { sshArgs }))).toBe(`root ${host.port}\n`)
  })

  it('yields to what the inventory says', async () => {
    const sshArgs = configured(`Host web1\n  HostName 127.0.0.1\n  Port 1\n  User nobody\n  ${key}`)
    expect(await whoAmI(named('web1', { sshArgs, port: host.port, user: 'hf-sudo', unsaid: [] }))).toBe(`hf-sudo ${host.port}\n`)
  })

  it('is not asked where nothing is configured', async () => {
    const { path } = { path: process.env.PATH }
    process.env.PATH = '/nonexistent'
    try {
      const connect = connector({
        ...host.options(),
        knownHostsSaid: true,
        knownHostsFiles: [],
        read: () => undefined,
        saveKeyIn: () => {},
        configFiles: { user: '/no', system: '/no' },
      })
      expect(await whoAmI(host.target() as Access, connect)).toBe(`root ${host.port}\n`)
      const asked = connect({ ...host.target(), sshArgs: ['-o', 'Compression=yes'] })
      await expect(asked).rejects.toThrow('there is no ssh here to read ssh_config with')
    } finally {
      process.env.PATH = path
    }
  })

  it.each<[string, Partial<Access>]>([
    ['the inventory', { legacyAlgorithms: true }],
    ["ssh's options", { sshArgs: ['-o', 'KexAlgorithms=+diffie-hellman-group14-sha1', '-o', 'Ciphers=+aes128-cbc'] }],
  ])('says by %s that a server is old', async (_, change) => {
    const server = await startSshd('KexAlgorithms diffie-hellman-group14-sha1\nCiphers aes128-cbc\n')
    try {
      const connect = connecting([], knownLine(server))
      await expect(connect(server.target())).rejects.toThrow('ssh_legacy_algorithms: true')
      expect(await whoAmI({ ...server.target(), ...change }, connect)).toBe(`root ${server.port}\n`)
    } finally {
      server.stop()
    }
  })

  it('that ssh does not understand is told with its words', async () => {
    const refused = connecting()(named('web1', { sshArgs: ['-o', 'Nonsense=1'] }))
    await expect(refused).rejects.toThrow(/the ssh options cannot be read \(.*Bad configuration option: nonsense/)
  })

  describe('jumps', () => {
    const behind = `Host inner\n  HostName 127.0.0.1\n  Port HPORT\n  User hf-root\n  ${key}`
    const gate = `Host gate\n  HostName 127.0.0.1\n  Port BPORT\n  User hf-root\n  ${bastionKey}`

    it('over a bastion', async () => {
      const sshArgs = configured(`${behind}  ProxyJump gate\n${gate}`)
      expect(await whoAmI(named('inner', { sshArgs }))).toBe(`root ${host.port}\n`)
      expect(bastion.log()).toMatch(/Accepted publickey for hf-root/)
    })

    it('over a chain, of which each hop has its own configuration', async () => {
      const sshArgs = configured(`${behind}\n${gate}\nHost second\n  HostName 127.0.0.1\n  Port BPORT\n  User hf-sudo\n  ${bastionKey}`)
      const chain = ['-J', `gate,hf-dash@second:${bastion.port}`, ...sshArgs]
      expect(await whoAmI(named('inner', { sshArgs: chain }))).toBe(`root ${host.port}\n`)
      expect(bastion.log()).toMatch(/Accepted publickey for hf-dash/)
    })

    it('once for all hosts that are connected at the same time', async () => {
      const sshArgs = configured(`${behind}  ProxyJump gate\n${gate}`)
      const connect = connecting()
      const logins = () => bastion.log().match(/Accepted publickey for hf-root/g)?.length ?? 0
      const before = logins()
      expect(await Promise.all([1, 2, 3].map((n) => whoAmI(named('inner', { host: `h${n}`, sshArgs }), connect)))).toEqual(
        Array(3).fill(`root ${host.port}\n`),
      )
      expect(logins()).toBe(before + 1)
      await new Promise((resolve) => setTimeout(resolve, 200))
      await whoAmI(named('inner', { sshArgs }), connect)
      expect(logins()).toBe(before + 2)
    })

    it.each<[string, string, RegExp]>([
      ['a bastion that forwards nothing', 'hf-nobody@gate', /no connection through hf-nobody@gate \(.*open failed/],
      ['a bastion that is not there', '127.0.0.1:1', /127\.0\.0\.1 port 1: no connection .*ECONNREFUSED/],
      ['a bastion whose name has no address', 'nowhere.invalid', /nowhere\.invalid port 22: the name has no address/],
      ['a bastion that lets nobody in', 'no-such-user@gate', /did not let no-such-user in/],
    ])('not over %s', async (_, jump, message) => {
      const sshArgs = ['-J', jump, ...configured(`${behind}\n${gate}`)]
      const refused = await connecting()(named('inner', { sshArgs })).catch((error: unknown) => error)
      expect(refused).toBeInstanceOf(Unreachable)
      expect((refused as Error).message).toMatch(message)
    })

    it('of which the keys, too, are asked for, each once for all hosts', async () => {
      const locked = 'IdentityFile BASTION/id_locked\n  IdentitiesOnly yes\n'
      const second = `Host second\n  HostName 127.0.0.1\n  Port BPORT\n  User hf-sudo\n  ProxyJump gate\n  ${locked}`
      const sshArgs = configured(`${behind}  ProxyJump second\n${gate.replace(bastionKey, locked)}\n${second}`)
      const hosts = [1, 2].map((n) => named('inner', { host: `h${n}`, sshArgs }))
      await expect(connecting()(hosts[0]!)).rejects.toThrow('id_locked needs a passphrase')
      const asked: string[] = []
      await unlockAll(hosts, async (question) => {
        asked.push(question)
        return 'secret'
      })
      expect(asked).toEqual([`Passphrase of ${bastion.dir}/id_locked: `])
      expect(await whoAmI(hosts[1]!)).toBe(`root ${host.port}\n`)
    })

    it('not in a circle', async () => {
      const sshArgs = configured(
        `${behind}  ProxyJump gate\n${gate}  ProxyJump other\nHost other\n  HostName 127.0.0.1\n  ProxyJump gate\n`,
      )
      await expect(connecting()(named('inner', { sshArgs }))).rejects.toThrow('the jump host gate is only reached through itself')
    })

    it('not over a bastion whose host key is unknown', async () => {
      const sshArgs = configured(`${behind}  ProxyJump gate\n${gate}`)
      const refused = connecting([], knownLine(host))(named('inner', { sshArgs }))
      await expect(refused).rejects.toMatchObject({ kind: 'host-key', message: expect.stringContaining(`[127.0.0.1]:${bastion.port}`) })
    })

    it.each([
      ['gate', { address: 'gate' }],
      ['kim@gate:2222', { address: 'gate', user: 'kim', port: 2222 }],
      ['ssh://kim@gate:2222/', { address: 'gate', user: 'kim', port: 2222 }],
      ['[2001:db8::1]:22', { address: '2001:db8::1', port: 22 }],
      ['a b', undefined],
    ])('as %s says', (text, hop) => {
      expect(readHop(text)).toEqual(hop)
    })
  })

  describe('runs a ProxyCommand', () => {
    const through = (command: string) =>
      named('inner', {
        sshArgs: [
          '-o',
          `ProxyCommand=${command}`,
          ...configured(`Host inner\n  HostName 127.0.0.1\n  Port HPORT\n  User hf-root\n  ${key}`),
        ],
      })

    it('as the connection', async () => {
      const nc = join(host.dir, 'nc.py')
      writeFileSync(nc, netcat)
      expect(await whoAmI(through(`python3 ${nc} %h %p`))).toBe(`root ${host.port}\n`)
    })

    it('and tells its words when it fails', async () => {
      const refused = connecting()(through('echo "no way out of here" >&2; exit 1 #'))
      await expect(refused).rejects.toThrow(/127\.0\.0\.1 port \d+: no SSH handshake \(.*no way out of here\)/)
    })

    it('that says nothing: only until the time limit', async () => {
      const connect = connector({
        ...host.options({ connectTimeout: 1 }),
        knownHostsSaid: true,
        knownHostsFiles: [],
        read: () => undefined,
        saveKeyIn: () => {},
      })
      await expect(connect(through('sleep 60'))).rejects.toMatchObject({ kind: 'timeout' })
    })
  })

  describe('tells where host keys stand', () => {
    const direct = (more: string) =>
      named('web1', { sshArgs: configured(`Host web1\n  HostName 127.0.0.1\n  Port HPORT\n  User hf-root\n  ${key}  ${more}\n`) })

    it('in files of its own, unless the command line names others', async () => {
      writeFileSync(join(host.dir, 'known'), knownLine(host))
      expect(await whoAmI(direct('UserKnownHostsFile HOST/known'), connecting([], '', false))).toBe(`root ${host.port}\n`)
      await expect(connecting([], '', true)(direct('UserKnownHostsFile HOST/known'))).rejects.toMatchObject({ kind: 'host-key' })
    })

    it('under another name', async () => {
      expect(await whoAmI(direct('HostKeyAlias web'), connecting([], knownLine(host, 'web')))).toBe(`root ${host.port}\n`)
    })

    it('and whether new ones are taken', async () => {
      const saved: string[] = []
      await whoAmI(direct('UserKnownHostsFile HOST/new\n  StrictHostKeyChecking accept-new'), connecting(saved, '', false))
      expect(saved).toEqual([`${host.dir}/new: ${knownLine(host).trim()}`])
    })

    it.each(['no', 'off'])('and a StrictHostKeyChecking of %s is not followed', async (word) => {
      const refused = connecting([], '')(direct(`StrictHostKeyChecking ${word}`))
      await expect(refused).rejects.toMatchObject({
        kind: 'host-key',
        message: expect.stringContaining('StrictHostKeyChecking=no is not followed'),
      })
    })
  })

  describe('names keys', () => {
    const direct = (more: string) =>
      named('web1', { sshArgs: configured(`Host web1\n  HostName 127.0.0.1\n  Port HPORT\n  User hf-root\n  ${more}\n`) })

    it('several, of which some are missing or refused', async () => {
      expect(await whoAmI(direct('IdentityFile HOST/none\n  IdentityFile HOST/host_rsa\n  IdentityFile HOST/id_rsa'))).toBe(
        `root ${host.port}\n`,
      )
    })

    it('of an agent, all of them or only the named one', async () => {
      expect(await whoAmI(direct('IdentityAgent HOST/agent'))).toBe(`root ${host.port}\n`)
      expect(await whoAmI(direct('IdentityAgent HOST/agent\n  IdentitiesOnly yes\n  IdentityFile HOST/id_rsa.pub'))).toBe(
        `root ${host.port}\n`,
      )
      const refused = connecting()(direct('IdentityAgent HOST/agent\n  IdentitiesOnly yes\n  IdentityFile HOST/host_rsa.pub'))
      await expect(refused).rejects.toThrow(/the agent holds no key|HOST\/host_rsa.pub holds no private key/)
    })
  })
})

const netcat = `import socket, sys, threading, os
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
def up():
    while True:
        d = os.read(0, 65536)
        if not d:
            s.shutdown(socket.SHUT_WR)
            return
        s.sendall(d)
threading.Thread(target=up, daemon=True).start()
while True:
    d = s.recv(65536)
    if not d:
        break
    os.write(1, d)
`
