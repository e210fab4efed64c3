import { tableEdits } from '../resources/iptables/edits.js'
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
  return [...batches.values()].map(({ tool, table, chains }) => ({
    tool,
    table,
    text: [`*${table}`, ...tableEdits(chains), 'COMMIT', ''].join('\n'),
  }))
}
