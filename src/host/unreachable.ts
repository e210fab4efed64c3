import { printable } from '../text.js'
import type { Target } from '../types.js'
import { type KeyCheck, nameOf } from './known-hosts.js'
import { Unreachable } from './session.js'

/** How far a connection came: TCP, the key exchange, the login. */
export type Phase = 'connect' | 'handshake' | 'login'

/** What node-ssh and ssh2 reject with; `errors` are those of the addresses of a name. */
export type SshError = Error & { readonly level?: string; readonly code?: unknown; readonly errors?: readonly Error[] }

/** A connection that failed. */
export interface Attempt {
  readonly target: Target
  readonly options: { readonly connectTimeout: number; readonly legacyAlgorithms?: boolean; readonly unchecked?: boolean }
  readonly phase: Phase
  /** What the login tried. */
  readonly report: string
  /** What known_hosts said of the key that the host showed. */
  readonly check: KeyCheck | undefined
  /** What the passage to the host said (a ProxyCommand's stderr). */
  readonly said?: string
}

/** The error for people: what failed, in the host's or the system's own words, and what can be done. */
export function unreachable(error: SshError, { target, options, phase, report, check, said: passage }: Attempt): Unreachable {
  const place = `${target.address} port ${target.port}`
  const said = [wordsOf(error), passage ?? ''].filter(Boolean).join('; ')
  if (check && /verification failed/.test(error.message))
    return new Unreachable(
      `${keyRefusal(check, target)}${options.unchecked ? '; StrictHostKeyChecking=no is not followed: a host key is always checked' : ''}`,
      'host-key',
    )
  if (error.level === 'client-timeout') return new Unreachable(`${place}: ${timedOut[phase]} within ${options.connectTimeout} s`, 'timeout')
  if (phase === 'connect') return unconnected(error, place, said)
  if (phase === 'login')
    return new Unreachable(`${place} did not let ${target.user} in${said && ` (${said})`}: ${report}`, 'authentication')
  const hint =
    /no matching/i.test(said) && !options.legacyAlgorithms
      ? '; the host may need legacy algorithms: ssh_legacy_algorithms: true in the inventory'
      : ''
  return new Unreachable(`${place}: no SSH handshake (${said})${hint}`, 'protocol')
}

const timedOut = {
  connect: 'no answer',
  handshake: 'it took the connection, but there was no SSH handshake',
  login: 'the login did not end',
} as const

function unconnected({ code }: SshError, place: string, said: string): Unreachable {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return new Unreachable(`${place}: the name has no address (${said})`, 'dns')
  if (code === 'ETIMEDOUT') return new Unreachable(`${place}: ${timedOut.connect} (${said})`, 'timeout')
  return new Unreachable(`${place}: no connection (${said})`, 'refused')
}

function wordsOf(error: SshError): string {
  if (error.message === 'All configured authentication methods failed') return ''
  // node-ssh's words for a connection that was closed before the login was through
  if (error.message === 'No response from server') return 'the host closed the connection'
  const messages = [error, ...(error.errors ?? [])].map((one) => one.message)
  return printable(messages.filter((message) => message !== '').join(', '))
}

function keyRefusal({ verdict, type, fingerprint, line, authority }: KeyCheck, target: Target): string {
  const name = nameOf(target.address, target.port)
  const shown = `the host key of ${name}, ${printable(type)} ${fingerprint},`
  if (verdict === 'revoked') return `${shown} is revoked by ${line}`
  const file = line?.match(/^(.*):\d+$/)?.[1]
  const remove = `check it on the host's console, then remove the old one: ssh-keygen -R '${name}'${file ? ` -f ${file}` : ''}`
  if (verdict === 'changed') return `${shown} is not the one in ${line}: this may be an attack, or the host was installed anew; ${remove}`
  if (verdict === 'other-type')
    return `${shown} is unknown, and ${line} holds one of another type, which the host no longer shows; ${remove}`
  const why = authority ? ` (${authority} is a @cert-authority line, and host certificates cannot be checked)` : ''
  return `${shown} is unknown${why}; compare it, then use --accept-new-host-keys or: ssh-keyscan -p ${target.port} ${target.address} >> ~/.ssh/known_hosts`
}
