import { setMaxListeners } from 'node:events'
import { exitCode } from '../fleet/exit.js'
import { byCron, everyPeriod, type Schedule } from '../fleet/schedule.js'
import { serve } from '../fleet/serve.js'
import { keepWatch, machineClock } from '../fleet/watch.js'
import { withinWindows } from '../fleet/windowed.js'
import { jsonOf } from '../report/json.js'
import { show } from '../report/style.js'
import { systemdUnits } from '../report/systemd.js'
import { textOf } from '../report/text.js'
import type { ShownRun } from '../shown.js'
import { isZone } from '../windows.js'
import type { Console } from './console.js'
import { playbooksOf } from './files.js'
import { type Interrupts, listenForInterrupts } from './interrupt.js'
import { loadFleet } from './load.js'
import { type RunOrder, runOnce } from './one-run.js'
import { Mistake, type WatchOptions } from './options.js'
import type { Parts } from './parts.js'
import { stateOf } from './record.js'

/** `holdfast watch`: converge when the schedule says, until a signal comes; outside a host's change windows only plan. */
export async function watch(playbooks: readonly string[], options: WatchOptions, parts: Parts, console: Console): Promise<number> {
  const schedule = scheduleOf(options)
  if (options.printSystemd) {
    if (options.once && options.cron !== undefined) throw new Mistake('a timer has a calendar of its own: give --every beside --once')
    console.out.write(systemdUnits(unitOf(options)))
    return 0
  }
  const listening = listenOf(options)
  const clock = parts.clock ?? machineClock
  const interrupts = listenForInterrupts()
  setMaxListeners(0, interrupts.stop)
  const say = (text: string): void => console.err.write(`holdfast: ${show(text, console.err.style)}\n`)
  let last: number | undefined
  let ended = Date.now()
  const ailing = (): string | undefined => {
    const idle = Date.now() - ended
    return idle > 3 * schedule.period + hour ? `no run has ended for ${Math.round(idle / 1000)} s` : undefined
  }
  const server = listening && (await serve({ ...listening, state: stateOf(options), ailing }).catch(refuseListening))
  const run = async (): Promise<void> => {
    last = await oneWatchedRun(playbooks, options, parts, console, interrupts, last === undefined)
    ended = Date.now()
  }
  const served = listening
    ? `, the report at http://${options.listen?.includes(':') ? options.listen : `127.0.0.1:${options.listen}`}/`
    : ''
  const waits = (due: number): void => say(`next run at ${new Date(due).toISOString()}${served}`)
  try {
    if (options.once) await run()
    else {
      const order = {
        schedule,
        jitter: options.jitter ?? 0,
        clock,
        run,
        stop: interrupts.stop,
        say,
        ...(console.err.terminal && { waits }),
      }
      await Promise.race([keepWatch(order), interrupts.crashed])
    }
    const signal = interrupts.signal()
    return signal ? exitCode({ hosts: [], signal }) : (last ?? 0)
  } finally {
    interrupts.end()
    server?.closeAllConnections()
    server?.close()
  }
}

/** The address of --listen; a Mistake where it is none. Without a host it is this machine's own, as nobody is asked for a password. */
function listenOf({ listen }: WatchOptions): { readonly host: string; readonly port: number } | undefined {
  if (listen === undefined) return undefined
  const found = /^(?:(\[[0-9a-fA-F:]+\]|[\w.-]+):)?(\d{1,5})$/.exec(listen)
  const port = Number(found?.[2])
  if (!found || port > 65535) throw new Mistake(`--listen ${listen} is no address; write 127.0.0.1:9477`)
  return { host: (found[1] ?? '127.0.0.1').replace(/^\[|\]$/g, ''), port }
}

function refuseListening(error: Error): never {
  throw new Mistake(`nothing can be served: ${error.message}`)
}

const hour = 3_600_000

function scheduleOf({ every, cron, tz, listen, once }: WatchOptions): Schedule {
  if (every !== undefined && cron !== undefined) throw new Mistake('--every and --cron are two schedules: give one')
  if (tz !== undefined && cron === undefined) throw new Mistake('--tz is the zone of --cron')
  if (tz !== undefined && !isZone(tz)) throw new Mistake(`"${tz}" is no time zone; write a name as Asia/Tokyo, Europe/Berlin or UTC`)
  if (listen !== undefined && once) throw new Mistake('--listen is for a watch that stays, --once ends it')
  if (cron === undefined) return everyPeriod(every ?? hour)
  try {
    return byCron(cron, tz ?? Intl.DateTimeFormat().resolvedOptions().timeZone)
  } catch (error) {
    throw new Mistake(
      `--cron "${cron}" is no cron expression, which has five parts (minute, hour, day, month, weekday), as "*/15 2-4 * * sat": ${(error as Error).message}`,
    )
  }
}

/** One run of the schedule, over files that are read anew; its exit code. A mistake in a file costs that run, but for the first: it ends the watch. */
async function oneWatchedRun(
  playbooks: readonly string[],
  options: WatchOptions,
  parts: Parts,
  console: Console,
  interrupts: Interrupts,
  first: boolean,
): Promise<number> {
  const clock = parts.clock ?? machineClock
  try {
    const loaded = await loadFleet(playbooks, options, parts, console)
    if (!loaded) {
      if (first) throw new Mistake('the watch was not begun: the files have mistakes')
      return 1
    }
    const windows = new Map(loaded.hosts.map(({ target, windows: own }) => [target.host, own ?? []]))
    const engine: RunOrder['engine'] = async (given) => {
      const [apply, plan] = [await parts.engine({ ...given, apply: !options.check }), await parts.engine({ ...given, apply: false })]
      const windowsOf = (host: string) => windows.get(host) ?? []
      return withinWindows({ apply, plan, windowsOf, now: clock.now, margin: (options.confirmTimeout + 30) * 1000 })
    }
    const order: RunOrder = {
      command: 'apply',
      trigger: 'watch',
      playbooks: playbooksOf(playbooks),
      ...loaded,
      options,
      interrupts,
      engine,
      clock,
    }
    const { shown, bug, told } = await runOnce(order, console)
    tell(shown, options, console)
    if (options.once) await told
    if (bug !== undefined) throw bug
    return exitCode({ hosts: shown.hosts })
  } catch (error) {
    if (!(error instanceof Mistake) || first) throw error
    console.err.write(`holdfast: ${show(error.message, console.err.style)}; this run is left out\n`)
    return 1
  }
}

/** One run's text; with --json its document, on one line, so that a log has one line per run. */
function tell(shown: ShownRun, { json, diff, verbose }: WatchOptions, console: Console): void {
  const people = json ? console.err : console.out
  people.write(`${new Date().toISOString()} run ${shown.run}\n${textOf(shown, { ...people.style, diff, verbose })}`)
  if (json) console.out.write(`${JSON.stringify(JSON.parse(jsonOf(shown)))}\n`)
}

/** The command line of this process without --print-systemd, as the unit is to run it. */
function unitOf(options: WatchOptions): Parameters<typeof systemdUnits>[0] {
  const argv = process.argv.slice(2).filter((word) => word !== '--print-systemd')
  const every = options.every ?? hour
  return {
    program: [process.execPath, process.argv[1] ?? 'holdfast'],
    argv,
    folder: process.cwd(),
    state: stateOf(options),
    once: options.once,
    every: Math.max(1, Math.round(every / 1000)),
    jitter: Math.round((options.jitter ?? 0) / 1000),
  }
}
