import { byText } from './by-text.js'
import { chainOf } from './resources/iptables/ruleset.js'
import { liveRuleset } from './resources/iptables/spelled.js'
import { builtinChains, type IptablesWant } from './resources/iptables/want.js'
import { activeBackend } from './resources/iptables/warnings.js'
import type { SysctlWant } from './resources/sysctl/want.js'
import { cksum } from './script/cksum.js'
import { lockRoot, stateDir } from './script/facts.js'
import type { MadeFrom } from './shown.js'
import { encodeBytes } from './text.js'
import type { Backend, Family, HostWant, Seen, Step } from './types.js'

/**
 * Fingerprints of what a plan was made from: the wanted keys' values, the chains that it names, every boot file that was read. Counters,
 * other chains and other values are in none of them.
 */
export function madeFrom(want: HostWant, seen: Seen, steps: readonly Step[]): MadeFrom {
  const backend = activeBackend(seen)
  const parts = [...values(want, seen), ...(backend === undefined ? [] : chains(want, seen, steps, backend)), ...files(seen)]
  return {
    ...(seen.facts.version === undefined ? {} : { version: seen.facts.version }),
    ...(backend === undefined ? {} : { backend }),
    init: seen.facts.init,
    parts: Object.fromEntries(parts.map(([name, text]) => [name, digest(text)])),
  }
}

const digest = byText((text) => cksum(encodeBytes(text)))

type Part = readonly [name: string, text: string]

function values(want: HostWant, seen: Seen): readonly Part[] {
  const wanted = new Set((want.resources.sysctl as SysctlWant | undefined)?.keys.map((key) => key.path))
  return seen.sections.flatMap(({ kind, name, body }): Part[] => (kind === 'value' && wanted.has(name) ? [[name, body]] : []))
}

interface Place {
  readonly family: Family
  readonly table: string
  readonly chain: string
}

function chains(want: HostWant, seen: Seen, steps: readonly Step[], backend: Backend): readonly Part[] {
  const iptables = want.resources.iptables as IptablesWant | undefined
  const places: readonly Place[] = [
    ...(iptables?.rules ?? []),
    ...(iptables?.absent ?? []),
    ...(iptables?.chains ?? []).map((chain) => ({ ...chain, chain: chain.name })),
    ...steps.flatMap(({ effect }) => (effect.kind === 'chain' ? [effect] : [])),
  ]
  const unique = new Map(places.map((place) => [`${place.family} ${place.table} ${place.chain}`, place]))
  return [...unique].map(([name, { family, table, chain }]): Part => {
    const ruleset = liveRuleset(seen, backend, family)
    const state = ruleset === undefined ? undefined : chainOf(ruleset, table, chain, (builtinChains[table] ?? []).includes(chain))
    return [name, state === undefined ? '' : [state.policy ?? '-', ...state.lines].join('\n')]
  })
}

function files(seen: Seen): readonly Part[] {
  const own = (path: string) => path.startsWith(`${stateDir}/`) || path.startsWith(`${lockRoot}/`)
  return seen.sections.flatMap(({ kind, name, body }): Part[] => {
    if (own(name)) return []
    return kind === 'file' ? [[name, body]] : kind === 'link' ? [[`${name} ->`, body]] : []
  })
}
