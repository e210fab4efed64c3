import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Captured, type CaptureOptions, capture, must } from './capture.js'
import { bootHost, type LabHost, type Wiring } from './host.js'
import { inventory, knownHosts } from './inventory.js'
import { type Keeper, startKeeper } from './keeper.js'
import { makeLayer } from './layer.js'
import { ensureNeeds } from './needs.js'
import { bare, lan, placeOn, routes } from './network.js'
import type { HostSpec } from './spec.js'

export type { Captured, CaptureOptions } from './capture.js'
export type { LabHost } from './host.js'
export type { Kind } from './kinds.js'
export type { HostSpec } from './spec.js'
export type { ScriptVariant } from './variant.js'

/** Hosts on a network of their own, and a controller's place on it (198.18.0.1, fd00:198:18::1). */
export interface Lab {
  /** In the order of the specs, then those added. */
  readonly hosts: readonly LabHost[]
  host(name: string): LabHost
  /** Process that holds the controller's network namespace. */
  readonly pid: number
  /** Folder with `id_ed25519`, `known_hosts` and `inventory.yaml`. */
  readonly dir: string
  /** Runs a command on the machine, with the controller's network. */
  run(argv: readonly string[], options?: CaptureOptions): Promise<Captured>
  addHost(spec: HostSpec): Promise<LabHost>
  /** Ends everything; nothing of the lab is left. */
  stop(): Promise<void>
}

export interface LabOptions {
  /** The lab outlives this process, until `stopKept`. */
  readonly keep?: boolean
}

/** Starts hosts, all at once (those behind another one after it); on failure nothing is left. */
export const startLab = async (specs: readonly HostSpec[], options: LabOptions = {}): Promise<Lab> => {
  await ensureNeeds()
  const keeper = await startKeeper(options.keep ?? false)
  try {
    await must([
      'sh',
      '-eu',
      '-c',
      'for key in id_ed25519 host_key; do ssh-keygen -q -t ed25519 -N "" -C lab -f "$0/$key"; done',
      keeper.dir,
    ])
    const add = adder(keeper)
    const direct = await Promise.all(specs.filter((spec) => spec.behind === undefined).map((spec) => add(spec, specs)))
    const behind = await Promise.all(specs.filter((spec) => spec.behind !== undefined).map((spec) => add(spec, specs)))
    const hosts = [...direct, ...behind].sort((one, other) => specs.indexOf(one.spec) - specs.indexOf(other.spec))
    describe(keeper.dir, hosts)
    return labOf(keeper, hosts, add)
  } catch (error) {
    await keeper.stop()
    throw error
  }
}

type Add = (spec: HostSpec, all: readonly HostSpec[]) => Promise<LabHost>

const labOf = (keeper: Keeper, hosts: LabHost[], add: Add): Lab => ({
  hosts,
  pid: keeper.pid,
  dir: keeper.dir,
  host: (name) => {
    const found = hosts.find((host) => host.name === name)
    if (!found) throw new Error(`no host ${name} in the lab`)
    return found
  },
  run: (argv, options) => capture(inController(keeper, argv), options),
  addHost: async (spec) => {
    const host = await add(spec, [])
    hosts.push(host)
    describe(keeper.dir, hosts)
    return host
  },
  stop: keeper.stop,
})

const inController = (keeper: Keeper, argv: readonly string[]): string[] => ['nsenter', `--net=/proc/${keeper.pid}/ns/net`, ...argv]

const describe = (dir: string, hosts: readonly LabHost[]): void => {
  writeFileSync(join(dir, 'known_hosts'), knownHosts(hosts, dir))
  writeFileSync(join(dir, 'inventory.yaml'), inventory(hosts, dir))
}

const adder = (keeper: Keeper): Add => {
  const layers = new Map<string, Promise<string>>()
  const up = new Map<string, LabHost>()
  const numbers = new Map<string, number>()

  const layer = (spec: HostSpec): Promise<string> => {
    const { kind, backend, files, links, hide, script, rootShell, users } = spec
    const key = JSON.stringify({ kind, backend, files, links, hide, script, rootShell, users })
    const made = layers.get(key) ?? makeLayer(keeper, `layer-${layers.size}`, spec)
    layers.set(key, made)
    return made
  }
  return async (spec, all) => {
    if (numbers.has(spec.name)) throw new Error(`two hosts are named ${spec.name}`)
    const number = numbers.size + 11
    numbers.set(spec.name, number)
    const router = spec.behind === undefined ? undefined : up.get(spec.behind)
    if (spec.behind !== undefined && !router) throw new Error(`${spec.name} is behind ${spec.behind}, which is not up`)
    const forward = all.some((other) => other.behind === spec.name)
    const net = router ? numbers.get(router.name)! : 0
    const place = placeOn(net, number)
    const gateway = placeOn(net, 1)
    const wiring: Wiring = {
      ...place,
      gateway: bare(gateway.address),
      gateway6: bare(gateway.address6),
      peer: () => router?.pid ?? keeper.pid,
      port: (boot) => `v${number}-${boot}`,
      bridge: router ? 'lan' : 'br0',
      ip: [...(forward ? lan(number) : []), ...(spec.ip ?? [])],
      forward,
    }
    if (forward) await must(inController(keeper, ['ip', '-batch', '-']), { stdin: `${routes(number, place).join('\n')}\n` })
    const host = await bootHost(keeper, spec, wiring, await layer(spec))
    up.set(spec.name, host)
    return host
  }
}
