import { bySame } from '../../by-text.js'
import type { Backend, Family, HostRecord, HostWant, Planned, Seen } from '../../types.js'
import type { Resource, WantedItem } from '../resource.js'
import { planBoot } from './boot.js'
import { grouped } from './grouped.js'
import { groupWant, placeName } from './groups.js'
import { joinPlans, orphans, planLive, removalGroup } from './live.js'
import { isAllowed, otherFirewalls } from './others.js'
import { probe } from './probe.js'
import { numberRequests } from './requests.js'
import { spellByTable, whyTable } from './spell-fallback.js'
import { liveRuleset, readSpelling } from './spelled.js'
import type { IptablesWant } from './want.js'
import { activeBackend, hostWarnings } from './warnings.js'

/** Packet filter rules: placed rules and owned chains, in the running kernel and in whatever brings them back at boot. */
export const iptablesResource: Resource<IptablesWant> = { name: 'iptables', probe, plan, items, narrow }

function narrow(want: IptablesWant, ids: ReadonlySet<string>): IptablesWant {
  const rules = want.rules.filter(({ id }) => ids.has(id))
  return { rules, absent: [], chains: want.chains.filter(({ name }) => ids.has(`chain:${name}`)) }
}

function plan(want: IptablesWant, seen: Seen, host: HostWant): Planned {
  const backend = activeBackend(seen)
  const idle = isEmpty(want)
  if (backend === undefined) return { steps: [], warnings: [], refused: idle ? [] : ['there is no iptables on this host'] }
  const strangers = otherFirewalls(want, seen, backend).filter((other) => !isAllowed(host, other))
  if (strangers.length > 0 && !idle)
    return {
      steps: [],
      warnings: [],
      refused: strangers.map(
        (other) =>
          `another firewall is here: ${other.name} (${other.because}); rules of iptables beside it need \`beside: [${other.name}]\` in the play`,
      ),
    }
  const numbered = numberRequests(want)
  const why = whyTable(seen)
  const spelling = why === undefined ? readSpelling(seen, numbered.requests) : spellByTable(numbered.requests, why)
  const grouped = groupWant(numbered, spelling, host, seen)
  if (grouped.refused.length > 0) return { steps: [], warnings: [], refused: grouped.refused }
  const rulesets = (family: Family) => liveRuleset(seen, backend, family)
  const found = findOrphans(want, seen, rulesets)
  const swept = host.prune ? found.map((orphan) => removalGroup(orphan, [orphan.id])) : []
  const groups = mergeGroups([...grouped.groups, ...swept])
  const all = joinPlans([unreadable(seen, backend, groups), planLive(groups, rulesets, backend), planBoot(groups, seen, host)])
  const named = host.prune
    ? []
    : found.map(
        (orphan) =>
          `${placeName(orphan)}: the rule ${orphan.id} is an orphan: no playbook of this run and no record explains it (--prune removes it)`,
      )
  return {
    steps: all.refused.length > 0 ? [] : all.steps,
    warnings: [...hostWarnings(seen, backend), ...all.warnings, ...named],
    refused: [...new Set(all.refused)],
  }
}

/** Nothing is wanted of iptables here; what earlier runs have left may still go. */
function isEmpty(want: IptablesWant): boolean {
  return want.rules.length + want.absent.length + want.chains.length === 0
}

/** An id with every chain that it stands in; an owned chain goes by `chain:NAME`. */
function items(want: IptablesWant): readonly WantedItem[] {
  const all = [
    ...want.rules.map((rule) => ({ id: rule.id, origin: rule.origin, where: placeName(rule), want: rule.specs })),
    ...want.chains.map((chain) => ({
      id: `chain:${chain.name}`,
      origin: chain.origin,
      where: placeName({ ...chain, chain: chain.name }),
      want: [chain.policy, chain.specs],
    })),
  ]
  return [...grouped(all, (item) => item.id)].map(([id, same]) => {
    return {
      id,
      playbook: same[0]!.origin.playbook,
      play: same[0]!.origin.play,
      want: JSON.stringify(same.map((item) => [item.where, item.want])),
      where: same.map((item) => item.where),
    }
  })
}

function findOrphans(want: IptablesWant, seen: Seen, rulesets: (family: Family) => ReturnType<typeof liveRuleset>) {
  return orphans(rulesets, explained(want, seen.facts.record?.items.iptables))
}

/** The ids that the want or the record explains. */
const explained = bySame(
  (want: IptablesWant, recorded: HostRecord['items'][string] | undefined): ReadonlySet<string> =>
    new Set([...want.rules.map((rule) => rule.id), ...want.absent.flatMap((rule) => rule.id ?? []), ...Object.keys(recorded ?? {})]),
)

/** Two groups of one chain (a want's and a sweep's) become one. */
function mergeGroups(groups: ReturnType<typeof groupWant>['groups']): ReturnType<typeof groupWant>['groups'] {
  const merged = new Map<string, (typeof groups)[number]>()
  for (const group of groups) {
    const old = merged.get(placeName(group))
    merged.set(placeName(group), old === undefined ? group : { ...old, remove: [...old.remove, ...group.remove] })
  }
  return [...merged.values()]
}

/** iptables-nft-save leaves out what iptables cannot express and says so by its exit code: positions in such a chain cannot be known. */
function unreadable(
  seen: Seen,
  backend: Backend,
  groups: readonly { readonly family: Family }[],
): { steps: []; warnings: []; refused: readonly string[] } {
  const refused = (['ipv4', 'ipv6'] as const).flatMap((family) => {
    const error = seen.sections.find((section) => section.kind === 'save-error' && section.name === `${backend} ${family}`)?.body.trim()
    if (error === undefined || !groups.some((group) => group.family === family)) return []
    return [`the ${family} rules cannot be read in full (${error.split('\n')[0]}), so no place among them can be known`]
  })
  return { steps: [], warnings: [], refused }
}
