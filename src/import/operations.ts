import type { RuleOptions } from '../generated/playbook.js'
import type { Family } from '../types.js'

/** A chain of the packet filter. */
export interface ChainAt {
  readonly family: Family | 'both'
  readonly table: string
  readonly chain: string
}

/** What a task does to a host, one thing after the other. */
export type Operation =
  /** Put a rule at the end, or at a place counted from 1, unless it is there. */
  | ({ readonly do: 'put'; readonly rule: string | RuleOptions; readonly at: 'end' | number } & ChainAt)
  | ({ readonly do: 'take'; readonly rule: string | RuleOptions } & ChainAt)
  /** Take all rules of the chain away, or of all chains of the table. */
  | ({ readonly do: 'flush' } & Omit<ChainAt, 'chain'> & { readonly chain?: string })
  | ({ readonly do: 'policy'; readonly policy: string } & ChainAt)
  | ({ readonly do: 'make' } & ChainAt)
  | ({ readonly do: 'unmake' } & ChainAt)
  | { readonly do: 'set'; readonly key: string; readonly value: string | number }
  /** Done, but for this. */
  | { readonly do: 'leave'; readonly why: string; readonly needle?: string }
  /** What the reader should know, although nothing is lost. */
  | { readonly do: 'note'; readonly text: string }
