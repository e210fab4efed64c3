import type { LoadedHost } from '../load/load.js'
import { problemsJson, problemsText } from '../report/problems.js'
import { show } from '../report/style.js'
import type { Console } from './console.js'
import { inventoriesOf, playbooksOf } from './files.js'
import type { FleetOptions, Options } from './options.js'
import type { Parts } from './parts.js'

/** The hosts of a run; undefined where the files have problems, which are then printed: exit 1. */
export async function loadHosts(
  named: readonly string[] | undefined,
  options: Options & Partial<Pick<FleetOptions, 'prune'>> & { readonly everyHost?: boolean },
  parts: Parts,
  console: Console,
): Promise<readonly LoadedHost[] | undefined> {
  const { limit, tags, extraVars, prune, everyHost } = options
  const loaded = await parts.load({
    inventory: inventoriesOf(options),
    playbooks: named === undefined ? [] : playbooksOf(named),
    extraVars,
    ...(limit === undefined ? {} : { limit }),
    ...(tags === undefined ? {} : { tags }),
    ...(prune === undefined ? {} : { prune }),
    ...(everyHost === undefined ? {} : { everyHost }),
  })
  if ('problems' in loaded) {
    console.err.write(problemsText(loaded.problems, console.err.style))
    if (options.json) console.out.write(problemsJson(loaded.problems))
    return undefined
  }
  for (const note of loaded.notes) console.err.write(`note: ${show(note, console.err.style)}\n`)
  return loaded.hosts
}
