import { lookup } from 'node:dns/promises'
import { homedir, hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Converge } from '../engine.js'
import type { Session } from '../host/session.js'
import type { LoadInput, loadRun } from '../load/load.js'
import type { Recall } from '../plan.js'
import type { Target } from '../types.js'
import { disk } from './files.js'
import { knownHostsFiles, saveKey } from './known-hosts.js'
import type { FleetOptions } from './options.js'
import { userName } from './user.js'

/** The parts that a command is made of, each loaded when it is needed. */
export interface Parts {
  load(input: Pick<LoadInput, 'inventory' | 'playbooks' | 'limit' | 'tags' | 'extraVars' | 'prune'>): ReturnType<typeof loadRun>
  engine(order: EngineOrder): Promise<Converge>
}

export interface EngineOrder {
  readonly run: string
  readonly apply: boolean
  readonly options: FleetOptions
  /** What this controller adds to what a host says of itself. */
  readonly recall?: (host: string) => Recall
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

/** Seconds that one script on a host may take. */
const commandTimeout = 300

async function startEngine({ run, apply, options, recall, say }: EngineOrder): Promise<Converge> {
  const { aimOf } = await import('../aim.js')
  const { converge } = await import('../host/converge.js')
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
  const connect = (target: Target): Promise<Session> => connectSsh(target, { knownHosts, acceptNew, saveKey: keep, connectTimeout })
  const fixed = { run, apply, who: `${userName()}@${hostname()}`, confirmTimeout, lockTimeout, connectTimeout, commandTimeout, connect }
  return (item, { onStage, signal }) =>
    converge(item, { ...fixed, onStage: (_, stage) => onStage(stage), signal }, aimOf(item.want, recall?.(item.target.host)))
}
