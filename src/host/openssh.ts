import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Access } from '../load/access.js'
import { decodeBytes, printable } from '../text.js'
import { shellFor } from './become.js'
import { runChild } from './child.js'
import { ConnectionLost, NoShell, type Ran, type RunOptions, type Session, Unreachable } from './session.js'

/** What ssh(1) is told beside the inventory's own options. */
export interface OpenSshOptions {
  readonly connectTimeout: number
  readonly acceptNew: boolean
  /** The only known_hosts files, where they were said on the command line. */
  readonly knownHostsFiles?: readonly string[]
}

/**
 * A login by the system's ssh, for what ssh2 cannot do: certificates of users and hosts, hardware keys. One master connection for each
 * session, in a folder that only we can read; scripts run over it. ssh asks nothing: it has the agent, or a key that is open.
 */
export async function connectOpenSsh(access: Access, options: OpenSshOptions): Promise<Session> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-ssh-'))
  const socket = join(folder, 's')
  const master = spawn('ssh', masterWords(access, options, socket), { detached: true, stdio: ['ignore', 'ignore', 'pipe'] })
  const clean = (): void => {
    master.kill()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await opened(master, socket, access, options)
  } catch (error) {
    clean()
    throw error
  }
  const ending = new AbortController()
  return {
    run: (script, limits) => runOver(access, socket, master, script, { ...limits, stop: ending.signal }),
    close() {
      ending.abort()
      clean()
    },
  }
}

function masterWords(access: Access, { connectTimeout, acceptNew, knownHostsFiles }: OpenSshOptions, socket: string): readonly string[] {
  const { port, user, keyFile, sshArgs = [], unsaid = [], address } = access
  const settings = [
    'BatchMode=yes',
    'ControlMaster=yes',
    `ControlPath=${socket}`,
    'ControlPersist=no',
    `ConnectTimeout=${connectTimeout}`,
    'ServerAliveInterval=5',
    'ServerAliveCountMax=3',
    `StrictHostKeyChecking=${acceptNew ? 'accept-new' : 'yes'}`,
    ...(knownHostsFiles
      ? [`UserKnownHostsFile=${knownHostsFiles.map((file) => `"${file}"`).join(' ')}`, 'GlobalKnownHostsFile=/dev/null']
      : []),
  ]
  return [
    ...settings.flatMap((setting) => ['-o', setting]),
    ...(keyFile === undefined ? [] : ['-i', keyFile]),
    ...(unsaid.includes('port') ? [] : ['-p', String(port)]),
    ...(unsaid.includes('user') ? [] : ['-l', user]),
    ...sshArgs,
    ...['-N', '-T', '--', address],
  ]
}

/** Waits until the master listens on its socket: then the login is through. */
async function opened(master: ChildProcess, socket: string, { address, port }: Access, { connectTimeout }: OpenSshOptions): Promise<void> {
  let said = ''
  let failure: Error | undefined
  master.stderr?.on('data', (chunk: Buffer) => {
    said = (said + decodeBytes(chunk)).slice(-4000)
  })
  master.on('error', (error) => {
    failure = error
  })
  const until = Date.now() + connectTimeout * 1000
  while (!existsSync(socket)) {
    if (failure) throw new Unreachable(`there is no ssh here to connect with (${failure.message})`, 'protocol')
    if (master.exitCode !== null || master.signalCode !== null) throw refused(address, port, said)
    if (Date.now() > until) throw new Unreachable(`${address} port ${port}: the login did not end within ${connectTimeout} s`, 'timeout')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const kinds: readonly (readonly [RegExp, Unreachable['kind']])[] = [
  [/host key verification failed|no .* host key is known|remote host identification has changed/i, 'host-key'],
  [/permission denied|too many authentication failures/i, 'authentication'],
  [/could not resolve hostname/i, 'dns'],
  [/timed out/i, 'timeout'],
  [/connection refused|no route to host|network is unreachable/i, 'refused'],
]

function refused(address: string, port: number, said: string): Unreachable {
  const lines = said.split(/\r?\n/).filter((line) => line.trim() !== '' && !/^[@\s]+$/.test(line))
  const kind = kinds.find(([words]) => words.test(said))?.[1] ?? 'protocol'
  return new Unreachable(`${address} port ${port}: ssh says: ${printable(lines.slice(-4).join(' / ')) || 'nothing'}`, kind)
}

async function runOver(
  access: Access,
  socket: string,
  master: ChildProcess,
  script: string,
  { stop, ...limits }: RunOptions & { readonly stop: AbortSignal },
): Promise<Ran> {
  const { command, opening } = shellFor(access)
  // without its master ssh would connect anew: ProxyCommand=false lets it fail
  const settings = ['BatchMode=yes', 'ControlMaster=no', `ControlPath=${socket}`, 'ProxyCommand=false'].flatMap((setting) => [
    '-o',
    setting,
  ])
  const ran = await runChild(
    { words: ['ssh', ...settings, '-T', '--', access.address, command], stop, ...(opening && { opening }) },
    script,
    limits,
  )
  if (ran.code !== 255) return ran
  const said = decodeBytes(ran.stderr)
  if (/session open refused by peer|mux_client_request_session: session request failed/i.test(said))
    throw new NoShell(`the host refuses to run a command: ${printable(said.trim().split('\n').at(-1) ?? '')}`)
  // 255 is also what ssh says of itself; the master goes a moment after its sessions
  for (let waited = 0; waited < 10 && master.exitCode === null && master.signalCode === null; waited++)
    await new Promise((resolve) => setTimeout(resolve, 30))
  if (master.exitCode === null && master.signalCode === null && existsSync(socket)) return ran
  throw new ConnectionLost(`the connection was lost: ${printable(said.trim().split('\n').at(-1) ?? '') || 'ssh ended'}`, ran.stdout)
}
