import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Access } from '../load/access.js'
import { printable } from '../text.js'
import { Unreachable } from './session.js'

/** How a host is really reached: the target as ssh_config and the inventory's ssh options complete it. */
export interface Route {
  readonly target: Access
  /** Key files that are named, beside the inventory's; and whether only they may be used. */
  readonly identityFiles: readonly string[]
  readonly identitiesOnly: boolean
  /** '' for none; undefined: as the environment says. */
  readonly agent?: string
  /** `kim@bastion:2222,inner`. */
  readonly jump?: string
  readonly proxyCommand?: string
  /** known_hosts files that are named. */
  readonly knownHostsFiles?: readonly string[]
  /** Under which name the host's key is looked for. */
  readonly alias?: string
  readonly acceptNew: boolean
  /** StrictHostKeyChecking no: said, and not followed. */
  readonly unchecked: boolean
  readonly legacyAlgorithms: boolean
}

/** Where OpenSSH's client reads its configuration. */
export interface ConfigFiles {
  readonly user: string
  readonly system: string
}

const usualFiles: ConfigFiles = { user: join(homedir(), '.ssh/config'), system: '/etc/ssh/ssh_config' }

/** Finds routes, each once, by one `ssh -G` a host: Include, Match, tokens and canonical names are then as ssh reads them. Without a configuration no ssh is run. */
export function routeFinder(files: ConfigFiles = usualFiles): (access: Access) => Promise<Route> {
  const known = new Map<string, Promise<Route>>()
  let configured: boolean | undefined
  return (access) => {
    configured ??= isConfigured(files)
    if (!configured && !access.sshArgs) return Promise.resolve(plainRoute(access))
    const { address, port, user, keyFile, sshArgs, unsaid } = access
    const key = JSON.stringify([access.host, address, port, user, keyFile, sshArgs, unsaid])
    const found = known.get(key) ?? askSsh(access)
    known.set(key, found)
    return found.then((route) => ({ ...route, target: { ...access, ...route.target, ...secretsOf(access) } }))
  }
}

const secretsOf = ({ password }: Access): Partial<Access> => (password === undefined ? {} : { password })

const plainRoute = (target: Access): Route => ({
  target,
  identityFiles: [],
  identitiesOnly: false,
  acceptNew: false,
  unchecked: false,
  legacyAlgorithms: false,
})

/** Debian's own ssh_config sets nothing that matters here: it alone is no reason to run ssh for every host. */
const matters =
  /^\s*(host\w*|match|port|user|user\w+|identit\w+|proxy\w+|global\w+|stricthostkeychecking|canonical\w*|kexalgorithms|ciphers)[\s=]/im

function isConfigured({ user, system }: ConfigFiles): boolean {
  if (existsSync(user)) return true
  const folder = `${system}.d`
  const included = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.conf')) : []
  const own = (existsSync(system) ? readFileSync(system, 'utf8') : '').replace(/^\s*Host\s+\*\s*$/gim, '')
  return included.length > 0 || matters.test(own)
}

async function askSsh(access: Access): Promise<Route> {
  const { address, port, user, sshArgs = [], unsaid = [] } = access
  const said = [...(unsaid.includes('port') ? [] : ['-p', String(port)]), ...(unsaid.includes('user') ? [] : ['-l', user])]
  try {
    const { stdout } = await promisify(execFile)('ssh', ['-G', ...said, ...sshArgs, '--', address], { maxBuffer: 1 << 20 })
    return routeOf(access, settingsIn(stdout))
  } catch (error) {
    const { code, stderr = '', message } = error as NodeJS.ErrnoException & { stderr?: string }
    const why = code === 'ENOENT' ? 'there is no ssh here to read ssh_config with' : printable(stderr.trim() || message)
    throw new Unreachable(`${address}: the ssh options cannot be read (${why})`, 'protocol')
  }
}

type Settings = ReadonlyMap<string, readonly string[]>

function settingsIn(text: string): Settings {
  const settings = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    const at = line.indexOf(' ')
    if (at > 0) settings.set(line.slice(0, at), [...(settings.get(line.slice(0, at)) ?? []), line.slice(at + 1)])
  }
  return settings
}

const usualIdentity = /^~\/\.ssh\/id_(rsa|dsa|ecdsa|ed25519|xmss|ecdsa_sk|ed25519_sk)$/
const usualKnownHosts = /(^|\/)\.ssh\/known_hosts2?$/

function routeOf(access: Access, settings: Settings): Route {
  const one = (name: string): string | undefined => settings.get(name)?.[0]
  const target = {
    ...access,
    address: one('hostname') ?? access.address,
    port: Number(one('port') ?? access.port),
    user: one('user') ?? access.user,
  }
  const path = (text: string): string => expandPath(text, access, target)
  const files = (one('userknownhostsfile') ?? '').split(' ').filter(Boolean)
  const named = !files.every((file) => usualKnownHosts.test(file))
  const globals = (one('globalknownhostsfile') ?? '').split(' ').filter(Boolean)
  const agent = one('identityagent')
  const [jump, command, alias] = [one('proxyjump'), one('proxycommand'), one('hostkeyalias')]
  const checking = one('stricthostkeychecking')
  return {
    target,
    identityFiles: (settings.get('identityfile') ?? []).filter((file) => !usualIdentity.test(file) && file !== 'none').map(path),
    identitiesOnly: one('identitiesonly') === 'yes',
    ...(agent !== undefined && agent !== 'SSH_AUTH_SOCK' && { agent: agent === 'none' ? '' : agentPath(path(agent)) }),
    ...(jump !== undefined && jump !== 'none' && { jump }),
    ...(command !== undefined && command !== 'none' && { proxyCommand: expand(command, access, target) }),
    ...(named && { knownHostsFiles: [...files, ...globals].map(path) }),
    ...(alias !== undefined && { alias }),
    acceptNew: checking === 'accept-new',
    unchecked: checking === 'false' || checking === 'no' || checking === 'off',
    legacyAlgorithms: old.some(([name, algorithm]) => one(name)?.split(',').includes(algorithm)),
  }
}

/** None of these is among OpenSSH's defaults since 7.0: whoever names one means an old server. */
const old = [
  ['kexalgorithms', 'diffie-hellman-group1-sha1'],
  ['kexalgorithms', 'diffie-hellman-group14-sha1'],
  ['ciphers', '3des-cbc'],
  ['ciphers', 'aes128-cbc'],
  ['hostkeyalgorithms', 'ssh-dss'],
] as const

const agentPath = (path: string): string => (path.startsWith('$') ? (process.env[path.slice(1).replace(/[{}]/g, '')] ?? '') : path)

/** ssh_config(5), TOKENS: `ssh -G` prints them as they are written. */
function expand(text: string, access: Access, { address, port, user }: Pick<Access, 'address' | 'port' | 'user'>): string {
  const tokens: Readonly<Record<string, string>> = {
    '%': '%',
    d: homedir(),
    h: address,
    n: access.address,
    p: String(port),
    r: user,
    u: userInfo().username,
    i: String(process.getuid?.() ?? 0),
  }
  return text.replace(/%(.)/g, (whole, letter: string) => tokens[letter] ?? whole)
}

function expandPath(text: string, access: Access, target: Pick<Access, 'address' | 'port' | 'user'>): string {
  const path = text.startsWith('~/') ? join(homedir(), text.slice(2)) : text
  return expand(path, access, target)
}
