import { appendFileSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { countOutcomes } from '../shown.js'
import type { HostEntry, RunDocument, RunHead } from './document.js'
import { readJson } from './document.js'
import { readText, writeWhole } from './state.js'

/** A run being written down: each host when it ends, so that a controller that dies loses nothing. */
export interface Journal {
  add(entry: HostEntry): void
  end(hosts: readonly HostEntry[], ended: string): void
}

/** First line of `RUN.part`. */
interface PartHead {
  readonly head: RunHead
  readonly pid: number
  /** Where that process is: state folders are shared by controllers (NFS), pids are not. */
  readonly machine?: string
  /** The hosts of the run, in the inventory's order. */
  readonly hosts: readonly Pick<HostEntry, 'host' | 'groups' | 'resources'>[]
}

/** Begins `runs/RUN.part` in the state folder; throws where that cannot be written. */
export function beginJournal(state: string, head: RunHead, hosts: PartHead['hosts']): Journal {
  const runs = join(state, 'runs')
  mkdirSync(runs, { recursive: true, mode: 0o700 })
  recover(runs)
  const part = join(runs, `${head.run}.part`)
  const first: PartHead = { head, pid: process.pid, machine: hostname(), hosts }
  writeFileSync(part, `${JSON.stringify(first)}\n`, { mode: 0o600, flag: 'wx' })
  return {
    add: (entry) => appendFileSync(part, `${JSON.stringify(entry)}\n`),
    end(entries, ended) {
      writeWhole(join(runs, `${head.run}.json`), textOf({ ...head, ended, hosts: entries, summary: countOutcomes(entries) }))
      rmSync(part, { force: true })
    },
  }
}

const textOf = (document: RunDocument): string => `${JSON.stringify(document, null, 1)}\n`

/** Makes documents of the runs whose controller has died: of this machine's by their process, of others' where nothing was written for a day. */
function recover(runs: string): void {
  for (const name of readdirSync(runs).filter((file) => file.endsWith('.part'))) {
    const part = join(runs, name)
    const found = readPart(readText(part) ?? '')
    if (found === undefined || !hasDied(found, part)) continue
    writeWhole(part.replace(/\.part$/, '.json'), textOf(found.document))
    rmSync(part, { force: true })
  }
}

/** A run that has not ended, as far as its journal goes; a last line that was cut is left out. */
export function readPart(text: string): { readonly document: RunDocument; readonly pid: number; readonly machine?: string } | undefined {
  const [first = '', ...rest] = text.split('\n')
  const part = readJson(first) as PartHead | undefined
  if (part?.head?.format !== 1 || !Array.isArray(part.hosts)) return undefined
  const ended = new Map(rest.flatMap((line) => (readJson(line) as HostEntry | undefined) ?? []).map((entry) => [entry.host, entry]))
  const hosts = part.hosts.map((host): HostEntry => ended.get(host.host) ?? { ...host, outcome: 'failed', reason: lost, changes: [] })
  return { pid: part.pid, ...(part.machine && { machine: part.machine }), document: { ...part.head, hosts, summary: countOutcomes(hosts) } }
}

const lost =
  'the controller ended before this host had: unless it was confirmed, the host undoes it by itself; run plan to see how it stands'

function hasDied({ pid, machine = hostname() }: Pick<PartHead, 'pid' | 'machine'>, part: string): boolean {
  return machine === hostname() ? !isAlive(pid) : Date.now() - (statSync(part, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) > day
}

const day = 86_400_000

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return pid !== process.pid
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
