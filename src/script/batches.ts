import { edits } from '../resources/iptables/edits.js'
import type { Effect } from '../types.js'
import { toolOf } from './undo.js'

type ChainEffect = Extract<Effect, { kind: 'chain' }>

/** One text for `iptables-restore --noflush`: a table of a family, committed as a whole. */
export interface Batch {
  readonly tool: string
  readonly table: string
  readonly text: string
}

/** New chains first, so that rules can jump there; chains that go last, when nothing does any more. */
export function restoreBatches(effects: readonly Effect[]): readonly Batch[] {
  const batches = new Map<string, { tool: string; table: string; chains: ChainEffect[] }>()
  for (const effect of effects) {
    if (effect.kind !== 'chain') continue
    const tool = toolOf(effect.family)
    const batch = batches.get(`${tool} ${effect.table}`) ?? { tool, table: effect.table, chains: [] }
    batches.set(`${tool} ${effect.table}`, batch)
    batch.chains.push(effect)
  }
  return [...batches.values()].map(({ tool, table, chains }) => {
    const rank = (effect: ChainEffect) => (effect.before === null ? 0 : effect.after === null ? 2 : 1)
    const ordered = [...chains].sort((a, b) => rank(a) - rank(b))
    const commands = ordered.flatMap((effect) => edits(effect.before, effect.after, effect.chain))
    const last = (command: string) => command.startsWith('-X ')
    const text = [`*${table}`, ...commands.filter((one) => !last(one)), ...commands.filter(last), 'COMMIT', ''].join('\n')
    return { tool, table, text }
  })
}
