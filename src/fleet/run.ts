import { setMaxListeners } from 'node:events'
import type { Converge, FleetHost, Stage } from '../engine.js'
import type { HostResult } from '../shown.js'
import { orAbandoned } from './abandon.js'
import { type BatchSize, cutBatches } from './batches.js'
import { countsAsFailure, overBudget } from './budget.js'
import { runPool } from './pool.js'

/** What is told while a run goes on. */
export interface FleetEvents {
  batch(number: number, of: number): void
  stage(host: string, stage: Stage): void
  done(result: HostResult): void
}

export interface FleetOrder {
  readonly hosts: readonly FleetHost[]
  readonly forks: number
  readonly serial: readonly BatchSize[]
  readonly maxFailPercentage?: number
  readonly converge: Converge
  readonly events: FleetEvents
  /** What of a result is kept to the run's end, once its end was told: all unless said. */
  readonly keep?: (result: HostResult) => HostResult
  /** Aborted: no further host starts, those under way finish. Its reason is a clause: `stopped by SIGINT`. */
  readonly stop: AbortSignal
  /** Aborted: those under way have `grace` milliseconds to end, then they are reported as they stand. */
  readonly abort: AbortSignal
  readonly grace?: number
}

/** A run under way: at any time it can be asked how it stands. */
export interface FleetRun {
  readonly done: Promise<void>
  /** In the inventory's order; a host not started is `skipped`, one under way `failed`, each with its reason. */
  results(): readonly HostResult[]
  /** The first error that nobody expected. */
  bug(): unknown
}

interface Standing {
  readonly results: Map<string, HostResult>
  readonly stages: Map<string, Stage>
  /** Why no further host starts. */
  halted?: string
  bug?: unknown
}

/** Starts a run: batch after batch over `converge`, until a budget, a signal or a bug says that no further host starts. */
export function startFleet(order: FleetOrder): FleetRun {
  setMaxListeners(0, order.abort) // every host under way listens
  const standing: Standing = { results: new Map(), stages: new Map() }
  return {
    done: runBatches(order, standing),
    bug: () => standing.bug,
    results: () => order.hosts.map(({ target }) => resultOf(target.host, order, standing)),
  }
}

async function runBatches(order: FleetOrder, standing: Standing): Promise<void> {
  const batches = cutBatches(order.hosts, order.serial)
  for (const [at, hosts] of batches.entries()) {
    if (whyHalted(order, standing)) return
    order.events.batch(at + 1, batches.length)
    await runBatch(hosts, order, standing)
  }
}

async function runBatch(hosts: readonly FleetHost[], order: FleetOrder, standing: Standing): Promise<void> {
  let failed = 0
  const work = async (host: FleetHost): Promise<void> => {
    const result = await runHost(host, order, standing)
    if (countsAsFailure(result.outcome)) failed++
    const why = overBudget(failed, hosts.length, order.maxFailPercentage)
    if (why) standing.halted ??= `the failure budget was reached: ${why}`
    standing.results.set(result.host, order.keep?.(result) ?? result)
    order.events.done(result)
  }
  await runPool(hosts, order.forks, work, () => !whyHalted(order, standing))
}

async function runHost(item: FleetHost, order: FleetOrder, standing: Standing): Promise<HostResult> {
  const { host } = item.target
  const onStage = (stage: Stage): void => {
    if (standing.results.has(host)) return
    standing.stages.set(host, stage)
    order.events.stage(host, stage)
  }
  onStage('connect')
  try {
    const work = order.converge(item, { onStage, signal: order.abort })
    return await orAbandoned(work, order.abort, order.grace ?? 5000, () => underWay(host, standing.stages.get(host)))
  } catch (error) {
    standing.bug ??= error ?? new Error('something threw nothing')
    standing.halted ??= 'a bug in holdfast stopped the run'
    return { host, outcome: 'failed', reason: `a bug in holdfast: ${error}`, changes: [] }
  }
}

const whyHalted = ({ stop }: FleetOrder, { halted }: Standing): string | undefined =>
  halted ?? (stop.aborted ? String(stop.reason) : undefined)

function resultOf(host: string, order: FleetOrder, standing: Standing): HostResult {
  const stage = standing.stages.get(host)
  return standing.results.get(host) ?? (stage ? underWay(host, stage) : notStarted(host, whyHalted(order, standing)))
}

const notStarted = (host: string, why = 'the run ended before'): HostResult => ({
  host,
  outcome: 'skipped',
  reason: `not started: ${why}`,
  changes: [],
})

const untouched: readonly Stage[] = ['connect', 'look', 'rehearse']

function underWay(host: string, stage: Stage = 'connect'): HostResult {
  const state = untouched.includes(stage)
    ? 'nothing was written'
    : 'unless it was confirmed, the host undoes it by itself; run plan to see how it stands'
  return { host, outcome: 'failed', reason: `stopped while under way (${stage}): ${state}`, changes: [] }
}
