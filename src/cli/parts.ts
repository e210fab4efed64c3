import { lookup } from 'node:dns/promises'
import { homedir, hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Converge, FleetHost, Stage } from '../engine.js'
import type { Clock } from '../fleet/watch.js'
import type { ConvergeOptions } from '../host/converge.js'
import type { Session } from '../host/session.js'
import type { Stopwatch } from '../host/stopwatch.js'
import type { LoadInput, loadRun } from '../load/load.js'
import type { loadNamed, NamedInput } from '../load/named.js'
import type { Recall } from '../plan.js'
import type { HostResult } from '../shown.js'
import type { Target } from '../types.js'
import { ansibleConfig } from './ansible-config.js'
import { connectionDefaults } from './ansible-settings.js'
import { disk } from './files.js'
import { knownHostsFiles, saveKey } from './known-hosts.js'
import type { FleetOptions } from './options.js'
import { userName } from './user.js'

/** The parts that a command is made of, each loaded when it is needed. */
export interface Parts {
  load(
    input: Pick<LoadInput, 'inventory' | 'playbooks' | 'limit' | 'shard' | 'tags' | 'extraVars' | 'prune' | 'everyHost'> &
      Partial<Pick<LoadInput, 'files'>>,
  ): ReturnType<typeof loadRun>
  /** The hosts that patterns name, without any play. */
  named(input: Pick<NamedInput, 'inventory' | 'patterns' | 'limit' | 'shard' | 'extraVars'>): ReturnType<typeof loadNamed>
  engine(order: EngineOrder): Promise<Converge>
  /** What time it is for a watch; the machine's clock where it is not said. */
  readonly clock?: Clock
}

/** One host's way through a run. */
export type Way = (item: FleetHost, options: ConvergeOptions, recall: Recall | undefined) => Promise<HostResult>

export interface EngineOrder {
  readonly run: string
  readonly apply: boolean
  readonly options: FleetOptions
  /** What this controller adds to what a host says of itself. */
  readonly recall?: (host: string) => Recall
  /** Tells people something that belongs to no host. */
  readonly say: (text: string) => void
  /** Where it is not the usual one. */
  readonly way?: Way
}

/** The real parts. `shipped` is the folder of the playbooks that come with the package. */
export function realParts(shipped: URL): Parts {
  const here = () => {
    const connection = connectionDefaults(ansibleConfig().settings)
    return { files: disk, lookup: addressesOf, user: userName(), home: homedir(), connection }
  }
  return {
    async load(input) {
      const { loadRun } = await import('../load/load.js')
      return loadRun({ ...here(), ...input, cwd: process.cwd(), shippedProfiles: fileURLToPath(new URL('profiles', shipped)) })
    },
    async named(input) {
      const { loadNamed } = await import('../load/named.js')
      return loadNamed({ ...input, ...here() })
    },
    engine: startEngine,
  }
}

const addressesOf = async (name: string): Promise<readonly string[]> => (await lookup(name, { all: true })).map(({ address }) => address)

/** `kim@jump1`. */
export const whoRuns = (): string => `${userName()}@${hostname()}`

/** Seconds that one script on a host may take. */
const commandTimeout = 300

async function startEngine({ run, apply, options, recall, say, way }: EngineOrder): Promise<Converge> {
  const { aimOf, widely } = await import('../aim.js')
  const { onlyCauses } = await import('../causes.js')
  const { converge } = await import('../host/converge.js')
  const { afterChange } = await import('../host/on-change.js')
  const { connector } = await import('../host/connect.js')
  const { parseKnownHosts } = await import('../host/known-hosts.js')
  const { acceptNewHostKeys: acceptNew, confirmTimeout, lockTimeout, connectTimeout } = options
  const files = knownHostsFiles(options)
  const knownHosts = parseKnownHosts(files)
  if (options.verbose) for (const note of knownHosts.notes) say(note)
  const saveKeyIn = (file: string, line: string): void => {
    const failure = saveKey(file, line)
    if (failure) say(failure)
  }
  const { startStopwatch, timed } = await import('../host/stopwatch.js')
  const watches = new Map<string, Stopwatch>()
  const connected = connector({
    stopwatch: (host) => watches.get(host),
    ...{
      knownHosts,
      acceptNew,
      connectTimeout,
      knownHostsSaid: options.knownHosts !== undefined,
      knownHostsFiles: files.map(({ file }) => file),
    },
    ...{ read: disk.read, saveKeyIn, saveKey: (line: string) => saveKeyIn(files[0]!.file, line) },
  })
  const connect = (target: Target): Promise<Session> => {
    const watch = watches.get(target.host)
    return watch ? timed(watch, () => connected(target)) : connected(target)
  }
  const keeps = options.out !== undefined
  const fixed = { run, apply, keeps, who: whoRuns(), confirmTimeout, lockTimeout, connectTimeout, commandTimeout, connect }
  const { cause, wide } = options
  const aimFor: typeof aimOf = (want, recalled = {}) => {
    const aim = cause ? onlyCauses(cause, want, recalled) : aimOf(want, recalled)
    return wide ? widely(aim) : aim
  }
  const usual: Way = async (item, given, recalled) => afterChange(item, given, await converge(item, given, aimFor(item.want, recalled)))
  return async (item, { onStage, signal }) => {
    const { host } = item.target
    const watch = options.timing ? startStopwatch() : undefined
    if (watch) watches.set(host, watch)
    const toStage = (stage: Stage): void => {
      watch?.stage(stage)
      onStage(stage)
    }
    const result = await (way ?? usual)(item, { ...fixed, onStage: (_, stage) => toStage(stage), signal }, recall?.(host))
    watches.delete(host)
    return watch ? { ...result, timing: watch.read() } : result
  }
}
