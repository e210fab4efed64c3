import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The lab's first process: its namespaces hold the bridge, the controller and every host; all of it ends with this process. */
export interface Keeper {
  /** As the machine sees it. */
  readonly pid: number
  /** The lab's folder, for both the machine and the hosts' makers; its `hosts` folder is visible in the keeper's namespace only. */
  readonly dir: string
  /** A path below `dir/hosts` as this process can open it. */
  inside(path: string): string
  stop(): Promise<void>
}

const prefix = 'holdfast-lab-'
const keptPrefix = 'holdfast-kept-'

// The folder outlives the keeper by one rm, also where this process is killed: the keeper then reads the end of its stdin.
const wrapper = 'unshare -n -m -p --fork --kill-child sh "$1" "$2" "$3"; rm -rf "$2"'

/** Makes the lab's namespaces and its folder; the lab lives as long as this process or until `stop` (where `keep`: until `stopKept`). */
export const startKeeper = async (keep: boolean): Promise<Keeper> => {
  clearLeftovers()
  const dir = await mkdtemp(join(tmpdir(), keep ? keptPrefix : `${prefix}${process.pid}-`))
  mkdirSync(join(dir, 'hosts'))
  const argv = ['-c', wrapper, 'lab', join(import.meta.dirname, 'keeper.sh'), dir, keep ? 'keep' : '']
  // detached: a Ctrl-C in the terminal is for the command that runs in the lab, not for the lab
  const child = spawn('sh', argv, { detached: true, stdio: 'pipe' })
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()))
  const pid = await firstLine(child, 'the lab could not be made')
  letGo(child)
  writeFileSync(join(dir, 'keeper.pid'), `${pid}\n`)
  return {
    pid: Number(pid),
    dir,
    inside: (path) => `/proc/${pid}/root${path}`,
    stop: async () => {
      child.ref()
      if (keep) end(dir)
      child.stdin.end()
      await ended
    },
  }
}

/** Ends the labs that were started with `keep`; gives their folders. */
export const stopKept = (): readonly string[] => {
  const kept = readdirSync(tmpdir()).filter((name) => name.startsWith(keptPrefix))
  for (const name of kept) {
    end(join(tmpdir(), name))
    rmSync(join(tmpdir(), name), { recursive: true, force: true })
  }
  return kept
}

// A pid may be another process's by now: the keeper is the one that has the lab's tmpfs mounted.
const end = (dir: string): void => {
  try {
    const pid = readFileSync(join(dir, 'keeper.pid'), 'utf8').trim()
    if (readFileSync(`/proc/${pid}/mountinfo`, 'utf8').includes(` ${dir}/hosts `)) process.kill(Number(pid), 'SIGKILL')
  } catch {
    // gone already
  }
}

/** The child no longer keeps this process alive. */
export const letGo = (child: ChildProcess): void => {
  child.stdout?.destroy()
  child.stderr?.destroy()
  ;(child.stdin as Socket | null)?.unref()
  child.unref()
}

/** The first line that a child prints; rejects with what it said on stderr where it ends without one. */
export const firstLine = (
  child: { stdout: NodeJS.ReadableStream; stderr: NodeJS.ReadableStream; on(event: 'exit', listener: () => void): unknown },
  complaint: string,
): Promise<string> =>
  new Promise((resolve, reject) => {
    let said = ''
    let errors = ''
    child.stderr.on('data', (piece) => {
      errors += piece
    })
    child.stdout.on('data', (piece) => {
      said += piece
      if (said.includes('\n')) resolve(said.slice(0, said.indexOf('\n')))
    })
    child.on('exit', () => reject(new Error(`${complaint}: ${errors.trim() || 'it ended at once'} (the lab needs root)`)))
  })

/** Removes the folders of labs whose process is gone (the rest of a lab cannot outlive it). */
const clearLeftovers = (): void => {
  for (const name of readdirSync(tmpdir())) {
    const owner = name.startsWith(prefix) ? name.slice(prefix.length).split('-')[0] : undefined
    if (owner && !existsSync(`/proc/${owner}`)) rmSync(join(tmpdir(), name), { recursive: true, force: true })
  }
}
