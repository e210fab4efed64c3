import type { Converge } from '../engine.js'
import type { HostResult } from '../shown.js'
import { type ChangeWindow, nextOpening, openingAt } from '../windows.js'

export interface Windowed {
  readonly apply: Converge
  readonly plan: Converge
  /** The windows of a host; none = it may be changed at any time. */
  readonly windowsOf: (host: string) => readonly ChangeWindow[]
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Milliseconds that a change may take: so long a window must still be open when it is begun. */
  readonly margin: number
}

/** Applies to a host that is in a change window when its turn comes, and only plans for one that is not. */
export function withinWindows({ apply, plan, windowsOf, now, margin }: Windowed): Converge {
  return async (item, watch) => {
    const windows = windowsOf(item.target.host)
    if (mayChange(windows, now(), margin)) return apply(item, watch)
    return saidWhy(await plan(item, watch), windows, now())
  }
}

/** Whether a change may be begun; where windows are shorter than twice the margin, half of them is enough. */
export function mayChange(windows: readonly ChangeWindow[], now: number, margin: number): boolean {
  if (windows.length === 0) return true
  const opening = openingAt(windows, now)
  return opening !== undefined && opening.until - now >= Math.min(margin, (opening.until - opening.from) / 2)
}

function saidWhy(result: HostResult, windows: readonly ChangeWindow[], now: number): HostResult {
  if (result.outcome !== 'pending') return result
  const next = nextOpening(windows, now)
  const when = next ? `the next opens at ${new Date(next.from).toISOString()} (${next.window.text})` : 'none opens in the next two weeks'
  return { ...result, warnings: [...(result.warnings ?? []), `outside its change windows, nothing was changed; ${when}`] }
}
