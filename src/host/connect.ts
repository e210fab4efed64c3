import { userInfo } from 'node:os'
import type { Access } from '../load/access.js'
import { bastions, readHop, type Through } from './jump.js'
import { type KnownHosts, parseKnownHosts } from './known-hosts.js'
import { openLocal } from './local.js'
import { connectOpenSsh, type OpenSshOptions } from './openssh.js'
import { type Passage, proxyCommand } from './proxy-command.js'
import { type Session, Unreachable } from './session.js'
import { type OpenClient, openClient, type SshOptions, sessionOver, unlockKeys } from './ssh.js'
import { type ConfigFiles, type Route, routeFinder } from './ssh-config.js'

/** How hosts are connected to, whatever the inventory says of them. */
export interface ConnectOptions extends SshOptions {
  /** --known-hosts: it wins over what ssh_config names. */
  readonly knownHostsSaid: boolean
  /** The files that the known host keys stand in. */
  readonly knownHostsFiles: readonly string[]
  /** The text of a known_hosts file; undefined: there is none. */
  read(file: string): string | undefined
  /** Where a key that was taken is kept, when ssh_config names other files. */
  saveKeyIn(file: string, line: string): void
  /** Where OpenSSH's configuration stands, if not at the usual places. */
  readonly configFiles?: ConfigFiles
}

const usualRoutes = routeFinder()

/** Asks for the passphrases of all keys that hosts and the jump hosts before them will need, each once; a host whose configuration cannot be read says so when it is connected to. */
export async function unlockAll(accesses: readonly Access[], ask: (question: string) => Promise<string | undefined>): Promise<void> {
  const found = new Map<Access, Route>()
  const left = [...accesses]
  const met = new Set<string>()
  const work = async (): Promise<void> => {
    for (let access = left.pop(); access; access = left.pop()) {
      const route = await usualRoutes(access).catch(() => undefined)
      if (!route) continue
      found.set(route.target, route)
      for (const hop of hopsBefore(route)) {
        if (!met.has(JSON.stringify(hop))) left.push(hop)
        met.add(JSON.stringify(hop))
      }
    }
  }
  await Promise.all([1, 2, 3, 4].map(work))
  await unlockKeys([...found.keys()], (target) => keysOf(found.get(target)!), ask)
}

/** The jump hosts that a route names, as hosts to log in to; what cannot be read as one is told when it is connected to. */
function hopsBefore({ target, jump }: Route): readonly Access[] {
  return (jump?.split(',') ?? []).filter(readHop).map((hop) => hopAccess(hop, configOf(target)))
}

/** The configuration file that `-F` names, '' for the usual ones. */
const configOf = ({ sshArgs = [] }: Access): string => (sshArgs.includes('-F') ? (sshArgs[sshArgs.lastIndexOf('-F') + 1] ?? '') : '')

const keysOf = ({ identityFiles, identitiesOnly, agent }: Route): Pick<SshOptions, 'keyFiles' | 'identitiesOnly' | 'agent'> => ({
  keyFiles: identityFiles,
  identitiesOnly,
  ...(agent !== undefined && { agent }),
})

/** What connects: one for a whole run, since bastions, configurations and known_hosts files are shared. */
export function connector(options: ConnectOptions): (access: Access) => Promise<Session> {
  const routeOf = options.configFiles ? routeFinder(options.configFiles) : usualRoutes
  const settle = settler(options)
  const pools = new Map<string, Through>()
  const poolFor = (config: string): Through => {
    const pool = pools.get(config) ?? bastions((chain, trail) => openHop(chain, config, trail))
    pools.set(config, pool)
    return pool
  }
  const open = async (access: Access, chain: string | undefined, trail: readonly string[]): Promise<OpenClient> => {
    const route = await routeOf(access)
    return openClient(route.target, settle(route), await passageTo(route, chain ?? route.jump, trail))
  }
  const forOpenSsh = async (access: Access): Promise<OpenSshOptions> => ({
    connectTimeout: options.connectTimeout,
    acceptNew: options.acceptNew || (await routeOf(access)).acceptNew,
    ...(options.knownHostsSaid && { knownHostsFiles: options.knownHostsFiles }),
  })
  const passageTo = async (route: Route, chain: string | undefined, trail: readonly string[]): Promise<Passage | undefined> => {
    const { address, port } = route.target
    if (chain === undefined) return route.proxyCommand === undefined ? undefined : proxyCommand(route.proxyCommand)
    return { socket: await poolFor(configOf(route.target))(chain, address, port, trail), said: () => '' }
  }
  const openHop = (chain: string, config: string, trail: readonly string[]): Promise<OpenClient> => {
    const hops = chain.split(',')
    const before = hops.slice(0, -1).join(',')
    return open(hopAccess(hops.at(-1) ?? '', config), before === '' ? undefined : before, trail)
  }
  return async (access) => {
    if (access.connection === 'local') return openLocal(access)
    // a password is nothing that ssh(1) could be given without a terminal: then our own way it is
    if (access.connection === 'ssh' && access.password === undefined) return connectOpenSsh(access, await forOpenSsh(access))
    return sessionOver(await open(access, undefined, []), access)
  }
}

/** A jump host is reached as its own ssh_config says; of the options of the host behind it, only the configuration's file counts. */
function hopAccess(text: string, config: string): Access {
  const hop = readHop(text)
  if (!hop) throw new Unreachable(`${text} is no jump host: write USER@HOST:PORT`, 'protocol')
  const { address, user, port } = hop
  const unsaid = [...(user === undefined ? (['user'] as const) : []), ...(port === undefined ? (['port'] as const) : [])]
  const names = { host: address, address, port: port ?? 22, user: user ?? userInfo().username }
  return { ...names, become: false, becomeUser: 'root', unsaid, ...(config !== '' && { sshArgs: ['-F', config] }) }
}

/** The options of one connection: what ssh_config says of keys and host keys, under what the command line says. */
function settler(options: ConnectOptions): (route: Route) => SshOptions {
  const known = new Map<string, KnownHosts>()
  const read = (files: readonly string[]): KnownHosts => {
    const key = files.join('\0')
    const found = known.get(key) ?? parseKnownHosts(files.map((file) => ({ file, text: options.read(file) ?? '' })))
    known.set(key, found)
    return found
  }
  return (route) => {
    const { knownHostsFiles: files, alias } = route
    const own = options.knownHostsSaid || files === undefined ? {} : { knownHosts: read(files), saveKey: saverTo(files[0], options) }
    return {
      ...options,
      ...own,
      acceptNew: options.acceptNew || route.acceptNew,
      ...keysOf(route),
      unchecked: route.unchecked,
      legacyAlgorithms: options.legacyAlgorithms === true || route.legacyAlgorithms || route.target.legacyAlgorithms === true,
      ...(alias !== undefined && { alias }),
    }
  }
}

const saverTo =
  (file: string | undefined, { saveKeyIn }: ConnectOptions) =>
  (line: string): void => {
    if (file !== undefined) saveKeyIn(file, line)
  }
