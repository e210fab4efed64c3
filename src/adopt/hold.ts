import { bootHolder } from '../resources/iptables/holder.js'
import type { HostWant, Seen } from '../types.js'
import type { FoundOnHost, Held, HeldChain, HeldRule, Judged } from './items.js'
import { judgeRules, judgeValues, unspelled } from './judge.js'
import { rulesOf } from './rules.js'
import { valuesOf } from './values.js'
import { wantOfHeld } from './want.js'

/** Looks at a host for a want, as plan does: one exec. */
export type Look = (want: HostWant) => Promise<Seen>

/** What a host holds: all that its survey shows, each thing compared with the host as a plan would compare it. */
export async function holdingsOf(surveyed: Seen, host: HostWant, exact: boolean, look: Look): Promise<FoundOnHost> {
  const { values, notes } = valuesOf(surveyed, host)
  const rules = rulesOf(surveyed, host, exact)
  const { seen, filter, judged } = await spelled([...values, ...rules.rules, ...rules.chains], host, look)
  const found = [...judgeValues(values, seen, host), ...(await judgeFamilies(filter, seen, host, look)), ...judged]
  const there = new Set(found.flatMap(({ held }) => (held.kind === 'value' ? [held.key] : [])))
  const missing = values.filter(({ key }) => !there.has(key))
  return {
    host: host.host,
    judged: found,
    ordered: isOrdered(surveyed, host),
    notes: [
      ...rules.notes,
      ...notes,
      ...missing.map(({ key }) => `a file of /etc sets ${key}, which this kernel does not have or does not show`),
    ],
  }
}

interface Spelled {
  readonly seen: Seen
  readonly filter: readonly (HeldRule | HeldChain)[]
  /** Those that the host does not take back. */
  readonly judged: readonly Judged[]
}

/** Looks until the host spells all that is asked of it: a rule that it refuses would be refused in a plan, too. */
async function spelled(all: readonly Held[], host: HostWant, look: Look): Promise<Spelled> {
  const judged: Judged[] = []
  let candidates = all
  for (let tries = 0; ; tries++) {
    const seen = await look(wantOfHeld(candidates, host))
    const lacking = unspelled(candidates, seen, host)
    if (lacking.size === 0 || tries === 2) return { seen, filter: candidates.filter(isFilter), judged }
    judged.push(...[...lacking].map(([held, why]) => ({ held, why })))
    candidates = candidates.filter((held) => !lacking.has(held))
  }
}

/** Where a plan of both families is refused, each is looked at alone: what refuses one need not refuse the other. */
async function judgeFamilies(filter: Spelled['filter'], seen: Seen, host: HostWant, look: Look): Promise<readonly Judged[]> {
  const together = judgeRules(filter, seen, host)
  const families = [...new Set(filter.map(({ family }) => family))]
  if (!together.refused || families.length < 2) return together.judged
  const parts: Judged[] = []
  for (const family of families) {
    const own = filter.filter((held) => held.family === family)
    parts.push(...judgeRules(own, await look(wantOfHeld(own, host)), host).judged)
  }
  return parts
}

const isFilter = (held: Held): held is HeldRule | HeldChain => held.kind !== 'value'

/** A saved file keeps the order that rules have; scripts and our own loader write them in the order of the playbook. */
function isOrdered(seen: Seen, host: HostWant): boolean {
  return (['ipv4', 'ipv6'] as const).some((family) => bootHolder(host, seen, family).kind !== 'save-file')
}
