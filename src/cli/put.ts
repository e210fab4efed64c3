import { realpathSync, statSync, writeFileSync } from 'node:fs'
import { writeWhole } from '../history/state.js'
import { Mistake } from './options.js'

/**
 * Writes what --out asks for, whole or not at all, so that who reads the file at any time finds it whole; others may read it. A link stays
 * one, and a device or a pipe (/dev/stdout) is written to, never replaced. `what` is named where it cannot be done.
 */
export function putWhole(what: string, file: string, text: string): void {
  try {
    const place = placeOf(file)
    if (place.isFile) writeWhole(place.path, text, 0o644)
    else writeFileSync(place.path, text)
  } catch (error) {
    throw new Mistake(`the ${what} cannot be written to ${file}: ${(error as Error).message}`)
  }
}

/** Where a path leads to, and whether a file is or will be there. */
function placeOf(file: string): { readonly path: string; readonly isFile: boolean } {
  const found = statSync(file, { throwIfNoEntry: false })
  if (found === undefined) return { path: file, isFile: true }
  return found.isFile() ? { path: realpathSync(file), isFile: true } : { path: file, isFile: false }
}
