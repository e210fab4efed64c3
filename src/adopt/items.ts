import type { SysctlKey } from '../resources/sysctl/want.js'
import type { Family } from '../types.js'

/** A kernel parameter that a host holds. */
export interface HeldValue {
  readonly kind: 'value'
  readonly path: SysctlKey['path']
  readonly key: string
  readonly value: string
}

/** A rule that stands in a chain which nobody owns as a whole; `id` stands for it until it has a name for people. */
export interface HeldRule {
  readonly kind: 'rule'
  readonly id: string
  /** The id that holdfast has given it before. */
  readonly own?: string
  readonly family: Family
  readonly table: string
  readonly chain: string
  /** As a playbook writes it. */
  readonly rule: string
  readonly specs: readonly (readonly string[])[]
}

/** A user chain with all its rules, or a built-in one with its policy. */
export interface HeldChain {
  readonly kind: 'chain'
  readonly family: Family
  readonly table: string
  readonly name: string
  readonly policy?: string
  readonly exact: boolean
  /** Rules of daemons in a built-in chain that is taken as a whole. */
  readonly ignore: readonly string[]
  /** Absent: only the policy is meant. */
  readonly rules?: readonly string[]
  readonly specs: readonly (readonly string[])[]
}

export type Held = HeldValue | HeldRule | HeldChain

/** What a host holds; `why`: it does not hold in both layers, so that somebody has to choose. */
export interface Judged {
  readonly held: Held
  readonly why?: string
}

/** What one host holds, and what was left out, for people. */
export interface FoundOnHost {
  readonly host: string
  readonly judged: readonly Judged[]
  /** The order of its rules counts for whatever puts them in place at boot. */
  readonly ordered: boolean
  readonly notes: readonly string[]
}

/** What a play can hold, the same for every host that agrees: an entry of `sysctl:`, `iptables:` or `chains:`. */
export type Item =
  | { readonly kind: 'value'; readonly key: string; readonly value: string }
  | {
      readonly kind: 'rule'
      readonly entry: {
        readonly id: string
        readonly chain: string
        readonly table?: string
        readonly family?: string
        readonly rule: string
      }
    }
  | {
      readonly kind: 'chain'
      readonly entry: {
        readonly name: string
        readonly table?: string
        readonly family?: string
        readonly policy?: string
        readonly exact?: true
        readonly ignore?: readonly string[]
        readonly rules?: readonly string[]
      }
    }

/** An item of one host; `why`: it is printed as a comment, for somebody to choose. */
export interface HostItem {
  readonly item: Item
  readonly why?: string
}
