import type { LoadedHost, Run } from '../load/load.js'
import { problemsJson, problemsText } from '../report/problems.js'
import { show } from '../report/style.js'
import { type Shard, sayShard } from '../shard.js'
import type { Console } from './console.js'
import { inventoriesOf, playbooksOf } from './files.js'
import type { FleetOptions, Options } from './options.js'
import { readingFiles } from './own-timing.js'
import type { Parts } from './parts.js'

type Asked = Options & Partial<Pick<FleetOptions, 'prune' | 'shard'>> & { readonly everyHost?: boolean }

/** The hosts of a run; undefined where the files have problems, which are then printed: exit 1. */
export async function loadHosts(
  named: readonly string[] | undefined,
  options: Asked,
  parts: Parts,
  console: Console,
): Promise<readonly LoadedHost[] | undefined> {
  return (await loadFleet(named, options, parts, console))?.hosts
}

/** The same, with the names of the whole fleet where the run is of a shard. */
export async function loadFleet(
  named: readonly string[] | undefined,
  options: Asked,
  parts: Parts,
  console: Console,
): Promise<Omit<Run, 'notes'> | undefined> {
  const { limit, shard, tags, extraVars, prune, everyHost } = options
  const loaded = await readingFiles(
    parts.load({
      inventory: inventoriesOf(options),
      playbooks: named === undefined ? [] : playbooksOf(named),
      extraVars,
      ...(limit === undefined ? {} : { limit }),
      ...(shard === undefined ? {} : { shard }),
      ...(tags === undefined ? {} : { tags }),
      ...(prune === undefined ? {} : { prune }),
      ...(everyHost === undefined ? {} : { everyHost }),
    }),
  )
  if ('problems' in loaded) {
    console.err.write(problemsText(loaded.problems, console.err.style))
    if (options.json) console.out.write(problemsJson(loaded.problems))
    return undefined
  }
  for (const note of loaded.notes) console.err.write(`note: ${show(note, console.err.style)}\n`)
  if (shard) tellShard(shard, loaded.hosts, loaded.fleet ?? [], console)
  return loaded
}

/** Says how many of the fleet's hosts a shard has: none is no mistake. */
export function tellShard(shard: Shard, hosts: readonly unknown[], fleet: readonly unknown[], { err }: Console): void {
  err.write(`note: shard ${sayShard(shard)} has ${hosts.length || 'none'} of ${fleet.length} ${fleet.length === 1 ? 'host' : 'hosts'}\n`)
}
