import { randomBytes } from 'node:crypto'
import type { Converge } from '../engine.js'
import { type FleetRun, startFleet } from '../fleet/run.js'
import { type Clock, machineClock } from '../fleet/watch.js'
import { stampOf } from '../history/runs.js'
import type { LoadedHost } from '../load/load.js'
import type { Recall } from '../plan.js'
import { type ProgressOptions, startProgress } from '../report/progress.js'
import { show } from '../report/style.js'
import { countOutcomes, type HostResult, type ShownRun } from '../shown.js'
import type { HostRecord } from '../types.js'
import type { Console } from './console.js'
import type { Interrupts } from './interrupt.js'
import { notify } from './notify.js'
import type { FleetOptions } from './options.js'
import type { EngineOrder } from './parts.js'
import { withForetold, withPredictions } from './predict.js'
import { recordRun, stateOf } from './record.js'
import { withSecrets } from './secrets.js'

export interface RunOrder {
  readonly command: string
  readonly trigger?: 'watch'
  readonly playbooks: readonly string[]
  readonly hosts: readonly LoadedHost[]
  /** Of a shard: the hosts of all shards, by name. */
  readonly fleet?: readonly string[]
  readonly options: FleetOptions
  readonly interrupts: Interrupts
  /** The machine's unless told. */
  readonly clock?: Clock
  readonly engine: (
    order: Pick<EngineOrder, 'run' | 'options' | 'say'> & { readonly recall: (host: string) => Recall },
  ) => Promise<Converge>
}

/** What became of a run. */
export interface Ran {
  readonly shown: ShownRun
  /** The error that nobody expected. */
  readonly bug: unknown
  /** Resolves when those who are to be told were told, or could not be; nothing but the end of the process need wait for it. */
  readonly told: Promise<void>
}

/** One run over hosts that were loaded, written into the history as it goes. */
export async function runOnce(order: RunOrder, console: Console): Promise<Ran> {
  const { command, options, interrupts } = order
  const { forks, serial, maxFailPercentage } = options
  const now = (): Date => new Date((order.clock ?? machineClock).now())
  const run = newRunId(now())
  const hosts = await withSecrets(order.hosts, options)
  const progress = await startProgress(progressOptions(hosts.length, options, console))
  interrupts.tell(progress.say)
  try {
    const { trigger, playbooks, fleet: names } = order
    const shard = options.shard && { shard: { ...options.shard, ...(names && { fleet: names }) } }
    const recording = recordRun(
      { run, command, ...(trigger && { trigger }), playbooks, began: now().toISOString(), ...shard },
      hosts,
      options,
      progress.say,
    )
    const recall = (host: string): Recall => {
      let asked: { readonly record: HostRecord | undefined } | undefined
      return {
        contestedWithin: options.contestedWithin,
        // most hosts have a record of their own, and are not asked about
        get record() {
          asked ??= { record: recording.recall(host) }
          return asked.record
        },
      }
    }
    const fleet = startFleet({
      hosts,
      forks,
      serial,
      ...(maxFailPercentage === undefined ? {} : { maxFailPercentage }),
      converge: await order.engine({ run, options, recall, say: progress.say }),
      events: {
        ...progress,
        done(result) {
          recording.done(result)
          progress.done(result)
        },
      },
      keep: keeping,
      stop: interrupts.stop,
      abort: interrupts.abort,
    })
    const bug = await endOf(fleet, interrupts)
    const state = stateOf(options)
    const ended = options.predictUpgrade ? withPredictions(fleet.results(), order.hosts, state) : fleet.results()
    recording.end(ended, now())
    const told = notify({ run, command, hosts: fleet.results(), summary: countOutcomes(fleet.results()) }, hosts, options, (text) =>
      console.err.write(`holdfast: ${show(text, console.err.style)}\n`),
    )
    const results = options.predictUpgrade ? withForetold(ended, state) : ended
    return {
      shown: { run, command, ...(options.shard && { shard: options.shard }), hosts: results, summary: countOutcomes(results) },
      bug,
      told,
    }
  } finally {
    await progress.end()
  }
}

/** What is in the history by then need not stay in memory. */
const keeping = ({ held: _, wide: __, record: ___, before: ____, ...result }: HostResult): HostResult => result

/** `20260112T021500Z-4f2a9c`: sorts by time, and two of one second differ. */
const newRunId = (now: Date): string => `${stampOf(now)}-${randomBytes(3).toString('hex')}`

function progressOptions(hosts: number, { json, verbose }: FleetOptions, { err: { stream, style, terminal } }: Console): ProgressOptions {
  const row = terminal && process.env.TERM !== 'dumb'
  return { hosts, style, stream, form: json && !verbose ? 'none' : row ? 'row' : 'lines' }
}

/** Waits for the run's end; an error that nobody expected, where there was one. */
async function endOf(fleet: FleetRun, { crashed }: Interrupts): Promise<unknown> {
  try {
    await Promise.race([fleet.done, crashed])
    return fleet.bug()
  } catch (error) {
    return error ?? new Error('something threw nothing')
  }
}
