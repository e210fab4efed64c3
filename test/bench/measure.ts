import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Lab, LabHost } from '../lab/lab.js'

/** What one run cost; `code` is null where it was killed. */
export interface Cost {
  readonly code: number | null
  readonly wallMs: number
  readonly cpuMs: number
  readonly peakMb: number
  /** Both ways, with all headers, on the controller's line. */
  readonly bytes: number
  /** Sessions that the hosts' sshd counted, commands and subsystems, per host. */
  readonly execs: number
  /** TCP connections to the hosts' sshd, per host. */
  readonly connections: number
}

/** A command to be measured, and the place where it runs: the process whose network it has. */
export interface Run {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** The folder for `stdout`, `stderr` and `cost.json`. */
  readonly dir: string
  readonly pid: number
}

const program = join(import.meta.dirname, 'measure.py')
const running = new Set<ChildProcess>()

/** Ends what is being measured, and all that it started. */
export const endRunning = async (): Promise<void> => {
  const ends = [...running].map((child) => once(child, 'exit'))
  for (const child of running) child.kill('SIGTERM')
  await Promise.all(ends)
}

/** Runs a command to its end, at most `seconds` long, and gives what it cost the controller, the line and the hosts. */
export const measure = async (lab: Lab, hosts: readonly LabHost[], run: Run, seconds: number): Promise<Cost> => {
  mkdirSync(run.dir, { recursive: true })
  const cost = join(run.dir, 'cost.json')
  const [stdout, stderr] = [openSync(join(run.dir, 'stdout'), 'w'), openSync(join(run.dir, 'stderr'), 'w')]
  const before = { bytes: bytesOf(lab), ...sshdOf(hosts) }
  const argv = [`--net=/proc/${run.pid}/ns/net`, '/usr/bin/python3', program, cost, String(seconds), ...run.argv]
  const child = spawn('nsenter', argv, { cwd: run.dir, env: run.env, stdio: ['ignore', stdout, stderr] })
  running.add(child)
  const [code] = (await once(child, 'exit')) as [number | null]
  running.delete(child)
  closeSync(stdout)
  closeSync(stderr)
  if (code !== 0)
    throw new Error(`measure.py ended with ${code ?? 'a signal'}: ${readFileSync(join(run.dir, 'stderr'), 'utf8').slice(-2000)}`)
  const after = { bytes: bytesOf(lab), ...sshdOf(hosts) }
  return {
    ...(JSON.parse(readFileSync(cost, 'utf8')) as Pick<Cost, 'code' | 'wallMs' | 'cpuMs' | 'peakMb'>),
    bytes: after.bytes - before.bytes,
    execs: (after.sessions - before.sessions) / hosts.length,
    connections: (after.connections - before.connections) / hosts.length,
  }
}

// The controller's bridge: the second and tenth number are bytes received and sent.
const bytesOf = (lab: Lab): number => {
  const line = readFileSync(`/proc/${lab.pid}/net/dev`, 'utf8').match(/^ *br0: *(.*)$/m)?.[1]
  if (line === undefined) throw new Error('the lab has no bridge br0')
  const numbers = line.trim().split(/\s+/).map(Number)
  return numbers[0]! + numbers[8]!
}

const sshdOf = (hosts: readonly LabHost[]): { sessions: number; connections: number } => {
  const logs = hosts.map((host) => host.log())
  const count = (text: string): number => logs.reduce((sum, log) => sum + log.split(text).length - 1, 0)
  return { sessions: count('Starting session: '), connections: count('\nConnection from ') }
}
