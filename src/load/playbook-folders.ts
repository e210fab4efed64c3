import { folderOf, join } from './files.js'
import { type Inventory, readInventory } from './inventory.js'
import type { LoadInput } from './load.js'
import type { Play } from './playbook.js'

/** The folders whose group_vars/ and host_vars/ hold beside the inventory's: those of the playbooks, or where none is named, those where one would be looked for. */
export function playbookFolders(playbooks: readonly string[]): readonly string[] {
  return playbooks.length === 0 ? ['.', 'playbooks'] : [...new Set(playbooks.map(folderOf))]
}

/** The inventory as each play sees it: with the variables beside its own playbook, where the playbooks of a run stand in several folders. */
export function inventories(
  { inventory: paths, files }: Pick<LoadInput, 'inventory' | 'files'>,
  whole: Inventory,
  folders: readonly string[],
): (play: Play) => Inventory {
  const holding = folders.filter((folder) => ['group_vars', 'host_vars'].some((kind) => files.list(join(folder, kind))))
  if (holding.length === 0 || folders.length === 1) return () => whole
  const known = new Map(folders.map((folder) => [folder, readInventory(paths, files, [folder]).inventory]))
  return (play) => known.get(folderOf(play.document.file)) ?? whole
}
