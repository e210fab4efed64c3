import type { Client, ClientChannel } from 'ssh2'
import { encodeBytes, printable } from '../text.js'
import { execAhead } from './ahead.js'
import type { Shell } from './become.js'
import { feed, type Heard } from './feed.js'
import { ConnectionLost, NoShell, type Ran, type RunOptions } from './session.js'

const mebibyte = 1024 * 1024

/**
 * Runs a shell with `script` on its stdin, and gives what it printed as bytes.
 * Throws ConnectionLost (and ends the connection) at the time limit, at more than `maxOutput` bytes (64 MiB), when the connection is
 * lost and when the host tells no exit status; NoShell when the host refuses to run a command at all.
 */
export function execute(
  connection: Client,
  shell: Shell,
  script: string,
  options: RunOptions,
  whyLost: () => string | undefined,
  /** Told once when the first byte of output comes. */
  onFirst?: () => void,
): Promise<Ran> {
  const bytes = encodeBytes(script)
  return new Promise((resolve, reject) => {
    const maxOutput = options.maxOutput ?? 64 * mebibyte
    let heard: Heard | undefined
    let settled = false
    const settle = (then: () => void): void => {
      if (settled) return
      settled = true
      clearTimeout(timer)
      connection.removeListener('close', closed)
      then()
    }
    const lose = (message: string): void =>
      settle(() => {
        connection.destroy()
        reject(new ConnectionLost(message, heard?.stdout() ?? Buffer.alloc(0)))
      })
    const closed = (): void => lose(`the connection was lost: ${printable(whyLost() ?? 'the host closed it')}`)
    const timer = setTimeout(() => lose(`no end within ${options.timeout} s`), options.timeout * 1000)
    connection.once('close', closed)
    const start = (error: Error | undefined, channel: ClientChannel): void => {
      if (error) {
        settle(() => reject(new NoShell(`the host refuses to run a command: ${printable(error.message)}`)))
        return
      }
      let status: Pick<Ran, 'code' | 'signal'> | undefined
      if (onFirst) channel.once('data', onFirst)
      heard = feed({ input: channel, output: channel, errors: channel.stderr }, bytes, shell.opening, {
        maxOutput,
        overflow: () => lose(`more than ${maxOutput} bytes of output`),
      })
      channel.on('error', () => {})
      channel.on('exit', (code: number | null, signal?: string) => {
        status = code === null && signal ? { code, signal } : { code }
      })
      channel.on('close', () => {
        if (status === undefined || (status.code === null && !status.signal))
          return lose('the host ended the command without an exit status')
        const ran = { ...status, stdout: heard!.stdout(), stderr: heard!.stderr() }
        settle(() => resolve(ran))
      })
    }
    try {
      execAhead(connection, shell.command, start)
    } catch {
      // ssh2 throws where the socket is gone already
      closed()
    }
  })
}
