import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
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

// The folder outlives the keeper by one rm, also where this process is killed: the keeper then reads the end of its stdin.
const wrapper = 'unshare -n -m -p --fork --kill-child sh "$1" "$2"; rm -rf "$2"'

/** Makes the lab's namespaces and its folder; the lab lives as long as this process or until `stop`. */
export const startKeeper = async (): Promise<Keeper> => {
  clearLeftovers()
  const dir = await mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`))
  mkdirSync(join(dir, 'hosts'))
  // detached: a Ctrl-C in the terminal is for the command that runs in the lab, not for the lab
  const child = spawn('sh', ['-c', wrapper, 'lab', join(import.meta.dirname, 'keeper.sh'), dir], { detached: true, stdio: 'pipe' })
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()))
  const pid = await firstLine(child, 'the lab could not be made')
  child.unref()
  return {
    pid: Number(pid),
    dir,
    inside: (path) => `/proc/${pid}/root${path}`,
    stop: async () => {
      child.ref()
      child.stdin.end()
      await ended
    },
  }
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
