import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { disk } from './files.js'
import { type FleetOptions, Mistake } from './options.js'

/** The known_hosts files of a run, in order; new keys go into the first. */
export function knownHostsFiles({
  knownHosts,
  acceptNewHostKeys,
}: FleetOptions): readonly { readonly file: string; readonly text: string }[] {
  if (knownHosts !== undefined && !acceptNewHostKeys && !existsSync(knownHosts))
    throw new Mistake(`there is no known_hosts file ${knownHosts}`)
  const files = knownHosts === undefined ? [join(homedir(), '.ssh/known_hosts'), '/etc/ssh/ssh_known_hosts'] : [knownHosts]
  return files.map((file) => ({ file, text: disk.read(file) ?? '' }))
}

/** Appends a line to a known_hosts file, made where there is none; a sentence where that fails. */
export function saveKey(file: string, line: string): string | undefined {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    const open = existsSync(file) && !/(^|\n)$/.test(readFileSync(file, 'utf8'))
    appendFileSync(file, `${open ? '\n' : ''}${line.trimEnd()}\n`, { mode: 0o600 })
    return undefined
  } catch (error) {
    return `the host key could not be kept in ${file}: ${(error as Error).message}`
  }
}
