import { connect, createServer, type Socket } from 'node:net'

/** A TCP relay on loopback that counts what the client sends and can do to a connection what networks do. */
export interface Relay {
  readonly port: number
  /** Bytes that clients sent so far. */
  sent(): number
  /** Lets nothing through any more, and tells nobody. */
  freeze(): void
  /** New connections go to another port. */
  redirect(port: number): void
  stop(): void
}

/** Relays to a loopback port; with `cutAfter`, each connection is cut dead after that many bytes from the client. */
export async function startRelay(to: number, cutAfter = Number.POSITIVE_INFINITY): Promise<Relay> {
  const sockets = new Set<Socket>()
  let upstream = to
  let sent = 0
  let frozen = false
  const server = createServer((client) => {
    const host = connect(upstream, '127.0.0.1')
    let left = cutAfter
    const cut = () => {
      client.destroy()
      host.end()
    }
    for (const socket of [client, host]) sockets.add(socket.on('error', cut).on('close', cut))
    host.on('data', (chunk) => void (frozen || client.destroyed || client.write(chunk)))
    client.on('data', (chunk) => {
      sent += chunk.length
      if (frozen || left === 0) return
      host.write(chunk.subarray(0, left))
      left = Math.max(0, left - chunk.length)
      if (left === 0) cut()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as { port: number }).port,
    sent: () => sent,
    freeze: () => {
      frozen = true
    },
    redirect: (port) => {
      upstream = port
    },
    stop: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
