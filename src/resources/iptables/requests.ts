import { bySame } from '../../by-text.js'
import type { Family } from '../../types.js'
import type { AbsentRule, Anchor, IptablesWant, OwnedChain, PlacedRule, Spec } from './want.js'

/** One rule that the host is asked to spell; its number is its place in the list and travels in the rule's comment. */
export interface SpellRequest {
  readonly family: Family
  readonly table: string
  readonly chain: string
  readonly spec: Spec
  /** The comment that the rule carries in the end; absent for anchors, for `state: absent` and in owned chains. */
  readonly comment?: string
}

/** A want whose rule texts are numbers of requests. */
export interface NumberedWant {
  readonly requests: readonly SpellRequest[]
  readonly rules: readonly {
    readonly rule: PlacedRule
    readonly specs: readonly number[]
    readonly anchors: readonly ({ id: string } | { request: number })[]
  }[]
  readonly absent: readonly { readonly rule: AbsentRule; readonly spec?: number }[]
  readonly chains: readonly { readonly chain: OwnedChain; readonly specs: readonly number[] }[]
}

/** Numbers every rule text of a want in a fixed order: probe sends the numbers out, plan finds the host's spellings by them. */
export const numberRequests = bySame((want: IptablesWant): NumberedWant => {
  const requests: SpellRequest[] = []
  const ask = (item: { family: Family; table: string }, chain: string, spec: Spec, comment?: string) =>
    requests.push({ family: item.family, table: item.table, chain, spec, ...(comment === undefined ? {} : { comment }) }) - 1
  return {
    rules: want.rules.map((rule) => ({
      rule,
      specs: rule.specs.map((spec) => ask(rule, rule.chain, spec, `holdfast:${rule.id}`)),
      anchors: anchorsOf(rule).map((anchor) => ('id' in anchor ? anchor : { request: ask(rule, rule.chain, anchor.spec) })),
    })),
    absent: want.absent.map((rule) => (rule.spec === undefined ? { rule } : { rule, spec: ask(rule, rule.chain, rule.spec) })),
    chains: want.chains.map((chain) => ({ chain, specs: chain.specs.map((spec) => ask(chain, chain.name, spec)) })),
    requests,
  }
})

function anchorsOf({ place }: PlacedRule): readonly Anchor[] {
  return place.kind === 'after' || place.kind === 'before' ? place.anchors : []
}
