import { randomBytes } from 'node:crypto'
import type { Access } from '../load/access.js'
import { quote } from '../quote.js'
import type { Opening } from './feed.js'

/** The command that reads a script from stdin, and what it wants before: a password goes by stdin only, never in a command's words. */
export interface Shell {
  readonly command: string
  readonly opening?: Opening
}

/**
 * The shell that a target's scripts run in, in words that sh, bash, ash and csh read alike. sudo and su forget SSH_CONNECTION, so the
 * script finds it as $1 there. LC_ALL=C keeps their refusals in English.
 */
export function shellFor(target: Access): Shell {
  if (!target.become) return { command: 'exec /bin/sh -s' }
  if (target.becomeMethod === 'su') return suFor(target)
  const user = quote(target.becomeUser)
  if (target.becomePassword === undefined) return { command: `exec env LC_ALL=C sudo -n -u ${user} -- /bin/sh -s "$SSH_CONNECTION"` }
  const nonce = newNonce()
  // sudo -S takes any number of lines for passwords: the script waits until the shell behind it speaks
  return {
    command: `exec env LC_ALL=C sudo -S -p '${nonce}?' -u ${user} -- /bin/sh -c 'echo ${nonce}; exec /bin/sh -s "$1"' sh "$SSH_CONNECTION"`,
    opening: { asks: new RegExp(`${nonce}\\?`), answer: target.becomePassword, ready: nonce },
  }
}

/** su reads the password from stdin where that is no terminal (util-linux with PAM, busybox), asks once, and root needs none. */
function suFor({ becomeUser, becomePassword = '' }: Access): Shell {
  const nonce = newNonce()
  return {
    command: `exec env LC_ALL=C su ${quote(becomeUser)} -c "echo ${nonce}; exec /bin/sh -s '$SSH_CONNECTION'"`,
    opening: { asks: /password: ?/, answer: becomePassword, ready: nonce },
  }
}

const newNonce = (): string => `holdfast-${randomBytes(8).toString('hex')}`
