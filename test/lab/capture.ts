import { type SpawnOptions, spawn } from 'node:child_process'

export interface Captured {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface CaptureOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  readonly stdin?: string
  /** Milliseconds; then the process is killed (SIGKILL) and `signal` says so. */
  readonly timeout?: number
}

/** Runs a program to its end and gives back all that it printed; never rejects for its exit status. */
export const capture = (argv: readonly string[], options: CaptureOptions = {}): Promise<Captured> =>
  new Promise((resolve, reject) => {
    const spawning: SpawnOptions = { stdio: 'pipe' }
    if (options.cwd !== undefined) spawning.cwd = options.cwd
    if (options.env !== undefined) spawning.env = options.env
    if (options.timeout !== undefined) Object.assign(spawning, { timeout: options.timeout, killSignal: 'SIGKILL' })
    const child = spawn(argv[0]!, argv.slice(1), spawning)
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout!.on('data', (piece: Buffer) => stdout.push(piece))
    child.stderr!.on('data', (piece: Buffer) => stderr.push(piece))
    child.on('error', reject)
    child.on('close', (code, signal) =>
      resolve({ code, signal, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }),
    )
    child.stdin!.on('error', () => {}) // it may end without having read
    child.stdin!.end(options.stdin ?? '')
  })

/** As `capture`, for a command that must succeed: gives its stdout, rejects with its stderr otherwise. */
export const must = async (argv: readonly string[], options: CaptureOptions = {}): Promise<string> => {
  const { code, signal, stdout, stderr } = await capture(argv, options)
  if (code !== 0) throw new Error(`${argv.join(' ').slice(0, 200)}: ended with ${code ?? signal}: ${stderr.trim()}`)
  return stdout
}
