import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { Mistake, type Options } from './options.js'

/** The disk as load sees it: undefined where there is no such file or folder. Other errors (no permission) are a Mistake. */
export const disk = {
  read: (path: string): string | undefined => orAbsent(path, () => readFileSync(path, 'utf8')),
  list: (folder: string): readonly string[] | undefined => orAbsent(folder, () => readdirSync(folder).sort()),
}

const absent = ['ENOENT', 'ENOTDIR', 'EISDIR']

function orAbsent<T>(path: string, read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== undefined && absent.includes(code)) return undefined
    throw new Mistake(`${path} cannot be read: ${message}`)
  }
}

/** The inventories that were named, or inventory.yaml; a Mistake where one is not there. */
export function inventoriesOf({ inventory }: Pick<Options, 'inventory'>): readonly string[] {
  if (!inventory && !existsSync('inventory.yaml')) throw new Mistake('there is no inventory.yaml here; name an inventory with -i FILE')
  return (inventory ?? ['inventory.yaml']).map((path) => present('inventory', path))
}

/** The playbooks that were named, or those directly in playbooks/; a Mistake where there is none. */
export function playbooksOf(named: readonly string[]): readonly string[] {
  const kept = named.find((path) => path.endsWith('.json'))
  if (kept !== undefined) throw new Mistake(`${kept} is no playbook (a YAML file); a kept plan is for apply, alone`)
  const found = (disk.list('playbooks') ?? []).filter((name) => /\.ya?ml$/.test(name)).map((name) => `playbooks/${name}`)
  if (named.length === 0 && found.length === 0) throw new Mistake('there are no playbooks/*.yaml here; name a playbook')
  const folder = named.find((path) => present('playbook', path) && statSync(path).isDirectory())
  if (folder !== undefined) throw new Mistake(`${folder} is a folder; name the playbooks in it`)
  return named.length > 0 ? named : found
}

function present(kind: string, path: string): string {
  if (!existsSync(path)) throw new Mistake(`there is no ${kind} ${path}`)
  return path
}
