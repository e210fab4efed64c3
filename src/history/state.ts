import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Writes a file whole or not at all, for its owner only unless told; its folder is made where there is none. Not `synced`: a machine that
 * loses its power may lose the text, and thousands of small files cost no wait for the disk.
 */
export function writeWhole(file: string, text: string, mode = 0o600, synced = true): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const staged = `${file}.${process.pid}.new`
  try {
    const handle = openSync(staged, 'w', mode)
    try {
      writeSync(handle, text)
      if (synced) fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    renameSync(staged, file)
  } catch (error) {
    rmSync(staged, { force: true })
    throw error
  }
}

/** The text of a file, undefined where it cannot be read. */
export function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
