import type { Duplex } from 'node:stream'
import type { Client } from 'ssh2'
import { printable } from '../text.js'
import { Unreachable } from './session.js'

/** A bastion that is logged in to. */
export interface Bastion {
  readonly client: Client
  end(): void
}

/** One stop on the way, as ProxyJump writes it. */
export interface Hop {
  readonly address: string
  readonly user?: string
  readonly port?: number
}

/** `ssh://kim@[2001:db8::1]:2222` as its parts; undefined: it cannot be read. */
export function readHop(text: string): Hop | undefined {
  const found = /^(?:ssh:\/\/)?(?:(?<user>[^@\s]+)@)?(?:\[(?<v6>[^\]\s]+)\]|(?<name>[^:@\s]+))(?::(?<port>\d{1,5}))?\/?$/.exec(text.trim())
  const { user, v6, name, port } = found?.groups ?? {}
  const address = v6 ?? name
  if (address === undefined) return undefined
  return { address, ...(user !== undefined && { user }), ...(port !== undefined && { port: Number(port) }) }
}

interface Held {
  readonly bastion: Promise<Bastion>
  users: number
}

/** A connection to a host through the chain of bastions; `trail` are the chains that are being opened for it. */
export type Through = (chain: string, host: string, port: number, trail: readonly string[]) => Promise<Duplex>

/** Connections to bastions, shared by the hosts behind them for as long as one of them is connected: a fleet does not flood its bastion. */
export function bastions(open: (chain: string, trail: readonly string[]) => Promise<Bastion>): Through {
  const pool = new Map<string, Held>()
  const leave = (chain: string, held: Held): void => {
    if (--held.users > 0) return
    if (pool.get(chain) === held) pool.delete(chain)
    held.bastion.then(
      (bastion) => bastion.end(),
      () => {},
    )
  }
  const enter = (chain: string, trail: readonly string[]): Held => {
    const before = pool.get(chain)
    if (before) return before
    const held = { bastion: open(chain, [...trail, chain]), users: 0 }
    const forget = (): void => {
      if (pool.get(chain) === held) pool.delete(chain)
    }
    held.bastion.then((bastion) => bastion.client.once('close', forget), forget)
    pool.set(chain, held)
    return held
  }
  return async (chain, host, port, trail) => {
    if (trail.includes(chain))
      throw new Unreachable(`${host} port ${port}: the jump host ${chain} is only reached through itself`, 'protocol')
    const held = enter(chain, trail)
    held.users++
    try {
      const { client } = await held.bastion
      const channel = await forward(client, host, port)
      channel.once('close', () => leave(chain, held))
      return channel
    } catch (error) {
      leave(chain, held)
      if (error instanceof Unreachable) throw error
      throw new Unreachable(`${host} port ${port}: no connection through ${chain} (${printable((error as Error).message)})`, 'refused')
    }
  }
}

const forward = (client: Client, host: string, port: number): Promise<Duplex> =>
  new Promise((resolve, reject) => {
    try {
      client.forwardOut('127.0.0.1', 0, host, port, (error, channel) => (error ? reject(error) : resolve(channel)))
    } catch (error) {
      // ssh2 throws where the connection is gone already
      reject(error)
    }
  })
