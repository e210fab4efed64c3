import { bootHolder } from '../resources/iptables/holder.js'
import type { HostWant, Seen } from '../types.js'
import type { FoundOnHost, Held, HeldChain, HeldRule, HeldValue, Judged } from './items.js'
import { judgeRules, judgeValues, unspelled } from './judge.js'
import { type HeldRules, rulesOf } from './rules.js'
import { valuesOf } from './values.js'
import { wantOfHeld } from './want.js'

/** Looks at a host for a want, as plan does: one exec. */
export type Look = (want: HostWant) => Promise<Seen>

/** What a host holds: all that its survey shows, each thing compared with the host as a plan would compare it. */
export async function holdingsOf(surveyed: Seen, host: HostWant, exact: boolean, look: Look): Promise<FoundOnHost> {
  const values = valuesOf(surveyed, host)
  const rules = rulesOf(surveyed, host, exact)
  const refused: Judged[] = []
  let candidates: readonly Held[] = [...values, ...rules.rules, ...rules.chains]
  for (let tries = 0; ; tries++) {
    const seen = await look(wantOfHeld(candidates, host))
    const lacking = unspelled(candidates, seen, host)
    if (lacking.size === 0 || tries === 2) {
      const judged = [
        ...judgeValues(candidates.filter(isValue), seen, host),
        ...judgeRules(candidates.filter(isFilter), seen, host),
        ...refused,
      ]
      return { host: host.host, judged, ordered: isOrdered(surveyed, host), notes: notesOf(rules, values, judged) }
    }
    refused.push(...[...lacking].map(([held, why]) => ({ held, why })))
    candidates = candidates.filter((held) => !lacking.has(held))
  }
}

const isValue = (held: Held): held is HeldValue => held.kind === 'value'
const isFilter = (held: Held): held is HeldRule | HeldChain => held.kind !== 'value'

/** A saved file keeps the order that rules have; scripts and our own loader write them in the order of the playbook. */
function isOrdered(seen: Seen, host: HostWant): boolean {
  return (['ipv4', 'ipv6'] as const).some((family) => bootHolder(host, seen, family).kind !== 'save-file')
}

function notesOf({ notes }: HeldRules, values: readonly HeldValue[], judged: readonly Judged[]): readonly string[] {
  const there = new Set(judged.flatMap(({ held }) => (held.kind === 'value' ? [held.key] : [])))
  const missing = values.filter(({ key }) => !there.has(key))
  return [...notes, ...missing.map(({ key }) => `a file of /etc sets ${key}, which this kernel does not have or does not show`)]
}
