import type { Access } from './access.js'
import type { Host } from './inventory.js'
import { readSshArgs } from './ssh-args.js'
import { render, type Scope, textOf } from './template.js'
import type { Vars } from './vars.js'
import { isVaulted, type Vaulted } from './vaulted.js'

/** What stands for variables that are not written: the current user's name, the home folder, the inventory's folder. */
export interface Defaults {
  readonly user: string
  readonly home: string
  readonly folder: string
  /** What is said nowhere in the inventory. */
  readonly connection?: Vars | undefined
}

/** Tells that the variable `name` of the host is wrong. */
export type Refuse = (name: string, message: string) => void

/** How a host is reached, from Ansible's connection variables; what is wrong with them goes to `refuse`. */
export function toTarget(host: Host, scope: Scope, defaults: Defaults, refuse: Refuse): Access {
  const read = (names: readonly string[]): { readonly name: string; readonly value: unknown } | undefined => {
    const name = names.find((each) => scope.get(each) !== undefined)
    if (name === undefined) return unsaidIn(names, defaults)
    const rendered = render(scope.get(name), { ...scope, secrets: true })
    if ('value' in rendered) return rendered.value === null ? undefined : { name, value: rendered.value }
    refuse(name, rendered.wrong.message)
    return undefined
  }
  const text = (...names: readonly string[]): string | undefined => {
    const written = read(names)
    const found = written && isVaulted(written.value) ? opened(written.name, written.value, refuse) : written
    const value = found && (typeof found.value === 'string' || typeof found.value === 'number') ? textOf(found.value) : undefined
    if (found && (value === undefined || value === '' || /[\0-\x1f\x7f]/.test(value)))
      refuse(found.name, /pass/.test(found.name) ? 'must be text of one line' : `must be text (is ${JSON.stringify(found.value)})`)
    return value
  }
  const keyFile = text('ansible_ssh_private_key_file', 'ansible_private_key_file')
  const password = text('ansible_ssh_password', 'ansible_ssh_pass', 'ansible_password')
  const becomePassword = text('ansible_become_password', 'ansible_become_pass')
  refuseForeign(read, refuse)
  const port = read(['ansible_ssh_port', 'ansible_port'])
  const user = text('ansible_ssh_user', 'ansible_user')
  const args = ['ansible_ssh_args', 'ansible_ssh_common_args', 'ansible_ssh_extra_args'].flatMap((name) =>
    argsOf(name, read([name]), refuse),
  )
  const becomeUser = text('ansible_become_user') ?? 'root'
  // as --become: what is said for all hosts is not meant for one that logs in as that user anyhow
  const saidHere = scope.get('ansible_become') !== undefined
  const become = truth(read(['ansible_become']), refuse) && (saidHere || (user ?? defaults.user) !== becomeUser)
  const unsaid = [...(port ? [] : (['port'] as const)), ...(user === undefined ? (['user'] as const) : [])]
  return {
    host: host.name,
    address: text('ansible_ssh_host', 'ansible_host') ?? host.name,
    port: portOf(port, refuse),
    user: user ?? defaults.user,
    ...(keyFile !== undefined && { keyFile: placed(keyFile, defaults) }),
    ...(password !== undefined && { password }),
    become,
    becomeUser,
    ...(becomePassword !== undefined && { becomePassword }),
    ...(/^(ansible\.builtin\.)?su$/.test(text('ansible_become_method') ?? '') && { becomeMethod: 'su' as const }),
    ...connectionOf(text('ansible_connection')),
    ...(args.length > 0 && { sshArgs: args }),
    ...(unsaid.length > 0 && { unsaid }),
    ...(truth(read(['ssh_legacy_algorithms']), refuse) && { legacyAlgorithms: true }),
  }
}

function unsaidIn(names: readonly string[], { connection }: Defaults): Found {
  const name = names.find((each) => connection?.has(each))
  return name === undefined ? undefined : { name, value: connection?.get(name)?.value }
}

/** A password out of the vault; anything else would be shown to people. */
function opened(name: string, value: Vaulted, refuse: Refuse): Found {
  const plain = /pass/.test(name) ? value.open() : { failure: 'a value of a vault, which may stand in a password only' }
  if ('text' in plain) return { name, value: plain.text }
  refuse(name, `is ${plain.failure}`)
  return undefined
}

function connectionOf(said: string | undefined): Pick<Access, 'connection'> {
  const word = said?.replace('ansible.builtin.', '')
  return word === 'ssh' || word === 'local' ? { connection: word } : {}
}

function argsOf(name: string, found: Found, refuse: Refuse): readonly string[] {
  if (!found) return []
  const args = typeof found.value === 'string' ? readSshArgs(found.value) : { wrong: `must be text (is ${JSON.stringify(found.value)})` }
  if ('words' in args) return args.words
  refuse(name, args.wrong)
  return []
}

type Found = { readonly name: string; readonly value: unknown } | undefined

function portOf(found: Found, refuse: Refuse): number {
  if (!found) return 22
  const port = typeof found.value === 'string' && /^[0-9]{1,5}$/.test(found.value) ? Number(found.value) : found.value
  if (typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65535) return port
  refuse(found.name, `must be a port from 1 to 65535 (is ${JSON.stringify(found.value)})`)
  return 22
}

// Ansible's boolean(): these words, any case, and 1 or 0.
function truth(found: Found, refuse: Refuse): boolean {
  if (!found) return false
  const word = (textOf(found.value) ?? '').toLowerCase()
  if (['y', 'yes', 'on', '1', 'true', 't', '1.0'].includes(word)) return true
  if (!['n', 'no', 'off', '0', 'false', 'f', '0.0'].includes(word))
    refuse(found.name, `must be true or false (is ${JSON.stringify(found.value)})`)
  return false
}

function placed(file: string, { home, folder }: Defaults): string {
  if (file === '~' || file.startsWith('~/')) return `${home}${file.slice(1)}`
  return file.startsWith('/') || folder === '.' ? file : `${folder}/${file}`
}

/** Variables that would have Ansible reach the host in a way that is not known here. */
const foreign: readonly { readonly name: string; readonly fine: RegExp; readonly message: string }[] = [
  {
    name: 'ansible_connection',
    fine: /^(ssh|smart|local|paramiko|paramiko_ssh|ansible\.builtin\.(ssh|local|paramiko_ssh)|ansible\.netcommon\.libssh)$/,
    message: 'hosts are reached by ssh or local only',
  },
  { name: 'ansible_become_method', fine: /^(ansible\.builtin\.)?(sudo|su)$/, message: 'only sudo and su are known' },
  { name: 'ansible_shell_type', fine: /^(sh|ansible\.builtin\.sh)$/, message: 'only sh is known' },
]

function refuseForeign(read: (names: readonly string[]) => Found, refuse: Refuse): void {
  for (const { name, fine, message } of foreign) {
    const found = read([name])
    if (found && !fine.test(textOf(found.value) ?? '')) refuse(name, `${message} (is ${JSON.stringify(found.value)})`)
  }
}
