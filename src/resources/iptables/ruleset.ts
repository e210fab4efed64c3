import type { ChainState } from '../../types.js'

/** What iptables-save printed: table -> chain -> state, in the host's own order and spelling. */
export type Ruleset = ReadonlyMap<string, ReadonlyMap<string, ChainState>>

/** Cuts iptables-save text into chains; lines of chains keep their text byte for byte and are not parsed any further. */
export function parseSave(text: string): Ruleset {
  const tables = new Map<string, Map<string, { policy?: string; lines: string[] }>>()
  let table: Map<string, { policy?: string; lines: string[] }> | undefined
  for (const raw of text.split('\n')) {
    const line = raw.startsWith('[') ? raw.replace(/^\[\d+:\d+\] /, '') : raw
    if (line.startsWith('*')) {
      const name = line.slice(1).trim()
      table = tables.get(name) ?? new Map()
      tables.set(name, table)
    } else if (line.startsWith(':') && table !== undefined) {
      const [name = '', policy = '-'] = line.slice(1).split(' ')
      table.set(name, policy === '-' ? { lines: [] } : { policy, lines: [] })
    } else if (line.startsWith('-A ') && table !== undefined) {
      const end = line.indexOf(' ', 3)
      const name = end < 0 ? line.slice(3) : line.slice(3, end)
      const chain = table.get(name) ?? { lines: [] }
      table.set(name, chain)
      chain.lines.push(end < 0 ? '' : line.slice(end + 1))
    }
  }
  return tables
}

/** One chain of a ruleset; undefined where there is none. A built-in chain of a table that was never used is empty with policy ACCEPT. */
export function chainOf(ruleset: Ruleset, table: string, chain: string, builtin: boolean): ChainState | undefined {
  return ruleset.get(table)?.get(chain) ?? (builtin ? { policy: 'ACCEPT', lines: [] } : undefined)
}
