import { builtinChains } from '../resources/iptables/want.js'
import { didYouMean } from './nearest.js'

const everywhere = new Set(Object.values(builtinChains).flat())

/** What is wrong with the name of a chain in a table; undefined: nothing. The kernel keeps 28 bytes of it. */
export function chainWrong(chain: string, table: string): string | undefined {
  const own = builtinChains[table] ?? []
  if (own.includes(chain)) return undefined
  if (everywhere.has(chain)) return `the table ${table} has no chain ${chain}: it has ${own.join(', ')}`
  if (everywhere.has(chain.toUpperCase())) return `${JSON.stringify(chain)} is none of the built-in chains${didYouMean(chain, own)}`
  if (chain === '' || /[\s\0-\x1f\x7f]/.test(chain)) return `${JSON.stringify(chain)} cannot be the name of a chain`
  if (/^[-!]/.test(chain)) return 'the name of a chain cannot begin with - or !'
  if (/[{}"'\\]/.test(chain)) return `${JSON.stringify(chain)} cannot be the name of a chain: it takes no templates and no quotes`
  const length = new TextEncoder().encode(chain).length
  return length > 28 ? `the name of a chain has 28 bytes at most, this has ${length}` : undefined
}

/** Whether the kernel makes the chain. */
export function isBuiltin(chain: string, table: string): boolean {
  return (builtinChains[table] ?? []).includes(chain)
}
