import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, type Stats, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where the code that V8 made of a file is kept between runs: with it a start takes half as long. */
export interface CodeCache {
  read(): Buffer | undefined
  /** A cache that cannot be written is done without. */
  write(code: Buffer): void
}

/**
 * The cache of one file and command, in ~/.cache/holdfast (XDG_CACHE_HOME). V8 runs what stands there unseen, so only a folder and a
 * file of our own that nobody else may write are used. Undefined with NODE_DISABLE_COMPILE_CACHE, as Node's own, and without a home.
 */
export function openCodeCache(path: string, command: string): CodeCache | undefined {
  const { NODE_DISABLE_COMPILE_CACHE: off, XDG_CACHE_HOME: home } = process.env
  if (off !== undefined && off !== '') return undefined
  const folder = join(home?.startsWith('/') ? home : join(homedir(), '.cache'), 'holdfast')
  // V8 compares no more of the source than its length
  const { size, mtimeMs, ctimeMs, ino } = statSync(path)
  const stamp = createHash('sha256')
    .update(JSON.stringify([path, size, mtimeMs, ctimeMs, ino]))
    .digest('hex')
    .slice(0, 16)
  const file = join(folder, `code-${process.version}-${process.arch}-${stamp}-${/^[a-z]+$/.test(command) ? command : 'other'}`)
  return {
    read: () => unlessItFails(() => (isOurs(lstatSync(folder)) && isOurs(lstatSync(file)) ? readFileSync(file) : undefined)),
    write: (code) =>
      unlessItFails(() => {
        mkdirSync(folder, { recursive: true, mode: 0o700 })
        if (!isOurs(lstatSync(folder))) return
        forgetOld(folder)
        writeFileSync(`${file}.${process.pid}`, code, { mode: 0o600, flag: 'wx' })
        renameSync(`${file}.${process.pid}`, file)
      }),
  }
}

const month = 30 * 24 * 3600 * 1000

/** What other builds and other versions of Node left; what is still used is written anew then. */
function forgetOld(folder: string): void {
  for (const name of readdirSync(folder))
    if (name.startsWith('code-') && Date.now() - statSync(join(folder, name)).mtimeMs > month) rmSync(join(folder, name), { force: true })
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
