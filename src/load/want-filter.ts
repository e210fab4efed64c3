import type { AbsentRule, IptablesWant, OwnedChain, PlacedRule } from '../resources/iptables/want.js'
import type { Family, Profile } from '../types.js'
import { lineOf, type Placed } from './bench.js'
import { spelled } from './rule.js'
import type { PlayRules } from './want-iptables.js'

/** The packet filter of one host over all plays: one rule per id and family, one list per chain; contradictions are told. */
export function mergeFilter(
  plays: readonly PlayRules[],
  chains: readonly Placed<OwnedChain>[],
  profile: Profile | undefined,
): IptablesWant {
  const rules = once(
    plays.flatMap((each) => each.rules),
    (rule) => `${rule.family} ${rule.id}`,
    (rule) => `the id "${rule.id}"`,
  )
  const owned = once(
    chains,
    (chain) => `${chain.family} ${chain.table} ${chain.name}`,
    (chain) => `the chain ${chain.name}`,
  )
  oneRulePerId(rules)
  const absent = plays.flatMap((each) => each.absent)
  for (const rule of absent) refuseBoth(rule, rules)
  for (const rule of rules) refuseOwned(rule, owned)
  for (const each of [...rules, ...owned]) refuseForm(each, profile)
  return { rules: rules.map(({ item }) => item), absent: absent.map(({ item }) => item), chains: owned.map(({ item }) => item) }
}

/** Equal ones count once; different ones of one name are told. */
function once<Item extends { readonly origin: unknown }>(
  all: readonly Placed<Item>[],
  nameOf: (item: Item) => string,
  people: (item: Item) => string,
): readonly Placed<Item>[] {
  const kept = new Map<string, Placed<Item>>()
  for (const next of all) {
    const before = kept.get(nameOf(next.item))
    if (!before) kept.set(nameOf(next.item), next)
    else if (content(before.item) !== content(next.item)) {
      tell(next, `${people(next.item)} stands for something else at ${lineOf(before)}`)
    }
  }
  return [...kept.values()]
}

function content<Item extends { readonly origin: unknown }>(item: Item): string {
  return JSON.stringify({ ...item, origin: undefined })
}

function tell({ bench, path }: Placed<unknown>, message: string): void {
  bench.tell(path, message)
}

/** An id that stands for a rule in IPv4 and another in IPv6 is two rules. */
function oneRulePerId(rules: readonly Placed<PlacedRule>[]): void {
  const kept = new Map<string, Placed<PlacedRule>>()
  for (const next of rules) {
    const before = kept.get(next.item.id)
    if (!before) kept.set(next.item.id, next)
    else if (placeOf(before) !== placeOf(next)) {
      tell(next, `the id "${next.item.id}" stands for something else at ${lineOf(before)}`)
    }
  }
}

function placeOf({ bench, path }: Placed<unknown>): string {
  return `${bench.play.document.file} ${bench.play.index} ${path.join('.')}`
}

function refuseBoth(absent: Placed<AbsentRule>, rules: readonly Placed<PlacedRule>[]): void {
  const { id, spec, family, table, chain } = absent.item
  const same = rules.find(({ item }) => {
    if (item.family !== family || item.table !== table || item.chain !== chain) return false
    return spec ? item.specs.some((each) => each.join('\0') === spec.join('\0')) : item.id === id
  })
  if (same) tell(absent, `is to be absent here and present at ${lineOf(same)}`)
}

function refuseOwned(rule: Placed<PlacedRule>, owned: readonly Placed<OwnedChain>[]): void {
  const { family, table, chain, id } = rule.item
  const owner = owned.find(
    ({ item }) =>
      item.family === family &&
      item.table === table &&
      item.name === chain &&
      (item.exact || item.specs.length > 0 || item.policy === undefined),
  )
  if (owner) tell(rule, `the rules of ${chain} are exactly those of chains: at ${lineOf(owner)}: put "${id}" into that list`)
}

function refuseForm(each: Placed<{ readonly family: Family; readonly specs: readonly unknown[] }>, profile: Profile | undefined): void {
  const { family, specs } = each.item
  if (!profile?.iptables || specs.length === 0 || profile.iptables.line[family] !== undefined) return
  tell(each, `the profile ${profile.name} has no form for a line of ${spelled(family)}: the rule would be lost at the next boot`)
}
