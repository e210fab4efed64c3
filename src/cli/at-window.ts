import { keepWatch, machineClock } from '../fleet/watch.js'
import { mayChange } from '../fleet/windowed.js'
import { type ChangeWindow, nextOpening } from '../windows.js'
import { inventoriesOf } from './files.js'
import type { Interrupts } from './interrupt.js'
import { type FleetOptions, Mistake } from './options.js'
import type { Parts } from './parts.js'

/** The change windows of hosts, as the inventory has them now; a Mistake where it has mistakes. */
export async function windowsOf(
  hosts: readonly string[],
  options: FleetOptions,
  parts: Parts,
): Promise<ReadonlyMap<string, readonly ChangeWindow[]>> {
  if (hosts.length === 0) return new Map()
  const loaded = await parts.named({ inventory: inventoriesOf(options), patterns: hosts, extraVars: {} })
  if ('problems' in loaded)
    throw new Mistake(`the inventory cannot be read for the change windows: ${loaded.problems.map(({ message }) => message).join('; ')}`)
  return new Map(loaded.hosts.map(({ target, windows }) => [target.host, windows ?? []]))
}

/** The first moment, in milliseconds since the epoch, at which all hosts may be changed; undefined where the next two weeks have none. */
export function commonOpening(all: readonly (readonly ChangeWindow[])[], now: number, margin: number): number | undefined {
  const open = (time: number): boolean => all.every((windows) => mayChange(windows, time, margin))
  const times = [now]
  for (const windows of all)
    for (let next = nextOpening(windows, now); next && next.from < now + 15 * 86_400_000; next = nextOpening(windows, next.from))
      times.push(next.from)
  return times.toSorted((a, b) => a - b).find(open)
}

/** Waits until all hosts may be changed; a Mistake where that will not be before the plan expires. False: a signal came first. */
export async function untilWindow(
  windows: ReadonlyMap<string, readonly ChangeWindow[]>,
  validUntil: string,
  options: FleetOptions,
  interrupts: Interrupts,
  say: (text: string) => void,
): Promise<boolean> {
  const margin = (options.confirmTimeout + 30) * 1000
  const due = commonOpening([...windows.values()], Date.now(), margin)
  if (due === undefined)
    throw new Mistake('the hosts of the plan have no change window in common in the next two weeks: --limit parts them')
  const at = new Date(due).toISOString()
  if (due >= Date.parse(validUntil)) throw new Mistake(`the plan expires at ${validUntil}, before the change window opens at ${at}`)
  if (due > Date.now()) say(`waiting for the change window, which opens at ${at}`)
  const once = new AbortController()
  const stop = AbortSignal.any([once.signal, interrupts.stop])
  const schedule = { first: () => due, next: () => due, period: 0 }
  await keepWatch({ schedule, jitter: 0, clock: machineClock, run: async () => once.abort(), stop, say })
  return !interrupts.stop.aborted
}
