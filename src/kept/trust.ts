import { closeSync, constants, fstatSync, openSync, readFileSync, realpathSync, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** The bytes of a file that only this user (or root) can have written, or one sentence why it cannot be relied on. */
export function readTrusted(path: string): Buffer | string {
  try {
    const file = openSync(path, constants.O_RDONLY)
    try {
      const stats = fstatSync(file)
      if (!stats.isFile()) return 'it is no file'
      return whoElse('it', stats, false) ?? whoElse('its folder', statSync(dirname(realpathSync(path))), true) ?? readFileSync(file)
    } finally {
      closeSync(file)
    }
  } catch (error) {
    return (error as Error).message
  }
}

/** In a folder with the sticky bit (/tmp) nobody replaces a stranger's file. */
function whoElse(what: string, { uid, mode }: Stats, folder: boolean): string | undefined {
  const own = process.getuid?.() ?? 0
  if (uid !== own && uid !== 0) return `${what} belongs to user ${uid}, who could change it`
  const open = (mode & 0o022) !== 0 && !(folder && (mode & 0o1000) !== 0)
  return open ? `others can write ${what} (mode ${(mode & 0o7777).toString(8).padStart(4, '0')})` : undefined
}
