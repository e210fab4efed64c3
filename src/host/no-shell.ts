import { decodeBytes, printable } from '../text.js'
import type { Ran } from './session.js'

/** Who logged in, and who the script was to run as; makes the lines to write exact. */
export interface Who {
  readonly user: string
  readonly becomeUser: string
}

interface Sign {
  readonly heard: RegExp
  says(who: Who): string
}

const nopasswd = ({ user, becomeUser }: Who): string =>
  `give it (ansible_become_password, --ask-become-pass), or give the host a line in /etc/sudoers.d: ${user} ALL=(${becomeUser}) NOPASSWD: /bin/sh, or log in as ${becomeUser} (ansible_user) with ansible_become: false`

/** First match wins; the words are sudo's (1.8.6 to 1.9.13, LC_ALL=C), nologin's and clish's. */
const signs: readonly Sign[] = [
  {
    heard: /must have a tty to run sudo/i,
    says: (who) => `sudo wants a terminal (requiretty); write in /etc/sudoers.d: Defaults:${who.user} !requiretty`,
  },
  {
    heard: /incorrect password attempt|sorry, try again/i,
    says: (who) => `sudo does not take the password of ${who.user} (ansible_become_password, --ask-become-pass)`,
  },
  {
    heard: /su: .*(authentication failure|incorrect password|permission denied|cannot open session)/im,
    says: (who) => `su does not take the password of ${who.becomeUser} (ansible_become_password, --ask-become-pass)`,
  },
  {
    heard: /su: .*(does not exist|unknown (user|id))/im,
    says: (who) => `su knows no user ${who.becomeUser}; name another (ansible_become_user)`,
  },
  {
    heard: /sudo: .*(password is required|terminal is required|no tty present)/i,
    says: (who) => `sudo asks for a password; ${nopasswd(who)}`,
  },
  {
    heard: /not in the sudoers file|may not run sudo|is not allowed to execute/i,
    says: (who) => `sudo does not let ${who.user} run a shell; ${nopasswd(who)}`,
  },
  {
    heard: /sudo: unknown user|sudo: .*invalid user/i,
    says: (who) => `sudo knows no user ${who.becomeUser}; name another (ansible_become_user)`,
  },
  {
    heard: /sudo['’]?: (command )?not found|['‘]?sudo['’]?: No such file/i,
    says: (who) => `there is no sudo; log in as ${who.becomeUser} (ansible_user) with ansible_become: false`,
  },
  {
    heard: /account is currently not available|nologin/i,
    says: (who) => `the login of ${who.user} is closed; use another (ansible_user), or give it a shell: chsh -s /bin/sh ${who.user}`,
  },
  {
    heard: /password (has expired|change required)|must change your password/i,
    says: (who) => `the password of ${who.user} has expired; change it on the host`,
  },
  { heard: /unknown command|invalid command|syntax error: illegal|% ?invalid input|unrecognized command|^\s*\^\s*$/im, says: noShell },
  { heard: /^(?=[\s\S]*\bdiagnose\b)(?=[\s\S]*\benable\b)[\s\S]*\bexit\b/i, says: noShell },
  { heard: /is not recognized as an internal or external command|not recognized as the name of a cmdlet/i, says: noShell },
]

function noShell({ user }: Who): string {
  return `the login of ${user} is no shell but an appliance's command line; use a login that has one (ansible_user: root), or give it one: chsh -s /bin/sh ${user}`
}

/**
 * Why a script that printed no mark of its own did not run, as a sentence with the remedy and the host's own words; undefined where
 * nothing speaks for a login without a shell or a refusing sudo. To be asked only when the script's first mark is missing.
 */
export function looksLikeNoShell(ran: Ran, who: Who = { user: 'USER', becomeUser: 'root' }): string | undefined {
  const said = decodeBytes(Buffer.concat([ran.stderr, Buffer.from('\n'), ran.stdout]).subarray(0, 16 * 1024))
  const sign = signs.find(({ heard }) => heard.test(said))
  return sign && `${sign.says(who)}. The host says: ${words(said)}`
}

/** The host's first lines on one line: `"Unknown command: exec"`. */
function words(said: string): string {
  const lines = said.split(/[\r\n]+/).map((line) => line.trim())
  const text = printable(lines.filter((line) => line !== '').join(' / '))
  return `"${text.length > 300 ? `${text.slice(0, 300)}...` : text}"`
}
