import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseKnownHosts } from '../../src/host/known-hosts.js'
import type { SshOptions } from '../../src/host/ssh.js'
import type { Target } from '../../src/types.js'

/** Real servers need root (own users by a private mount namespace) and Debian's sshd and sudo. */
export const canServe = process.getuid?.() === 0 && ['/usr/sbin/sshd', '/usr/bin/sudo', '/usr/bin/ssh'].every((file) => existsSync(file))

/** A sshd on loopback with users of its own; nothing of the machine's own /etc is changed. */
export interface Sshd {
  readonly port: number
  /** Folder of its files: client keys `id_ed25519`, `id_rsa`, `id_ecdsa`, `id_locked` (passphrase `secret`), host keys `host_TYPE`. */
  readonly dir: string
  target(change?: Partial<Target>): Target
  /** Options with this server's host key known and one client key. */
  options(change?: Partial<SshOptions>): SshOptions
  /** Type and key of a host key, as known_hosts writes them. */
  hostKey(type: string): string
  log(): string
  stop(): void
}

/** The server's users: name, uid, shell; `DIR` is its folder. Everybody's password is `open sesame`. */
const users = [
  ['hf-root', 0, '/bin/bash'],
  ['hf-dash', 0, '/bin/dash'],
  ['hf-ash', 0, 'DIR/ash'],
  ['hf-csh', 0, '/bin/csh'],
  ['hf-noisy', 0, '/bin/bash'],
  ['hf-clish', 0, 'DIR/clish'],
  ['hf-closed', 0, '/usr/sbin/nologin'],
  ['hf-sudo', 45001, '/bin/bash'],
  ['hf-tty', 45002, '/bin/bash'],
  ['hf-nobody', 45003, '/bin/bash'],
  ['hf-sudo-csh', 45004, '/bin/csh'],
  ['hf-asked', 45005, '/bin/bash'],
  ['hf-asked-csh', 45006, '/bin/csh'],
] as const

const sudoers = `Defaults:hf-tty requiretty
root ALL=(ALL) NOPASSWD: ALL
hf-sudo ALL=(root) NOPASSWD: /bin/sh
hf-sudo-csh ALL=(root) NOPASSWD: /bin/sh
hf-tty ALL=(root) NOPASSWD: /bin/sh
hf-asked ALL=(ALL) ALL
hf-asked-csh ALL=(root) /bin/sh
`

/** What an appliance's command line answers to anything it does not know. */
const clish = `#!/bin/sh
printf '%s\\n' '  ^' 'Unknown command' 'diagnose   Run diagnostics' 'enable     Privileged mode' 'exit       Leave'
exit 1
`

/** Starts a server; `prepare` may add files to its folder before. */
export async function startSshd(config = '', prepare: (dir: string) => void = () => {}): Promise<Sshd> {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-sshd-'))
  chmodSync(dir, 0o755)
  for (const type of ['ed25519', 'rsa', 'ecdsa']) {
    keygen(join(dir, `id_${type}`), type)
    keygen(join(dir, `host_${type}`), type)
  }
  keygen(join(dir, 'id_locked'), 'ed25519', 'secret')
  const publicKeys = ['id_ed25519', 'id_rsa', 'id_ecdsa', 'id_locked'].map((name) => readFileSync(join(dir, `${name}.pub`), 'utf8'))
  writeFileSync(join(dir, 'authorized_keys'), publicKeys.join(''))
  writeAccounts(dir)
  prepare(dir)
  const port = await freePort()
  const hostKeys = /^HostKey /m.test(config) ? '' : ['ed25519', 'rsa', 'ecdsa'].map((type) => `HostKey DIR/host_${type}\n`).join('')
  const lines = `Port ${port}
ListenAddress 127.0.0.1
${/^UsePAM /m.test(config) ? '' : 'UsePAM no'}
StrictModes no
PermitRootLogin yes
PidFile none
AuthorizedKeysFile DIR/authorized_keys
MaxStartups 200
${hostKeys}${config}
`
  writeFileSync(join(dir, 'sshd_config'), lines.replaceAll('DIR', dir))
  const child = spawn('unshare', ['-m', 'sh', '-c', mounts, 'sh', dir], { stdio: 'ignore' })
  await listening(port, child)
  return serverAt(dir, port, child)
}

const mounts = `
for file in passwd shadow group sudoers; do mount --bind "$1/$file" "/etc/$file" || exit 1; done
mkdir -p /run/sshd
exec /usr/sbin/sshd -D -f "$1/sshd_config" -E "$1/log"
`

function serverAt(dir: string, port: number, child: ChildProcess): Sshd {
  const hostKey = (type: string) =>
    readFileSync(join(dir, `host_${type}.pub`), 'utf8')
      .split(' ')
      .slice(0, 2)
      .join(' ')
  return {
    port,
    dir,
    hostKey,
    log: () => readFileSync(join(dir, 'log'), 'utf8'),
    target: (change = {}) => ({
      host: 'web1',
      address: '127.0.0.1',
      port,
      user: 'hf-root',
      keyFile: join(dir, 'id_ed25519'),
      become: false,
      becomeUser: 'root',
      ...change,
    }),
    options: (change = {}) => ({
      knownHosts: parseKnownHosts([{ file: '/known', text: `[127.0.0.1]:${port} ${hostKey('ed25519')}\n` }]),
      acceptNew: false,
      saveKey: () => {},
      connectTimeout: 20,
      identities: [],
      agent: '',
      ...change,
    }),
    stop: () => {
      child.kill()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

function writeAccounts(dir: string): void {
  const hash = execFileSync('openssl', ['passwd', '-6', 'open sesame'], { encoding: 'utf8' }).trim()
  const passwd = users.map(([name, uid, shell]) => `${name}:x:${uid}:${uid}::${dir}/home-${name}:${shell.replace('DIR', dir)}\n`)
  writeFileSync(join(dir, 'passwd'), readFileSync('/etc/passwd', 'utf8') + passwd.join(''))
  writeFileSync(join(dir, 'shadow'), `root:*:19000::::::\n${users.map(([name]) => `${name}:${hash}:19000:0:99999:7:::\n`).join('')}`)
  writeFileSync(join(dir, 'group'), readFileSync('/etc/group', 'utf8') + users.map(([name, uid]) => `${name}:x:${uid}:\n`).join(''))
  writeFileSync(join(dir, 'sudoers'), sudoers)
  chmodSync(join(dir, 'sudoers'), 0o440)
  for (const [name] of users) mkdirSync(join(dir, `home-${name}`))
  writeFileSync(join(dir, 'home-hf-noisy', '.bashrc'), 'echo "noise on stdout"; echo "noise on stderr" >&2\n')
  writeFileSync(join(dir, 'clish'), clish, { mode: 0o755 })
  symlinkSync('/bin/busybox', join(dir, 'ash'))
}

function keygen(file: string, type: string, passphrase = ''): void {
  const bits = type === 'rsa' ? ['-b', '2048'] : []
  execFileSync('ssh-keygen', ['-q', '-t', type, ...bits, '-N', passphrase, '-C', '', '-f', file])
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

async function listening(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (child.exitCode !== null) throw new Error('sshd ended at once')
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false))
      socket.on('connect', () => socket.destroy())
    })
    if (open) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('sshd does not listen')
}
