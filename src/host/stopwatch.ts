import type { Socket } from 'node:net'
import type { Stage } from '../engine.js'
import type { HostTiming, TimedSpan } from '../types.js'
import type { Session } from './session.js'

/** Measures one host's way, in milliseconds since this process began. Where nobody asked for it there is none. */
export interface Stopwatch {
  /** A span of this name begins; the function ends it. */
  begin(part?: string): () => void
  /** Another stage: spans that begin from now on belong to it. */
  stage(stage: Stage): void
  /** Its bytes count. */
  carries(socket: Socket): void
  /** A script goes to the host. */
  exec(): void
  read(): HostTiming
}

/** A stopwatch for one host, started now. */
export function startStopwatch(): Stopwatch {
  const spans: TimedSpan[] = []
  const sockets: Socket[] = []
  const began = performance.now()
  let [current, execs] = ['connect' as Stage, 0]
  const sum = (bytes: (socket: Socket) => number): number => sockets.reduce((all, socket) => all + bytes(socket), 0)
  return {
    begin(part) {
      const [stage, at] = [current, performance.now()]
      return () => void spans.push({ stage, ...(part && { part }), at: rounded(at), took: rounded(performance.now() - at) })
    },
    stage(stage) {
      if (stage !== 'done') current = stage
    },
    carries: (socket) => void sockets.push(socket),
    exec: () => void execs++,
    read: () => ({
      at: rounded(began),
      took: rounded(performance.now() - began),
      execs,
      ...(sockets.length > 0 && { bytesIn: sum(({ bytesRead }) => bytesRead), bytesOut: sum(({ bytesWritten }) => bytesWritten) }),
      spans: spans.sort((one, other) => one.at - other.at || other.took - one.took),
    }),
  }
}

const rounded = (milliseconds: number): number => Math.round(milliseconds * 10) / 10

/** A session whose connection and scripts are measured. */
export async function timed(watch: Stopwatch, connect: () => Promise<Session>): Promise<Session> {
  const connected = watch.begin('connect')
  const session = await connect().finally(connected)
  return {
    run(script, options) {
      watch.exec()
      const ran = watch.begin('script')
      return session.run(script, options).finally(ran)
    },
    close: session.close,
  }
}
