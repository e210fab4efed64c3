import type { StopSignal } from '../fleet/exit.js'

/** What the outside does to a run: the first signal stops new hosts, the second stops those under way; a crash ends it. */
export interface Interrupts {
  readonly stop: AbortSignal
  readonly abort: AbortSignal
  signal(): StopSignal | undefined
  /** From now on the person who presses Ctrl-C is told by `say`. */
  tell(say: (text: string) => void): void
  /** Rejects with an error that nobody caught. */
  readonly crashed: Promise<never>
  /** Gives the signals back to whoever had them. */
  end(): void
}

const signals: readonly StopSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP']

/** Listens for signals and uncaught errors of this process until `end`. */
export function listenForInterrupts(): Interrupts {
  let say = (_: string): void => {}
  const stop = new AbortController()
  const abort = new AbortController()
  let first: StopSignal | undefined
  let crash = (_: unknown): void => {}
  const crashed = new Promise<never>((_, reject) => {
    crash = reject
  })
  crashed.catch(() => {})
  const onSignal = (signal: StopSignal): void => {
    if (first) abort.abort(`stopped by ${signal}`)
    else {
      first = signal
      say('stopping: hosts under way finish, once more stops them too')
      stop.abort(`stopped by ${signal}`)
    }
  }
  for (const signal of signals) process.on(signal, onSignal)
  process.on('uncaughtException', crash)
  process.on('unhandledRejection', crash)
  return {
    stop: stop.signal,
    abort: abort.signal,
    signal: () => first,
    tell: (next) => {
      say = next
    },
    crashed,
    end() {
      for (const signal of signals) process.off(signal, onSignal)
      process.off('uncaughtException', crash)
      process.off('unhandledRejection', crash)
    },
  }
}
