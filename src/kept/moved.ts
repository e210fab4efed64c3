import type { MadeFrom } from '../shown.js'
import type { Effect, Step } from '../types.js'
import { canonical } from './canonical.js'
import type { KeptReady } from './plan.js'

/** What of a host is no longer as the approved plan was made from, in words; nothing: exactly the approved steps are to be done. */
export function whatMoved(kept: KeptReady, steps: readonly Step[], now: MadeFrom): readonly string[] {
  const then = kept.madeFrom
  const facts = (['version', 'backend', 'init'] as const).flatMap((name) =>
    then[name] === now[name] ? [] : [`${names[name]} was ${then[name] ?? 'unknown'} and is ${now[name] ?? 'unknown'}`],
  )
  const known = new Set([...Object.keys(then.parts), ...Object.keys(now.parts)])
  const parts = [...known].filter((name) => then.parts[name] !== now.parts[name]).sort()
  const moved = [...facts, ...parts]
  return moved.length > 0 ? moved : otherSteps(kept.steps, steps)
}

const names = { version: 'the version', backend: 'the back end of iptables', init: 'the init system' } as const

/** Nothing that was fingerprinted moved, yet something else is to be done: the record of the host moved, or the steps are not the tool's own. */
function otherSteps(approved: readonly Step[], steps: readonly Step[]): readonly string[] {
  const texts = (list: readonly Step[]) => new Map(list.map((step) => [essence(step), nameOf(step.effect)]))
  const [then, now] = [texts(approved), texts(steps)]
  const order = [...then.keys()].join() === [...now.keys()].join()
  const different = [...[...then].filter(([text]) => !now.has(text)), ...[...now].filter(([text]) => !then.has(text))]
  if (different.length === 0 && approved.length === steps.length) return order ? [] : ['the order of the steps']
  const about = [...new Set(different.map(([, name]) => name))].sort()
  return [`other steps than the approved ones are needed (${about.join(', ')})`]
}

/** A step without its causes and notes: they tell of history, not of what is done. */
const essence = ({ effect, changes }: Step): string =>
  canonical([effect, changes.map(({ resource, layer, at, before, after, from, to }) => ({ resource, layer, at, before, after, from, to }))])

const nameOf = (effect: Effect): string =>
  effect.kind === 'chain' ? `${effect.family} ${effect.table} ${effect.chain}` : effect.kind === 'once' ? effect.run : effect.path
