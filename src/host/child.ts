import { spawn } from 'node:child_process'
import { encodeBytes } from '../text.js'
import { feed, type Heard, type Opening } from './feed.js'
import { ConnectionLost, type Ran, type RunOptions } from './session.js'

const mebibyte = 1024 * 1024

/** A process of this machine that takes a script on its stdin. */
export interface Child {
  readonly words: readonly [string, ...string[]]
  readonly opening?: Opening
  /** Ends it and all that it started, at once. */
  readonly stop: AbortSignal
}

/** Runs a process with `script` on its stdin, in a session of its own: no key press ends it. Throws ConnectionLost at the time limit, at too much output and when it is stopped. */
export function runChild({ words: [program, ...words], opening, stop }: Child, script: string, options: RunOptions): Promise<Ran> {
  const bytes = encodeBytes(script)
  return new Promise((resolve, reject) => {
    const maxOutput = options.maxOutput ?? 64 * mebibyte
    const child = spawn(program, words, { detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
    let heard: Heard | undefined
    const settle = (then: () => void): void => {
      clearTimeout(timer)
      stop.removeEventListener('abort', stopped)
      then()
    }
    const lose = (message: string): void =>
      settle(() => {
        kill(child.pid)
        reject(new ConnectionLost(message, heard?.stdout() ?? Buffer.alloc(0)))
      })
    const stopped = (): void => lose('the connection was lost: it was closed from this side')
    const timer = setTimeout(() => lose(`no end within ${options.timeout} s`), options.timeout * 1000)
    if (stop.aborted) return stopped()
    stop.addEventListener('abort', stopped)
    const pipes = { input: child.stdin, output: child.stdout, errors: child.stderr }
    heard = feed(pipes, bytes, opening, { maxOutput, overflow: () => lose(`more than ${maxOutput} bytes of output`) })
    child.on('error', (error) => settle(() => reject(error)))
    child.on('close', (code, signal) =>
      settle(() => resolve({ code, ...(signal && { signal }), stdout: heard!.stdout(), stderr: heard!.stderr() })),
    )
  })
}

function kill(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // it has ended already
  }
}
