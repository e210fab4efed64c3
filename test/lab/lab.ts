import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Captured, type CaptureOptions, capture, must } from './capture.js'
import { bootHost, type LabHost, type Wiring } from './host.js'
import { inventory, knownHosts } from './inventory.js'
import { startKeeper } from './keeper.js'
import { makeLayer } from './layer.js'
import type { HostSpec } from './spec.js'

export type { Captured, CaptureOptions } from './capture.js'
export type { LabHost } from './host.js'
export type { Kind } from './kinds.js'
export type { HostSpec } from './spec.js'
export type { ScriptVariant } from './variant.js'

/** Hosts on a network of their own, and a controller's place on it (198.18.0.1, fd00:198:18::1). */
export interface Lab {
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

/** Starts hosts, all at once (those behind another one after it); on failure nothing is left. */
export const startLab = async (specs: readonly HostSpec[]): Promise<Lab> => {
  const keeper = await startKeeper()
  const { dir } = keeper
  const hosts: LabHost[] = []
  const layers = new Map<string, Promise<string>>()
  const places = new Map<string, number>()

  const layer = (spec: HostSpec): Promise<string> => {
    const { kind, backend, files, hide, script, rootShell } = spec
    const key = JSON.stringify({ kind, backend, files, hide, script, rootShell })
    const made = layers.get(key) ?? makeLayer(keeper, `layer-${layers.size}`, spec)
    layers.set(key, made)
    return made
  }
  const wiring = (spec: HostSpec, routes: boolean): Wiring => {
    const place = places.size + 1
    places.set(spec.name, place)
    const router = spec.behind === undefined ? undefined : hosts.find((host) => host.name === spec.behind)
    if (spec.behind !== undefined && !router) throw new Error(`${spec.name} is behind ${spec.behind}, which is not up`)
    const own = wire(place, router ? places.get(router.name)! : 0)
    const lan = wire(1, place)
    return {
      ...own,
      peer: () => router?.pid ?? keeper.pid,
      bridge: router ? 'lan' : 'br0',
      ip: [...(routes ? lanOf(lan) : []), ...(spec.ip ?? [])],
      forward: routes,
    }
  }
  const describe = (): void => {
    writeFileSync(join(dir, 'known_hosts'), knownHosts(hosts, dir))
    writeFileSync(join(dir, 'inventory.yaml'), inventory(hosts, dir))
  }
  const up = async (spec: HostSpec, all: readonly HostSpec[]): Promise<void> => {
    if (places.has(spec.name)) throw new Error(`two hosts are named ${spec.name}`)
    const routes = all.some((other) => other.behind === spec.name)
    const wired = wiring(spec, routes)
    if (routes) await must(inController(['ip', '-batch', '-']), { stdin: routesTo(places.get(spec.name)!, wired) })
    hosts.push(await bootHost(keeper, spec, wired, await layer(spec)))
  }
  const inController = (argv: readonly string[]): string[] => ['nsenter', `--net=/proc/${keeper.pid}/ns/net`, ...argv]

  try {
    await must(['sh', '-eu', '-c', 'for key in id_ed25519 host_key; do ssh-keygen -q -t ed25519 -N "" -C lab -f "$0/$key"; done', dir])
    await Promise.all(specs.filter((spec) => spec.behind === undefined).map((spec) => up(spec, specs)))
    await Promise.all(specs.filter((spec) => spec.behind !== undefined).map((spec) => up(spec, specs)))
    hosts.sort((one, other) => specs.findIndex((spec) => spec.name === one.name) - specs.findIndex((spec) => spec.name === other.name))
    describe()
  } catch (error) {
    await keeper.stop()
    throw error
  }
  return {
    hosts,
    pid: keeper.pid,
    dir,
    host: (name) => {
      const found = hosts.find((host) => host.name === name)
      if (!found) throw new Error(`no host ${name} in the lab`)
      return found
    },
    run: (argv, options) => capture(inController(argv), options),
    addHost: async (spec) => {
      await up(spec, [])
      describe()
      return hosts.at(-1)!
    },
    stop: keeper.stop,
  }
}

// net 0 = the bridge, 198.18.0.0/16; net N = what lies behind the host of place N, 198.19.N.0/24
const wire = (place: number, net: number) => {
  const last = place + 10
  const octets = net === 0 ? [198, 18, last >> 8, last & 255] : [198, 19, net, place === 1 ? 1 : last]
  return {
    address: `${octets.join('.')}/${net === 0 ? 16 : 24}`,
    address6: net === 0 ? `fd00:198:18::${last.toString(16)}/64` : `fd00:198:19:${net.toString(16)}::${octets[3]!.toString(16)}/64`,
    gateway: net === 0 ? '198.18.0.1' : `198.19.${net}.1`,
    gateway6: net === 0 ? 'fd00:198:18::1' : `fd00:198:19:${net.toString(16)}::1`,
    mac: `02:00:${octets.map((octet) => octet.toString(16).padStart(2, '0')).join(':')}`,
    port: (boot: number) => `v${place}-${boot}`,
  }
}

const lanOf = ({ address, address6 }: { readonly address: string; readonly address6: string }): readonly string[] => [
  'link add lan type bridge stp_state 0 forward_delay 0 mcast_snooping 0',
  'link set lan up',
  `address add ${address} dev lan`,
  `address add ${address6} dev lan nodad`,
]

const routesTo = (net: number, { address, address6 }: Wiring): string =>
  `route add 198.19.${net}.0/24 via ${address.split('/')[0]}\nroute add fd00:198:19:${net.toString(16)}::/64 via ${address6.split('/')[0]}\n`
