import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { must } from '../capture.js'
import type { LabHost } from '../host.js'

const python = (tool: string): readonly string[] => ['/usr/bin/python3', '-B', join(import.meta.dirname, `${tool}.py`)]

/** One end of a measurement: a host, and where it is reached or sends from, where that is not its own address. */
export interface End {
  readonly host: LabHost
  readonly address?: string
}

const place = ({ host, address }: End): readonly string[] => [String(host.pid), address ?? host.address]

export interface PortReuse {
  readonly connected: boolean
  readonly seconds: number
  /** What the kernels counted in between. */
  readonly server: Readonly<Record<string, number>>
  readonly client: Readonly<Record<string, number>>
}

/** A client connects anew from a port whose connection the server keeps in TIME_WAIT; `timeout` in seconds. */
export const reusePort = async (server: End, client: End, port: number, timeout: number): Promise<PortReuse> => {
  const [pid, address] = place(server)
  const printed = await must([...python('timewait'), pid!, address!, String(port), ...place(client), String(timeout)])
  return JSON.parse(printed.trim().split('\n').at(-1)!) as PortReuse
}

/** Segments that connection tracking calls INVALID; how many (or how many bytes of them) came to the server's TCP. */
export const sendInvalid = async (
  server: End,
  client: End,
  port: number,
  how: 'window' | 'moved',
): Promise<{ readonly sent: number; readonly arrived: number }> => {
  const [pid, address] = place(server)
  return JSON.parse(await must([...python('invalid'), pid!, address!, String(port), ...place(client), how])) as {
    sent: number
    arrived: number
  }
}

export interface FlowSpec {
  readonly name: string
  readonly server: End
  readonly client: End
  readonly port: number
  /** The ends that set SO_KEEPALIVE. */
  readonly keepalive?: readonly ('client' | 'server')[]
}

export type Probed = Readonly<Record<string, { readonly alive: boolean; readonly reset: boolean; readonly seconds: number }>>

/** Open connections. */
export interface Flows {
  /** Sends a segment each way on all of them, or on one. */
  touch(name?: string): Promise<void>
  /** Sends a segment each way twice a second, while `work` goes on. */
  keepWhile<Result>(work: () => Promise<Result>): Promise<Result>
  /** Tries each once more; those that are dead are given up after two seconds. */
  probe(): Promise<Probed>
  close(): void
}

/** Opens connections that stay silent until they are touched or probed. */
export const openFlows = async (specs: readonly FlowSpec[]): Promise<Flows> => {
  const plain = specs.map(({ name, server, client, port, keepalive = [] }) => ({
    name,
    port,
    keepalive,
    server: server.host.pid,
    address: server.address ?? server.host.address,
    client: client.host.pid,
    source: client.address ?? client.host.address,
  }))
  const [command, ...rest] = [...python('flows'), JSON.stringify(plain)]
  const child = spawn(command!, rest, { stdio: ['pipe', 'pipe', 'pipe'] })
  const lines = createInterface({ input: child.stdout! })
  await answer(child, lines)
  const ask = async (line: string): Promise<unknown> => {
    const answered = answer(child, lines)
    child.stdin!.write(`${line}\n`)
    return answered
  }
  return {
    touch: async (name) => void (await ask(name === undefined ? 'touch' : `touch ${name}`)),
    keepWhile: async (work) => {
      await ask('keep')
      return work().finally(() => ask('rest'))
    },
    probe: async () => (await ask('probe')) as Probed,
    close: () => void child.kill(),
  }
}

const answer = (child: ChildProcess, lines: Interface): Promise<unknown> =>
  new Promise((resolve, reject) => {
    let complaint = ''
    child.stderr!.on('data', (piece: Buffer) => {
      complaint += piece.toString()
    })
    child.once('exit', (code) => reject(new Error(`the packet tool ended with ${code}: ${complaint}`)))
    lines.once('line', (line) => resolve(JSON.parse(line)))
  })
