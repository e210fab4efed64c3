import type { Family, Origin } from '../../types.js'

/** The words of one rule after `-A CHAIN`, unquoted: `['-p', 'tcp', '-s', '192.0.2.1', '-j', 'ACCEPT']`. */
export type Spec = readonly string[]

/** A rule that another is placed beside: an own one by id, or any rule by its text in any spelling. */
export type Anchor = { readonly id: string } | { readonly spec: Spec }

/** A claim about foreign rules: which of them may stand above and below. `any`: kept wherever it stands, added at the end when absent. */
export type Place =
  | { readonly kind: 'any' }
  | { readonly kind: 'first' }
  | { readonly kind: 'last' }
  | { readonly kind: 'after' | 'before'; readonly anchors: readonly Anchor[] }

/** A placed rule in one family (`family: both` gives two of one id). */
export interface PlacedRule {
  readonly id: string
  readonly origin: Origin
  readonly family: Family
  readonly table: string
  readonly chain: string
  /** One per element of a list in -s or -d, in list order; they stand together. Empty with `if_empty: remove`. */
  readonly specs: readonly Spec[]
  readonly place: Place
}

/** `state: absent`: every copy of `spec` goes, or the own rule `id`. */
export interface AbsentRule {
  readonly id?: string
  readonly origin: Origin
  readonly family: Family
  readonly table: string
  readonly chain: string
  readonly spec?: Spec
}

/** A chain whose rules are exactly the list; on a built-in chain only with `exact` (else only `policy` is held). */
export interface OwnedChain {
  readonly name: string
  readonly origin: Origin
  readonly family: Family
  readonly table: string
  readonly policy?: string
  /** For a built-in chain: rules outside the list go, but for those that match one of `ignore` (globs over the rule's text). */
  readonly exact: boolean
  readonly ignore: readonly string[]
  readonly specs: readonly Spec[]
}

export interface IptablesWant {
  readonly rules: readonly PlacedRule[]
  readonly absent: readonly AbsentRule[]
  readonly chains: readonly OwnedChain[]
}

/** The chains that the kernel makes, by table. */
export const builtinChains: Readonly<Record<string, readonly string[]>> = {
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  raw: ['PREROUTING', 'OUTPUT'],
  security: ['INPUT', 'FORWARD', 'OUTPUT'],
}
