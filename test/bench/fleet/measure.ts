import { spawn } from 'node:child_process'
import { createWriteStream, mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import type { Simulation } from './simulation.js'

/** What one run of the program took of the controller; sizes in bytes. */
export interface Measured {
  readonly code: number | null
  readonly wallMs: number
  readonly cpuMs: number
  readonly rssMb: number
  /** Open at once, at most; seen every 50 ms. */
  readonly fds: number
  /** Where stdout and stderr went. */
  readonly stdout: string
  readonly stderr: string
}

export interface HowToMeasure {
  /** Is told the process, and the file that its stderr goes to. */
  readonly during?: (pid: number, stderr: string) => void
  /** The program has a terminal; what it draws is `stdout`. */
  readonly terminal?: boolean
}

/** Runs the program in the fleet's network, from a project's folder. */
export async function measure(
  { lab, program }: Simulation,
  folder: string,
  argv: readonly string[],
  { during, terminal = false }: HowToMeasure = {},
): Promise<Measured> {
  const dir = mkdtempSync(join(folder, 'run-'))
  const [stdout, stderr, meter] = ['stdout', 'stderr', 'meter'].map((name) => join(dir, name)) as [string, string, string]
  const node = [process.execPath, '--require', join(import.meta.dirname, 'meter.cjs'), ...(process.env.FLEET_NODE?.split(' ') ?? [])]
  const began = performance.now()
  const command = [...node, program, ...argv]
  const drawn = terminal ? ['script', '-qec', `stty cols 120 rows 40; exec ${command.join(' ')}`, '/dev/null'] : command
  const child = spawn('nsenter', [`--net=/proc/${lab.pid}/ns/net`, ...drawn], {
    cwd: folder,
    env: { ...process.env, FLEET_METER: meter, XDG_CACHE_HOME: join(lab.dir, 'cache'), SSH_AUTH_SOCK: '', TERM: 'xterm' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const files = [child.stdout.pipe(createWriteStream(stdout)), child.stderr.pipe(createWriteStream(stderr))]
  let fds = 0
  const sampling = setInterval(() => {
    fds = Math.max(fds, openFiles(child.pid!))
  }, 50)
  during?.(child.pid!, stderr)
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  clearInterval(sampling)
  const wallMs = performance.now() - began
  await Promise.all(files.map((file) => finished(file)))
  const used = JSON.parse(readFileSync(meter, 'utf8')) as { readonly cpuMs: number; readonly rssMb: number }
  return { code, wallMs, ...used, fds, stdout, stderr }
}

function openFiles(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length
  } catch {
    return 0
  }
}

/** The size of a file, or of all files in a folder. */
export function sizeOf(path: string): number {
  const stats = statSync(path)
  return stats.isDirectory() ? readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0) : stats.size
}
