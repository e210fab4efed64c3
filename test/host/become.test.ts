import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { looksLikeNoShell } from '../../src/host/no-shell.js'
import type { Ran } from '../../src/host/session.js'
import { connectSsh } from '../../src/host/ssh.js'
import type { Access } from '../../src/load/access.js'
import { canServe, type Sshd, startSshd } from './sshd.js'

describe.skipIf(!canServe)('become with a password', { timeout: 30_000 }, () => {
  let sshd: Sshd

  beforeAll(async () => {
    sshd = await startSshd()
  }, 60_000)

  afterAll(() => sshd?.stop())

  const right = 'open sesame'
  const run = async (change: Partial<Access>, script: string): Promise<Ran> => {
    const session = await connectSsh({ ...sshd.target(), become: true, ...change }, sshd.options())
    try {
      return await session.run(script, { timeout: 20 })
    } finally {
      session.close()
    }
  }

  it.each<[string, Partial<Access>, string]>([
    ['sudo', { user: 'hf-asked', becomePassword: right }, 'root'],
    ['sudo under csh', { user: 'hf-asked-csh', becomePassword: right }, 'root'],
    ['sudo to another user', { user: 'hf-asked', becomePassword: right, becomeUser: 'hf-sudo' }, 'hf-sudo'],
    ['sudo that asks for none', { user: 'hf-sudo', becomePassword: right }, 'root'],
    ['su', { user: 'hf-nobody', becomeMethod: 'su', becomePassword: right, becomeUser: 'hf-asked' }, 'hf-asked'],
    ['su under csh', { user: 'hf-sudo-csh', becomeMethod: 'su', becomePassword: right, becomeUser: 'hf-asked' }, 'hf-asked'],
    ['su of root, who is not asked', { user: 'hf-root', becomeMethod: 'su', becomePassword: right, becomeUser: 'hf-asked' }, 'hf-asked'],
  ])('runs the script by %s, and knows where the login came from', async (_, change, name) => {
    const ran = await run(change, 'set -- $1; printf "%s %s\\n" "$(id -un)" "$1"; cat /proc/self/cmdline | tr "\\0" " "\n')
    expect(ran).toMatchObject({ code: 0 })
    expect(ran.stdout.toString()).toBe(`${name} 127.0.0.1\ncat /proc/self/cmdline `)
  })

  it('keeps the password out of every command line and of the script', async () => {
    const ran = await run({ user: 'hf-asked', becomePassword: right }, 'cat /proc/[0-9]*/cmdline | tr "\\0" " "; env\n')
    expect(ran.stdout.toString()).toContain('sudo -S')
    expect(`${ran.stdout}${ran.stderr}`).not.toContain(right)
  })

  it('takes a script of 5 MB', async () => {
    const ran = await run({ user: 'hf-asked', becomePassword: right }, `: ${'x'.repeat(5_000_000)}\necho all of it\n`)
    expect(ran.stdout.toString()).toBe('all of it\n')
  })

  it.each<[string, Partial<Access>, RegExp]>([
    [
      'sudo',
      { user: 'hf-asked', becomePassword: 'wrong' },
      /sudo does not take the password of hf-asked.*The host says: .*Sorry, try again/,
    ],
    [
      'su',
      { user: 'hf-nobody', becomeMethod: 'su', becomePassword: 'wrong', becomeUser: 'hf-asked' },
      /su does not take the password of hf-asked/,
    ],
    ['su without one', { user: 'hf-nobody', becomeMethod: 'su', becomeUser: 'hf-asked' }, /su does not take the password of hf-asked/],
    ['su to nobody', { user: 'hf-nobody', becomeMethod: 'su', becomeUser: 'nix' }, /su knows no user nix/],
    ['sudo for one who may not', { user: 'hf-nobody', becomePassword: right }, /sudo does not let hf-nobody run a shell/],
  ])('runs nothing when %s refuses, and spends one try', async (_, change, sentence) => {
    const ran = await run(change, 'echo "mark"\n')
    expect(ran.code).not.toBe(0)
    expect(ran.stdout.toString()).not.toContain('mark')
    expect(looksLikeNoShell(ran, { user: change.user!, becomeUser: change.becomeUser ?? 'root' })).toMatch(sentence)
    expect(`${ran.stderr}`).not.toMatch(/[23] incorrect password|holdfast-/)
  })
})
