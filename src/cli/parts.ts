import { lookup } from 'node:dns/promises'
import { homedir, userInfo } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Converge } from '../fleet/engine.js'
import type { LoadInput, loadRun } from '../load/load.js'
import { disk } from './files.js'
import { knownHostsFiles, saveKey } from './known-hosts.js'
import type { FleetOptions } from './options.js'

/** The parts that a command is made of, each loaded when it is needed. */
export interface Parts {
  load(input: Pick<LoadInput, 'inventory' | 'playbooks' | 'limit' | 'tags' | 'extraVars' | 'prune'>): ReturnType<typeof loadRun>
  engine(order: EngineOrder): Promise<Converge>
}

export interface EngineOrder {
  readonly run: string
  readonly apply: boolean
  readonly options: FleetOptions
  /** Tells people something that belongs to no host. */
  readonly say: (text: string) => void
}

/** The real parts. `shipped` is the folder of the playbooks that come with the package. */
export function realParts(shipped: URL): Parts {
  return {
    async load(input) {
      const { loadRun } = await import('../load/load.js')
      const here = {
        files: disk,
        lookup: addressesOf,
        user: userName(),
        home: homedir(),
        shippedProfiles: fileURLToPath(new URL('profiles', shipped)),
      }
      return loadRun({ ...input, ...here })
    },
    engine: startEngine,
  }
}

const addressesOf = async (name: string): Promise<readonly string[]> => (await lookup(name, { all: true })).map(({ address }) => address)

function userName(): string {
  try {
    return userInfo().username
  } catch {
    return process.env.USER ?? 'root' // a uid without a name, as in some containers
  }
}

/** Seconds that one script on a host may take. */
const commandTimeout = 300

async function startEngine({ run, apply, options, say }: EngineOrder): Promise<Converge> {
  const { converge } = await importEngine()
  const { connectSsh } = await import('../host/ssh.js')
  const { parseKnownHosts } = await import('../host/known-hosts.js')
  const { acceptNewHostKeys: acceptNew, confirmTimeout, lockTimeout, connectTimeout } = options
  const files = knownHostsFiles(options)
  const knownHosts = parseKnownHosts(files)
  if (options.verbose) for (const note of knownHosts.notes) say(note)
  const keep = (line: string): void => {
    const failure = saveKey(files[0]!.file, line)
    if (failure) say(failure)
  }
  const connect: Connect = (target) => connectSsh(target, { knownHosts, acceptNew, saveKey: keep, connectTimeout })
  const timeouts = { confirmTimeout, lockTimeout, connectTimeout, commandTimeout }
  return (item, { onStage, signal }) => converge(item, { run, apply, ...timeouts, connect, onStage: (_, stage) => onStage(stage), signal })
}

type Connect = (target: Parameters<Converge>[0]['target']) => Promise<import('../host/session.js').Session>

type Engine = (
  item: Parameters<Converge>[0],
  options: {
    readonly run: string
    readonly apply: boolean
    readonly confirmTimeout: number
    readonly lockTimeout: number
    readonly connectTimeout: number
    readonly commandTimeout: number
    readonly connect: Connect
    readonly onStage: (host: string, stage: import('../fleet/engine.js').Stage) => void
    readonly signal: AbortSignal
  },
) => ReturnType<Converge>

/** The engine, by a name that the compiler does not follow until it is there. */
async function importEngine(): Promise<{ readonly converge: Engine }> {
  const file: string = '../host/converge.js'
  return await import(file)
}
