import { appendFileSync, chmodSync, chownSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { must } from './capture.js'
import type { UserSpec } from './spec.js'

/** Writes passwd, shadow and group below `root`, and each user's home with root's authorized_keys. */
export const writeUsers = async (root: string, rootShell: string, users: readonly UserSpec[]): Promise<void> => {
  const file = (path: string): string => join(root, path)
  writeFileSync(file('etc/passwd'), readFileSync('/etc/passwd', 'utf8').replace(/^(root:.*:)[^:]*$/m, `$1${rootShell}`))
  writeFileSync(file('etc/shadow'), readFileSync('/etc/shadow'), { mode: 0o640 })
  writeFileSync(file('etc/group'), readFileSync('/etc/group'))
  for (const [index, { name, password, sudoers }] of users.entries()) {
    const id = 5000 + index
    const home = file(`home/${name}`)
    const hash = password === undefined ? '*' : (await must(['openssl', 'passwd', '-6', '-stdin'], { stdin: `${password}\n` })).trim()
    appendFileSync(file('etc/passwd'), `${name}:x:${id}:${id}::/home/${name}:/bin/sh\n`)
    appendFileSync(file('etc/shadow'), `${name}:${hash}:19000:0:99999:7:::\n`)
    appendFileSync(file('etc/group'), `${name}:x:${id}:\n`)
    mkdirSync(home, { recursive: true, mode: 0o755 })
    mkdirSync(join(home, '.ssh'), { mode: 0o700 })
    copyFileSync(file('root/.ssh/authorized_keys'), join(home, '.ssh/authorized_keys'))
    for (const path of [home, join(home, '.ssh'), join(home, '.ssh/authorized_keys')]) chownSync(path, id, id)
    if (sudoers === undefined) continue
    mkdirSync(file('etc/sudoers.d'), { recursive: true })
    writeFileSync(file(`etc/sudoers.d/${name}`), `${sudoers}\n`)
    chmodSync(file(`etc/sudoers.d/${name}`), 0o440)
  }
}
