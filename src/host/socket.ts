import { connect, type Socket } from 'node:net'
import type { Access } from '../load/access.js'

/** Begins a TCP connection to a host; `connectTimeout` in seconds. */
export function openSocket(target: Access, connectTimeout: number): Socket {
  const socket = connect({
    host: target.address,
    port: target.port,
    noDelay: true,
    // Node's 250 ms for each address of a name are too short for a host far away
    autoSelectFamilyAttemptTimeout: Math.max(250, Math.ceil((connectTimeout * 1000) / 3)),
  })
  return inWholePackets(socket)
}

// ssh2 1.17 writes a packet of AES-GCM in three pieces, which without Nagle's wait would each travel alone. What one turn of the event loop
// has to say to a host leaves together: with many hosts that is a tenth of the controller's work
function inWholePackets(socket: Socket): Socket {
  const write = socket.write.bind(socket) as (...words: unknown[]) => boolean
  const flush = (): void => socket.uncork()
  return Object.assign(socket, {
    write: (...words: unknown[]): boolean => {
      if (socket.writableCorked === 0) {
        socket.cork()
        setImmediate(flush)
      }
      return write(...words)
    },
  })
}
