import { spawn } from 'node:child_process'
import { Duplex } from 'node:stream'
import { printable } from '../text.js'

/** A way to a host that is no TCP connection of our own, and what was said on it when it failed. */
export interface Passage {
  readonly socket: Duplex
  said(): string
}

/** Runs a ProxyCommand as ssh(1) does: its stdin and stdout are the connection; it ends with it. */
export function proxyCommand(command: string): Passage {
  const child = spawn('/bin/sh', ['-c', `exec ${command}`], { stdio: ['pipe', 'pipe', 'pipe'] })
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-2000)
  })
  child.stdin.on('error', () => {})
  const socket = new Duplex({
    read: () => void child.stdout.resume(),
    write: (chunk, _, done) => void child.stdin.write(chunk, () => done()),
    final: (done) => void child.stdin.end(done),
    destroy: (error, done) => {
      child.kill()
      done(error)
    },
  })
  child.stdout.on('data', (chunk: Buffer) => {
    if (!socket.push(chunk)) child.stdout.pause()
  })
  child.on('error', (error) => socket.destroy(error))
  child.on('close', () => {
    socket.push(null)
    socket.destroy()
  })
  return { socket, said: () => printable(errors.trim().split('\n').slice(-3).join('; ')) }
}
