import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { readRuns } from '../history/runs.js'
import { readInventory } from '../load/inventory.js'
import { readPlaybooks, tagsOf } from '../load/playbook.js'
import { ansibleConfig } from './ansible-config.js'
import type { Asked } from './completion/words.js'
import type { Console } from './console.js'
import { disk, inventoriesOf, playbooksOf } from './files.js'
import { stateOf } from './record.js'

/** An inventory program may take so many milliseconds of somebody who waits for a completion. */
const patience = 2000

/** So many of the newest runs are told. */
const newest = 50

/** `holdfast __complete`: the names that a command line may hold, one a line; nothing where they cannot be read. */
export function complete(what: string, words: readonly string[], shipped: URL, { out }: Console): number {
  try {
    // a shell puts them into a command line: no other character is let through
    for (const name of new Set(namesOf(what as Asked, words, shipped))) if (/^[\w.-]+$/.test(name)) out.write(`${name}\n`)
  } catch {
    // half a command line is no mistake yet
  }
  return 0
}

function namesOf(what: Asked, words: readonly string[], shipped: URL): readonly string[] {
  if (what === 'tags') return tagsIn(words)
  if (what === 'runs') return runsOf(words)
  if (what === 'remedies') return readdirSync(shipped).flatMap((name) => /^(.*)\.yaml$/.exec(name)?.slice(1) ?? [])
  const { inventory } = readInventory(inventoriesOf(inventoryOf(words)), { ...disk, run: runQuickly })
  const groups = [...inventory.groups.keys()]
  return what === 'groups' ? groups : [...groups, ...inventory.hosts.keys()]
}

/** The tags of the playbooks that are named, or of those that are read where none is. */
function tagsIn(words: readonly string[]): readonly string[] {
  const inventories = valuesOf(words, ['-i', '--inventory'])
  const named = words.filter((word) => /\.ya?ml$/.test(word) && !inventories.includes(word) && existsSync(word))
  return readPlaybooks(playbooksOf(named), (path) => path, disk).plays.flatMap(tagsOf)
}

/** The newest runs of the history; for `rollback` those that changed something. */
function runsOf(words: readonly string[]): readonly string[] {
  const [state] = valuesOf(words, ['--state'])
  const runs = readRuns(stateOf({ ...inventoryOf(words), ...(state !== undefined && { state }) }), newest)
  const meant = words.includes('rollback') ? runs.filter(({ command, hosts }) => command !== 'plan' && hosts.some(isChanged)) : runs
  return meant.map(({ run }) => run)
}

const isChanged = ({ outcome, changes }: { readonly outcome: string; readonly changes: readonly unknown[] }): boolean =>
  changes.length > 0 && outcome !== 'pending'

/** The inventories that are named; else, where there is no inventory.yaml, that of `ansible.cfg`. */
function inventoryOf(words: readonly string[]): { readonly inventory?: readonly string[] } {
  const named = valuesOf(words, ['-i', '--inventory'])
  if (named.length > 0) return { inventory: named }
  const said = existsSync('inventory.yaml') ? undefined : ansibleConfig().settings.get('inventory')?.value
  return Array.isArray(said) ? { inventory: said } : {}
}

/** What stands behind an option: `-i FILE`, `-iFILE`, `--inventory FILE`, `--inventory=FILE`. */
const valuesOf = (words: readonly string[], spellings: readonly string[]): readonly string[] =>
  words
    .flatMap((word, at) => {
      if (spellings.includes(word)) return words.slice(at + 1, at + 2)
      const begin = spellings.map((one) => (one.startsWith('--') ? `${one}=` : one)).find((one) => word.startsWith(one))
      return begin === undefined ? [] : [word.slice(begin.length)]
    })
    .filter((value) => value !== '')
    .map((path) => path.replace(/^~(?=\/)/, homedir()))

function runQuickly(path: string, words: readonly string[]): ReturnType<typeof disk.run> {
  const { error, status, stdout } = spawnSync(resolve(path), words, {
    encoding: 'utf8',
    timeout: patience,
    killSignal: 'SIGKILL',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  if (error && /^(ENOEXEC|EACCES)$/.test((error as NodeJS.ErrnoException).code ?? '')) return undefined
  return error || status !== 0 ? { failure: 'it gave no answer' } : { stdout }
}
