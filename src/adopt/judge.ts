import { iptablesResource } from '../resources/iptables/index.js'
import { numberRequests } from '../resources/iptables/requests.js'
import { whyTable } from '../resources/iptables/spell-fallback.js'
import { readSpelling } from '../resources/iptables/spelled.js'
import type { IptablesWant } from '../resources/iptables/want.js'
import { sysctlResource } from '../resources/sysctl/index.js'
import { liveValues } from '../resources/sysctl/look.js'
import type { SysctlWant } from '../resources/sysctl/want.js'
import type { Change, HostWant, Seen } from '../types.js'
import type { Held, HeldChain, HeldRule, HeldValue, Judged } from './items.js'
import { wantOfHeld } from './want.js'

/** Says of each value whether a plan would leave it alone; one that the kernel does not have is left out. */
export function judgeValues(held: readonly HeldValue[], seen: Seen, host: HostWant): readonly Judged[] {
  const live = liveValues(seen)
  const there = held.filter(({ path }) => live.get(path)?.value !== undefined)
  const planned = sysctlResource.plan(wantOfHeld(there, host).resources.sysctl as SysctlWant, seen, host)
  const changes = planned.steps.flatMap((step) => step.changes)
  return there.map((value): Judged => {
    const own = changes.filter(({ at }) => at === value.key)
    const kept = planned.warnings.find((warning) => warning.startsWith(`${value.key} cannot be held at boot`))
    const refused = planned.refused.find((sentence) => sentence.startsWith(`${value.key} `) || sentence.startsWith(`${value.key}:`))
    if (own.length === 0) return kept || refused ? { held: value, why: (refused ?? kept)! } : { held: value }
    const [now, boot] = [own.find(({ layer }) => layer === 'live'), own.find(({ layer }) => layer === 'boot')]
    const showed = now?.before ?? live.get(value.path)?.value ?? value.value
    const after = boot === undefined ? value.value : boot.before
    return {
      held: { ...value, value: plain(showed) },
      why: `live ${plain(showed)}, after reboot ${after ?? 'what the kernel holds by itself'}: choose`,
    }
  })
}

const plain = (value: string): string => value.trim().replaceAll(/\s+/g, ' ')

/** The rules that this host's own iptables would not take back, by id or `chain:`; the rest has to be looked at again without them. */
export function unspelled(held: readonly Held[], seen: Seen, host: HostWant): ReadonlyMap<Held, string> {
  if (whyTable(seen) !== undefined) return new Map()
  const want = wantOfHeld(held, host).resources.iptables as IptablesWant
  const numbered = numberRequests(want)
  const spelling = readSpelling(seen, numbered.requests)
  const rules = held.filter((each): each is HeldRule => each.kind === 'rule')
  const chains = held.filter((each): each is HeldChain => each.kind === 'chain')
  const lacking = (specs: readonly number[]): string | undefined => {
    const first = specs.find((spec) => !spelling.lines.has(spec))
    return first === undefined ? undefined : (spelling.errors.get(first) ?? 'the host did not say how it spells it')
  }
  return new Map([
    ...numbered.rules.flatMap(({ specs }, at) => pair(rules[at], lacking(specs))),
    ...numbered.chains.flatMap(({ specs }, at) => pair(chains[at], lacking(specs))),
  ])
}

const pair = (held: Held | undefined, why: string | undefined): readonly (readonly [Held, string])[] =>
  held === undefined || why === undefined ? [] : [[held, `the host's own iptables does not take it back: ${why}`]]

/** Says of each rule and chain whether a plan would leave it alone in both layers. */
export function judgeRules(
  held: readonly (HeldRule | HeldChain)[],
  seen: Seen,
  host: HostWant,
): { readonly judged: readonly Judged[]; readonly refused: boolean } {
  if (held.length === 0) return { judged: [], refused: false }
  const planned = iptablesResource.plan(wantOfHeld(held, host).resources.iptables as IptablesWant, seen, host)
  const [refused] = planned.refused
  if (refused !== undefined) return { judged: held.map((each) => ({ held: each, why: refused.split('\n')[0]! })), refused: true }
  const changes = planned.steps.flatMap((step) => step.changes)
  const judged = held.map((each): Judged => {
    const own = changes.filter(({ at }) => isOf(each, at))
    return own.length === 0 ? { held: each } : { held: each, why: whyOf(each, own) }
  })
  return { judged, refused: false }
}

function isOf(held: HeldRule | HeldChain, at: string): boolean {
  if (held.kind === 'rule') return at === `${held.family} ${held.table} ${held.chain} ${held.id}`
  return ['policy', 'rule', `chain:${held.name}`].some((what) => at === `${held.family} ${held.table} ${held.name} ${what}`)
}

function whyOf(held: HeldRule | HeldChain, changes: readonly Change[]): string {
  const note = changes.find((change) => change.note !== undefined)?.note
  const where = note === undefined ? '' : ` (${note})`
  const live = changes.some(({ layer }) => layer === 'live')
  if (live) return `a plan would change it live${where}: choose`
  const policy = changes.find(({ at }) => at.endsWith(' policy'))
  if (policy !== undefined && changes.length === 1) return `live ${policy.after}, after reboot ${policy.before ?? 'none'}${where}: choose`
  return `live only, ${held.kind === 'rule' ? 'gone' : 'different'} after a reboot${where}: choose`
}
