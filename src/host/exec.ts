import type { Client, ClientChannel } from 'ssh2'
import { encodeBytes, printable } from '../text.js'
import { ConnectionLost, NoShell, type Ran, type RunOptions } from './session.js'

const mebibyte = 1024 * 1024
const keptOfStderr = 256 * 1024

/**
 * Runs `command` with `script` on its stdin, and gives what it printed as bytes: a UTF-8 character may arrive in two packets.
 * Throws ConnectionLost (and ends the connection) at the time limit, at more than `maxOutput` bytes (64 MiB), when the connection is
 * lost and when the host tells no exit status; NoShell when the host refuses to run a command at all.
 */
export function execute(
  connection: Client,
  command: string,
  script: string,
  options: RunOptions,
  whyLost: () => string | undefined,
): Promise<Ran> {
  const bytes = encodeBytes(script)
  return new Promise((resolve, reject) => {
    const stdout = bounded(options.maxOutput ?? 64 * mebibyte)
    const stderr = bounded(keptOfStderr)
    const settle = (then: () => void): void => {
      clearTimeout(timer)
      connection.removeListener('close', closed)
      then()
    }
    const lose = (message: string): void =>
      settle(() => {
        connection.destroy()
        reject(new ConnectionLost(message, stdout.bytes()))
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
      channel.on('data', (chunk: Buffer) => {
        if (!stdout.add(chunk)) lose(`more than ${stdout.limit} bytes of output`)
      })
      channel.stderr.on('data', (chunk: Buffer) => stderr.add(chunk))
      channel.on('error', () => {})
      channel.on('exit', (code: number | null, signal?: string) => {
        status = code === null && signal ? { code, signal } : { code }
      })
      channel.on('close', () => {
        if (status === undefined || (status.code === null && !status.signal))
          return lose('the host ended the command without an exit status')
        const ran = { ...status, stdout: stdout.bytes(), stderr: stderr.bytes() }
        settle(() => resolve(ran))
      })
      channel.end(bytes)
    }
    try {
      connection.exec(command, start)
    } catch {
      // ssh2 throws where the socket is gone already
      closed()
    }
  })
}

interface Bounded {
  readonly limit: number
  /** Keeps what there is room for; false once something was dropped. */
  add(chunk: Buffer): boolean
  bytes(): Buffer
}

function bounded(limit: number): Bounded {
  const chunks: Buffer[] = []
  let room = limit
  return {
    limit,
    add(chunk) {
      const kept = chunk.subarray(0, room)
      chunks.push(kept)
      room -= kept.length
      return kept.length === chunk.length
    },
    bytes: () => Buffer.concat(chunks),
  }
}
