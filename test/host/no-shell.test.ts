import { describe, expect, it } from 'vitest'
import { looksLikeNoShell } from '../../src/host/no-shell.js'

const ran = (stdout: string, stderr = '', code = 1) => ({ code, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr) })
const who = { user: 'deploy', becomeUser: 'root' }

describe('a login that is no shell', () => {
  it.each([
    [
      '',
      'sudo: a password is required',
      'sudo asks for a password; give it (ansible_become_password, --ask-become-pass), or give the host a line in /etc/sudoers.d: deploy ALL=(root) NOPASSWD: /bin/sh',
    ],
    ['', 'sudo: a terminal is required to read the password; either use the -S option', 'sudo asks for a password'],
    ['', 'sudo: no tty present and no askpass program specified', 'sudo asks for a password'],
    ['', 'sudo: sorry, you must have a tty to run sudo', 'Defaults:deploy !requiretty'],
    ['', 'deploy is not in the sudoers file.  This incident will be reported.', 'sudo does not let deploy'],
    ['', "Sorry, user deploy is not allowed to execute '/bin/sh -s' as root on web1.", 'sudo does not let deploy'],
    ['', 'sudo: unknown user: root', 'sudo knows no user root'],
    ['', 'bash: line 1: exec: sudo: not found', 'there is no sudo'],
    ['', 'env: ‘sudo’: No such file or directory', 'there is no sudo'],
    ['', "env: can't execute 'sudo': No such file or directory", 'there is no sudo'],
    ['', 'sudo: Command not found.', 'there is no sudo'],
    ['This account is currently not available.\n', '', 'the login of deploy is closed'],
    ['Your password has expired.\n', '', 'the password of deploy has expired'],
    ['      ^\n', '', 'no shell but an appliance'],
    ['% Invalid input detected', '', 'no shell but an appliance'],
    ['Unknown command: exec\n', '', 'no shell but an appliance'],
    ['configure  Enter\ndiagnose  Run\nenable  Enter\nexit  Leave\n', '', 'no shell but an appliance'],
    ['', "'exec' is not recognized as an internal or external command,", 'no shell but an appliance'],
  ])('stdout %j, stderr %j', (stdout, stderr, sentence) => {
    expect(looksLikeNoShell(ran(stdout, stderr), who)).toContain(sentence)
  })

  it.each([
    ['', ''],
    ['mark 1\n', 'iptables: No chain/target/match by that name.\n'],
    ['', 'sh: 1: Syntax error: "fi" unexpected\n'],
    ['enable exit', ''],
  ])('nothing speaks for it: stdout %j, stderr %j', (stdout, stderr) => {
    expect(looksLikeNoShell(ran(stdout, stderr), who)).toBeUndefined()
  })

  it("quotes the host's words without obeying them", () => {
    const said = looksLikeNoShell(ran(`\x1b[2JUnknown command\r\n${'\u202e'}x\xff${'y'.repeat(1000)}`), who)
    expect(said).toContain('The host says: "\\x1b[2JUnknown command / \\u202ex')
    expect(said).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    expect(said!.length).toBeLessThan(600)
  })
})
