import { spawnSync } from 'node:child_process'
import { accessSync, closeSync, constants, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { knownTexts } from './known-texts.js'
import { Mistake, type Options } from './options.js'
import { unvault } from './vault.js'

/** The disk as load sees it: undefined where there is no such file or folder. Other errors (no permission) are a Mistake. */
export const disk = {
  read: (path: string): string | undefined => (path === '-' ? fromStdin() : orAbsent(path, () => readText(path))),
  list: (folder: string): readonly string[] | undefined => orAbsent(folder, () => readdirSync(folder).sort()),
  run: runInventory,
  unvault,
  known: knownTexts,
}

/** What an inventory program prints; undefined where the file is not to be run, or is no program although it may be run (a mount without modes). */
function runInventory(path: string, words: readonly string[]): { readonly stdout: string } | { readonly failure: string } | undefined {
  try {
    accessSync(path, constants.X_OK)
    if (!statSync(path).isFile()) return undefined
  } catch {
    return undefined
  }
  const { error, status, signal, stdout, stderr } = spawnSync(resolve(path), words, { encoding: 'utf8', maxBuffer: most, timeout: 120_000 })
  if (error && /^(ENOEXEC|EACCES)$/.test((error as NodeJS.ErrnoException).code ?? '')) return undefined
  if (error) return { failure: `failed: ${error.message}` }
  const said = stderr.trim().split('\n').slice(-3).join('; ')
  return status === 0 ? { stdout } : { failure: `ended with ${status ?? signal}${said === '' ? '' : `: ${said}`}` }
}

const absent = ['ENOENT', 'ENOTDIR', 'EISDIR']

/** More than any file may hold: what is longer is read this far, and then told to be too long. */
const most = 64_000_004

/** The text of a file or of a pipe that the shell made (`-i <(generate)`); a device or a socket could go on for ever. */
function readText(path: string): string {
  const stats = statSync(path)
  if (stats.isDirectory()) throw Object.assign(new Error('it is a folder'), { code: 'EISDIR' })
  if (!stats.isFile() && !(stats.isFIFO() && /^\/(dev|proc)\//.test(path))) throw new Mistake(`${path} is no file`)
  const file = openSync(path, 'r')
  try {
    return readAll(file)
  } finally {
    closeSync(file)
  }
}

function readAll(file: number): string {
  const chunks: Buffer[] = []
  for (let length = 0; length < most; ) {
    const chunk = Buffer.alloc(Math.min(1 << 20, most - length))
    const read = readSome(file, chunk)
    if (read === 0) break
    chunks.push(chunk.subarray(0, read))
    length += read
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** A pipe that whoever made it set to non-blocking has nothing to read for a while. */
function readSome(file: number, chunk: Buffer): number {
  for (;;) {
    try {
      return readSync(file, chunk)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EOF') return 0
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
    }
  }
}

let stdin: string | undefined

/** The playbook `-`: stdin to its end, read once. */
function fromStdin(): string {
  if (process.stdin.isTTY) throw new Mistake('the playbook - comes by stdin: pipe one in, or name a file')
  stdin ??= readAll(0)
  return stdin
}

function orAbsent<T>(path: string, read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof Mistake) throw error
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== undefined && absent.includes(code)) return undefined
    throw new Mistake(`${path} cannot be read: ${message}`)
  }
}

/** What people call an inventory. */
export const usualInventories: readonly string[] = [
  'inventory.yaml',
  'inventory.yml',
  'inventory.ini',
  'inventory',
  'hosts',
  'hosts.ini',
  'hosts.yaml',
  'hosts.yml',
]

function noInventory(): string {
  const near = usualInventories.find((name) => existsSync(name))
  const way = near === undefined ? 'name an inventory with -i FILE, or write one with holdfast init' : `name one with -i, as in -i ${near}`
  return `there is no inventory.yaml here: ${way} (inventory = FILE under [defaults] of ansible.cfg and ANSIBLE_INVENTORY=FILE count, too)`
}

/** The inventories that were named, or inventory.yaml; a Mistake where one is not there. */
export function inventoriesOf({ inventory }: Pick<Options, 'inventory'>): readonly string[] {
  if (!inventory && !existsSync('inventory.yaml')) throw new Mistake(noInventory())
  return (inventory ?? ['inventory.yaml']).map((path) => (path.includes(',') ? path : present('inventory', path)))
}

function noPlaybooks(): string {
  const site = ['site.yml', 'site.yaml'].find((name) => existsSync(name))
  const way = site === undefined ? '' : `, or turn Ansible's: holdfast import-ansible ${site} | holdfast plan -`
  return `there are no playbooks/*.yaml here; name a playbook${way}`
}

/** The playbooks that were named, or those directly in playbooks/; a Mistake where there is none. */
export function playbooksOf(named: readonly string[]): readonly string[] {
  const kept = named.find((path) => path.endsWith('.json'))
  if (kept !== undefined) throw new Mistake(`${kept} is no playbook (a YAML file); a kept plan is for apply, alone`)
  const found = (disk.list('playbooks') ?? []).filter((name) => /\.ya?ml$/.test(name)).map((name) => `playbooks/${name}`)
  if (named.length === 0 && found.length === 0) throw new Mistake(noPlaybooks())
  const folder = named.find((path) => present('playbook', path) !== '-' && statSync(path).isDirectory())
  if (folder !== undefined) throw new Mistake(`${folder} is a folder; name the playbooks in it`)
  return named.length > 0 ? named : found
}

function present(kind: string, path: string): string {
  if (!existsSync(path) && (kind !== 'playbook' || path !== '-')) throw new Mistake(`there is no ${kind} ${path}`)
  return path
}
