import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { readInventory } from '../load/inventory.js'
import { ansibleConfig } from './ansible-config.js'
import type { Console } from './console.js'
import { disk, inventoriesOf } from './files.js'

/** An inventory program may take so many milliseconds of somebody who waits for a completion. */
const patience = 2000

/** `holdfast __complete`: the names that the inventory of a command line knows, one a line; nothing where it cannot be read. */
export function complete(what: string, words: readonly string[], { out }: Console): number {
  const named = inventoriesIn(words)
  try {
    const { inventory } = readInventory(inventoriesOf(named.length > 0 ? { inventory: named } : saidByAnsible()), {
      ...disk,
      run: runQuickly,
    })
    const groups = [...inventory.groups.keys()]
    const names = what === 'groups' ? groups : [...groups, ...inventory.hosts.keys()]
    // a shell puts them into a command line: no other character is let through
    for (const name of new Set(names)) if (/^[\w.-]+$/.test(name)) out.write(`${name}\n`)
  } catch {
    // half a command line is no mistake yet
  }
  return 0
}

/** The inventory of `ansible.cfg`, where no other is there. */
function saidByAnsible(): { readonly inventory?: readonly string[] } {
  const said = existsSync('inventory.yaml') ? undefined : ansibleConfig().settings.get('inventory')?.value
  return Array.isArray(said) ? { inventory: said } : {}
}

/** What stands behind -i: `-i FILE`, `-iFILE`, `--inventory FILE`, `--inventory=FILE`. */
const inventoriesIn = (words: readonly string[]): readonly string[] =>
  words
    .flatMap((word, at) => {
      if (word === '-i' || word === '--inventory') return words.slice(at + 1, at + 2)
      const [, joined] = /^(?:-i|--inventory=)(.+)$/s.exec(word) ?? []
      return joined === undefined ? [] : [joined]
    })
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
