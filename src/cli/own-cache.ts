import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, type Stats, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** A file that one run leaves for the next ones. */
export interface CacheFile {
  read(): Buffer | undefined
  /** A cache that cannot be written is done without. */
  write(bytes: Buffer): void
}

/** What a file of ours is by its place and its inode: another build is another one. */
export function stampOf(path: string): string {
  const { size, mtimeMs, ctimeMs, ino } = statSync(path)
  return createHash('sha256')
    .update(JSON.stringify([path, size, mtimeMs, ctimeMs, ino]))
    .digest('hex')
    .slice(0, 16)
}

/**
 * A file in ~/.cache/holdfast (XDG_CACHE_HOME). What stands there is believed, so only a folder and a file of our own that nobody else may
 * write are used. Undefined with NODE_DISABLE_COMPILE_CACHE, as Node's own, and without a home.
 */
export function cacheFile(name: string): CacheFile | undefined {
  const { NODE_DISABLE_COMPILE_CACHE: off, XDG_CACHE_HOME: home } = process.env
  if (off !== undefined && off !== '') return undefined
  const folder = join(home?.startsWith('/') ? home : join(homedir(), '.cache'), 'holdfast')
  const file = join(folder, name)
  return {
    read: () => unlessItFails(() => (isOurs(lstatSync(folder)) && isOurs(lstatSync(file)) ? readFileSync(file) : undefined)),
    write: (bytes) =>
      unlessItFails(() => {
        mkdirSync(folder, { recursive: true, mode: 0o700 })
        if (!isOurs(lstatSync(folder))) return
        forgetOld(folder)
        writeFileSync(`${file}.${process.pid}`, bytes, { mode: 0o600, flag: 'wx' })
        renameSync(`${file}.${process.pid}`, file)
      }),
  }
}

const month = 30 * 24 * 3600 * 1000
const mostTexts = 16

/** What other builds and other versions of Node left, and texts that were read before the last ones; what is still used is written anew then. */
function forgetOld(folder: string): void {
  const ours = readdirSync(folder).filter((name) => /^(code|read)-/.test(name))
  const aged = ours.map((name) => ({ name, age: Date.now() - statSync(join(folder, name)).mtimeMs })).sort((one, two) => one.age - two.age)
  const texts = aged.filter(({ name }) => name.startsWith('read-')).slice(mostTexts - 1)
  for (const { name } of [...aged.filter(({ age }) => age > month), ...texts]) rmSync(join(folder, name), { force: true })
}

const isOurs = (stats: Stats): boolean =>
  !stats.isSymbolicLink() && (process.getuid === undefined || (stats.uid === process.getuid() && (stats.mode & 0o022) === 0))

function unlessItFails<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
