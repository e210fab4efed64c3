import { createPrivateKey, sign } from 'node:crypto'
import { Socket } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { NodeSSH } from 'node-ssh'
import ssh2, { type Algorithms, type Client, type ParsedKey, type ServerHostKeyAlgorithm } from 'ssh2'
import type { Access } from '../load/access.js'
import { signAtOnce, withoutOtherHostKeys } from './ahead.js'
import { shellFor } from './become.js'
import { execute } from './exec.js'
import { checkHostKey, type KeyCheck, type KeyOwner, type KnownHosts, keyTypesFor, lineFor, remember } from './known-hosts.js'
import { type Credentials, findWays, type Keyring, lockedKeys, logIn, unlockKey } from './login.js'
import type { Passage } from './proxy-command.js'
import type { Session } from './session.js'
import { openSocket } from './socket.js'
import type { Stopwatch } from './stopwatch.js'
import { type Phase, type SshError, unreachable } from './unreachable.js'

/** What a connection needs to know beside its target. */
export interface SshOptions {
  readonly knownHosts: KnownHosts
  /** Take the key of a host of which no key is known; a changed or revoked key is refused all the same. */
  readonly acceptNew: boolean
  /** Is given the known_hosts line of a key that was taken; must not throw. */
  saveKey(line: string): void
  /** Seconds from the first packet to the end of the login. */
  readonly connectTimeout: number
  /** Private keys that are tried where the target names none; OpenSSH's three unless said otherwise. */
  readonly identities?: readonly string[]
  /** Socket of ssh-agent; SSH_AUTH_SOCK unless said otherwise, '' for none. */
  readonly agent?: string
  /** Also offer what servers older than OpenSSH 5.3 need: SHA-1 key exchange, CBC ciphers, MD5, DSA. */
  readonly legacyAlgorithms?: boolean
  /** Key files that ssh_config names, tried after the target's own. */
  readonly keyFiles?: readonly string[]
  /** Only the named key files, also of what the agent holds. */
  readonly identitiesOnly?: boolean
  /** The name that the host's key is looked for under, without its port (HostKeyAlias). */
  readonly alias?: string
  /** Measures the way of the host of this name, where that was asked for. */
  readonly stopwatch?: (host: string) => Stopwatch | undefined
  /** StrictHostKeyChecking=no was said, and is not followed. */
  readonly unchecked?: boolean
}

const keyring: Keyring = {
  parseKey(text, passphrase) {
    const read = ssh2.utils.parseKey(text, passphrase)
    const key = Array.isArray(read) ? read[0]! : read
    return key instanceof Error ? key : quickly(key)
  },
  openAgent: (socket) => ssh2.createAgent(socket),
}

// ssh2 1.17 hands OpenSSL the key's PEM for each signature, and reading that takes ten times as long as to sign
function quickly(key: ParsedKey): ParsedKey {
  if (key.type !== 'ssh-ed25519' || !key.isPrivateKey()) return key
  const secret = createPrivateKey(key.getPrivatePEM())
  return Object.assign(key, { sign: (data: Buffer) => sign(null, data, secret) })
}

/** A login, and how to end it. */
export interface OpenClient {
  readonly client: Client
  readonly watch?: Stopwatch | undefined
  /** Why the connection went away, as far as it was heard. */
  whyLost(): string | undefined
  end(): void
}

/** Logs in and opens a session. Throws Unreachable, whose message holds the host's or the system's own words and what can be done. */
export async function connectSsh(target: Access, options: SshOptions): Promise<Session> {
  return sessionOver(await openClient(target, options), target)
}

/** Logs in, over a passage where there is one, else over TCP. Throws Unreachable. */
export async function openClient(target: Access, options: SshOptions, passage?: Passage): Promise<OpenClient> {
  const ways = await findWays(credentialsOf(target, options), keyring)
  const login = logIn(target.user, ways)
  const judge = hostKeyJudge(target, options)
  const attempt = { target, options, phase: (passage ? 'handshake' : 'connect') as Phase }
  const socket = passage?.socket ?? openSocket(target, options.connectTimeout)
  // ssh2 would wait for a passage that ended before it listened
  if (socket.destroyed) throw unreachable(new Error('it ended at once'), { ...attempt, report: '', check: undefined, ...saidBy(passage) })
  const watch = options.stopwatch?.(target.host)
  let reached = watch?.begin(passage ? 'keys' : 'tcp')
  if (socket instanceof Socket) watch?.carries(socket)
  const ssh = new NodeSSH()
  const connected = ssh.connect({
    host: target.address,
    username: target.user,
    sock: socket,
    readyTimeout: options.connectTimeout * 1000,
    keepaliveInterval: 5000,
    keepaliveCountMax: 3,
    hostVerifier: (key: Buffer): boolean => judge.accepts(key),
    ...algorithmsFor(target, options),
    authHandler: login.handler,
  })
  const client = ssh.connection!
  signAtOnce(client)
  withoutOtherHostKeys(client)
  let lastError: string | undefined
  // node-ssh removes its own 'error' listener once it is ready: a later error would end the process
  client.on('error', (error) => {
    lastError = error.message
  })
  socket.once('connect', () => {
    attempt.phase = 'handshake'
    reached?.()
    reached = watch?.begin('keys')
  })
  client.once('handshake', () => {
    attempt.phase = 'login'
    reached?.()
    reached = watch?.begin('login')
    judge.settle()
  })
  try {
    await connected
    reached?.()
  } catch (error) {
    socket.destroy()
    throw unreachable(error as SshError, { ...attempt, report: login.report(), check: judge.check(), ...saidBy(passage) })
  }
  return { client, watch, whyLost: () => lastError, end: () => endOf(client, socket) }
}

