import type { Client, ClientCallback, ClientChannel, ParsedKey } from 'ssh2'

type Sign = (data: Buffer, done: (signature: Buffer) => void) => void
type Handler = (protocol: Protocol, ...words: readonly unknown[]) => void

interface Protocol {
  /** Takes each message that comes after the keys were exchanged. */
  _onPayload?(payload: Buffer): void
  authPK?(user: string, key: ParsedKey | Buffer, algorithm?: string, sign?: Sign): void
  /** What is done with each message that comes. */
  readonly _handlers?: Record<string, Handler | undefined>
}

/** What is reached of ssh2 1.17's own parts; where one is not there, all goes the usual way. */
interface Insides {
  readonly _protocol?: Protocol
  /** The server's name. */
  readonly _remoteVer?: string
  /** `_cur` is the number of the last channel. */
  readonly _chanMgr?: { readonly _cur: number }
}

const insidesOf = (client: Client): Insides => client as unknown as Insides

/** A login's first request holds the signature, as RFC 4252 (7) allows; ssh2 asks first whether the key would do, which is a round trip. */
export function signAtOnce(client: Client): void {
  const protocol = insidesOf(client)._protocol
  const request = protocol?.authPK?.bind(protocol)
  if (!protocol || !request) return
  protocol.authPK = (user, key, algorithm, sign) => {
    // for a key of an agent one may have to confirm each signature: there the host is asked
    if (sign || Buffer.isBuffer(key) || !key.isPrivateKey()) return request(user, key, algorithm, sign)
    request(user, key, algorithm, (data, done) => {
      const signature: Buffer | Error = key.sign(data, hashes[algorithm ?? ''])
      if (signature instanceof Error) request(user, key, algorithm)
      else done(signature)
    })
  }
}

const hashes: Readonly<Record<string, string>> = { 'ssh-rsa': 'sha1', 'rsa-sha2-256': 'sha256', 'rsa-sha2-512': 'sha512' }

/** Host keys that a server tells beside the one that it proved are let lie: ssh2 would have each proved, which costs both a signature, and takes none. */
export function withoutOtherHostKeys(client: Client): void {
  const protocol = insidesOf(client)._protocol
  const take = protocol?._onPayload
  if (!protocol || !take) return
  protocol._onPayload = (payload) => {
    if (payload[0] !== globalRequest || payload.toString('latin1', 5, 5 + hostKeys.length) !== hostKeys) take(payload)
  }
}

const globalRequest = 80
const hostKeys = 'hostkeys-00@openssh.com'

interface Opened {
  readonly recipient: number
  readonly sender: number
  readonly window: number
  readonly packetSize: number
}

type OpenChannel = ClientChannel & { readonly outgoing: { window: number } }

// sshd takes the lowest free number, and has given a session a window of 2 MiB since 4.7, once its command runs; a version yet to come may not
const numbersFromZero = /^OpenSSH_(?:[5-9]|10)\./
const expected: Opened = { recipient: 0, sender: 0, window: 65_536, packetSize: 32_768 }

/**
 * Runs a command. The first one of a connection to an OpenSSH goes out together with its session's opening and what `start` writes at
 * once, before the host has answered: what it will answer is known. That is three round trips less, since until a command runs, sshd
 * sends nothing small before what it sent last has arrived (Nagle), and it tells its host keys then. `start` may be called once more,
 * with the error, when the host refuses after all.
 */
export function execAhead(client: Client, command: string, start: ClientCallback): void {
  const { _protocol: protocol, _remoteVer: version = '', _chanMgr: channels } = insidesOf(client)
  const handlers = protocol?._handlers
  const {
    CHANNEL_OPEN_CONFIRMATION: opened,
    CHANNEL_SUCCESS: taken,
    CHANNEL_OPEN_FAILURE: refused,
    CHANNEL_FAILURE: failed,
  } = handlers ?? {}
  const ahead = numbersFromZero.test(version) && channels?._cur === -1
  if (!ahead || !protocol || !handlers || !opened || !taken || !refused || !failed) return void client.exec(command, start)
  let channel: OpenChannel | undefined
  client.exec(command, (error, session) => {
    if (!error) channel = session as OpenChannel
    start(error, session)
  })
  const refuse = (words: readonly unknown[], otherwise: Handler): void => {
    if (words[0] !== expected.recipient) otherwise(protocol, ...words)
    else start(new Error(words[2] ? `Channel open failure: ${words[2]}` : 'Unable to exec'), channel as never)
  }
  handlers.CHANNEL_OPEN_CONFIRMATION = (_, ...words) => {
    const told = words[0] as Opened
    if (told.recipient !== expected.recipient) return opened(protocol, told)
    if (channel) channel.outgoing.window += told.window - expected.window
    if (told.sender === expected.sender) return
    client.emit('error', new Error('its sessions are not numbered as those of OpenSSH: use ansible_connection: ssh'))
    client.destroy()
  }
  handlers.CHANNEL_OPEN_FAILURE = (_, ...words) => refuse(words, refused)
  handlers.CHANNEL_FAILURE = (_, ...words) => refuse(words, failed)
  opened(protocol, expected)
  taken(protocol, expected.recipient)
}
