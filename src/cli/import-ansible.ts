import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { type Imported, importPlaybooks } from '../import/import.js'
import { type Inventoried, inventoried, noInventory } from '../import/inventoried.js'
import { readInventory } from '../load/inventory.js'
import { playbookFolders } from '../load/playbook-folders.js'
import { problemsJson, problemsText } from '../report/problems.js'
import { paint, show } from '../report/style.js'
import type { Problem } from '../types.js'
import type { Console } from './console.js'
import { disk } from './files.js'
import type { ImportOptions } from './importing.js'
import { Mistake } from './options.js'
import { putWhole } from './put.js'

/** `holdfast import-ansible`: 0 where all was turned, 2 where something was left, 1 where a file could not be read. */
export function importAnsible(playbooks: readonly string[], options: ImportOptions, { out, err }: Console): number {
  for (const path of playbooks) if (disk.read(path) === undefined) throw new Mistake(`there is no playbook ${path}`)
  const known = inventoryOf(
    options.inventory ?? (existsSync('inventory.yaml') ? ['inventory.yaml'] : undefined),
    playbookFolders(playbooks),
  )
  const imported = 'problems' in known ? known : importPlaybooks(playbooks, disk, known.inventory, options.rolesPath ?? rolesPath())
  if ('problems' in imported) {
    err.write(problemsText(imported.problems, err.style))
    if (options.json) out.write(problemsJson(imported.problems))
    return 1
  }
  if (options.out !== undefined) putWhole('playbook', options.out, imported.playbook)
  if (options.json) out.write(`${JSON.stringify(imported, shown, 2)}\n`)
  else if (options.out === undefined) out.write(imported.playbook)
  const far = farVariables(playbooks, imported.playbook, options.out)
  tell(far === undefined ? imported : { ...imported, notes: [...imported.notes, far] }, options.out, err)
  return imported.left.length > 0 ? 2 : 0
}

/** Where Ansible looks for roles when nobody says where. */
const rolesPath = (): readonly string[] => [join(homedir(), '.ansible/roles'), '/usr/share/ansible/roles', '/etc/ansible/roles']

/** The excerpt of a file is for people. */
const shown = (key: string, value: unknown): unknown => (key === 'excerpt' ? undefined : value)

function inventoryOf(
  inventory: readonly string[] | undefined,
  folders: readonly string[],
): { readonly problems: readonly Problem[] } | { readonly inventory: Inventoried } {
  const missing = inventory?.find((path) => !path.includes(',') && !existsSync(path))
  if (missing !== undefined) throw new Mistake(`there is no inventory ${missing}`)
  if (inventory === undefined) return { inventory: noInventory }
  const { inventory: read, problems } = readInventory(inventory, disk, folders)
  return problems.length > 0 ? { problems } : { inventory: inventoried(read) }
}

/** Variables beside the Ansible playbook are not beside the turned one where that goes elsewhere: `-` counts as a file of the current folder. */
function farVariables(playbooks: readonly string[], text: string, out: string | undefined): string | undefined {
  const here = resolve(out === undefined ? '.' : dirname(out))
  const beside = playbooks
    .map((path) => dirname(path))
    .filter((folder) => resolve(folder) !== here)
    .flatMap((folder) => ['group_vars', 'host_vars'].map((kind) => join(folder, kind)))
    .find((folder) => existsSync(folder))
  if (beside === undefined || !/\{\{ (?!groups\.)/.test(text)) return undefined
  return `its variables may stand in ${beside}/, which counts only for playbooks beside it: say --out ${join(dirname(beside), 'holdfast.yaml')}, or start plan - in that folder`
}

function tell({ left, notes, others }: Imported, file: string | undefined, { write, style }: Console['err']): void {
  for (const { file: from, line, column, module, message } of left)
    write(`${paint(`${show(from, style)}:${line}:${column}`, 'bold', style)} ${show(module, style)}: ${show(message, style)}\n`)
  for (const note of notes) write(`note: ${show(note, style)}\n`)
  const names = Object.entries(others).map(([module, count]) => (count === 1 ? module : `${count} ${module}`))
  if (names.length > 0) write(`note: not about kernel parameters or iptables, and left to Ansible: ${show(names.join(', '), style)}\n`)
  if (left.length > 0)
    write(`${left.length === 1 ? '1 thing was' : `${left.length} things were`} not turned: see above, and the comments in the playbook\n`)
  else write('all of it was turned\n')
  if (file !== undefined) write(`written to ${show(file, style)}; check it with: holdfast validate ${show(file, style)}\n`)
}