const saidBy = (passage: Passage | undefined): { readonly said?: string } => {
  const said = passage?.said()
  return said ? { said } : {}
}

function endOf(client: Client, socket: Duplex): void {
  client.end()
  if (socket instanceof Socket) socket.destroySoon()
  setTimeout(() => socket.destroy(), 500).unref()
}

/** A session over a login. */
export function sessionOver({ client, watch, whyLost, end }: OpenClient, target: Access): Session {
  let closed = false
  return {
    run: (script, options) =>
      execute(
        client,
        shellFor(target),
        script,
        options,
        () => (closed ? 'it was closed from this side' : whyLost()),
        watch?.begin('first byte'),
      ),
    close() {
      closed = true
      end()
    },
  }
}

/** Asks (undefined: there is nobody to ask) once for the passphrase of every key file that cannot do without; three wrong ones leave it locked. */
export async function unlockKeys(
  targets: readonly Access[],
  optionsFor: (target: Access) => Keys,
  ask: (question: string) => Promise<string | undefined>,
): Promise<void> {
  const logins = new Map(
    targets.map((target) => [
      JSON.stringify([target.keyFile, target.password === undefined, optionsFor(target)]),
      credentialsOf(target, optionsFor(target)),
    ]),
  )
  const locked = await Promise.all([...logins.values()].map((credentials) => lockedKeys(credentials, keyring)))
  for (const file of new Set(locked.flat())) {
    for (let tries = 0; tries < 3; tries++) {
      const passphrase = await ask(`Passphrase of ${file}: `)
      if (passphrase === undefined || (await unlockKey(file, passphrase, keyring))) break
    }
  }
}

type Keys = Pick<SshOptions, 'agent' | 'identities' | 'keyFiles' | 'identitiesOnly'>

const usualIdentities: readonly string[] = ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((name) => join(homedir(), '.ssh', name))

function credentialsOf({ user, password, keyFile }: Access, { agent = process.env.SSH_AUTH_SOCK, ...options }: Keys): Credentials {
  return {
    user,
    keyFiles: [...(keyFile === undefined ? [] : [keyFile]), ...(options.keyFiles ?? [])],
    identities: options.identities ?? usualIdentities,
    identitiesOnly: options.identitiesOnly ?? false,
    ...(password !== undefined && { password }),
    ...(agent && { agent }),
  }
}

/** Under which name the host's key is known. */
const ownerOf = (target: Access, { alias }: SshOptions): KeyOwner => (alias === undefined ? target : { host: alias, port: 22 })

/** In ssh2's order. */
const hostKeyAlgorithms: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
  'ssh-rsa',
]

/** ssh2's algorithms, those of the known host keys first; nothing where these are ssh2's own, which it has made ready once for all. */
function algorithmsFor(target: Access, options: SshOptions): { readonly algorithms?: Algorithms } {
  const { knownHosts, legacyAlgorithms } = options
  const known = new Set(keyTypesFor(knownHosts, ownerOf(target, options)))
  const offered = legacyAlgorithms ? [...hostKeyAlgorithms, 'ssh-dss' as const] : hostKeyAlgorithms
  const isKnown = (algorithm: string): boolean => known.has(algorithm.startsWith('rsa-') ? 'ssh-rsa' : algorithm)
  const serverHostKey = [...offered.filter(isKnown), ...offered.filter((algorithm) => !isKnown(algorithm))]
  if (legacyAlgorithms) return { algorithms: { serverHostKey, ...legacy } as unknown as Algorithms }
  return serverHostKey.every((algorithm, at) => algorithm === hostKeyAlgorithms[at]) ? {} : { algorithms: { serverHostKey } }
}

/** Not among ssh2 1.17's defaults; OpenSSH 5.3 itself needs none of them, hardened or older servers do. */
const legacy = {
  kex: { append: ['diffie-hellman-group14-sha1', 'diffie-hellman-group-exchange-sha1', 'diffie-hellman-group1-sha1'] },
  cipher: { append: ['aes128-cbc', 'aes256-cbc', '3des-cbc'] },
  hmac: { append: ['hmac-md5'] },
}

interface HostKeyJudge {
  /** Must answer at once: a promise would count as yes. */
  accepts(key: Buffer): boolean
  /** The handshake proved that the host holds the key: a new one is kept now. */
  settle(): void
  check(): KeyCheck | undefined
}

function hostKeyJudge(target: Access, options: SshOptions): HostKeyJudge {
  const { knownHosts, acceptNew, saveKey } = options
  const owner = ownerOf(target, options)
  let check: KeyCheck | undefined
  let taken: Buffer | undefined
  return {
    accepts(key) {
      check = checkHostKey(knownHosts, owner, key)
      const take = acceptNew && check.verdict === 'unknown'
      if (take) taken = Buffer.from(key)
      return take || check.verdict === 'ok'
    },
    settle() {
      if (taken === undefined) return
      const line = lineFor(owner.address ?? owner.host, owner.port, taken)
      taken = undefined
      remember(knownHosts, line, 'this run (accepted as new)')
      saveKey(line)
    },
    check: () => check,
  }
}
