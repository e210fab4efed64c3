import type { IptablesWant } from '../resources/iptables/want.js'
import type { SysctlWant } from '../resources/sysctl/want.js'
import type { HostWant } from '../types.js'
import type { Held } from './items.js'

/** The want in which a host keeps what it holds, to be compared with the host as every plan is. */
export function wantOfHeld(held: readonly Held[], host: HostWant): HostWant {
  const origin = { playbook: '', play: '' }
  const sysctl: SysctlWant = {
    keys: held.flatMap((each) => (each.kind === 'value' ? [{ path: each.path, key: each.key, value: each.value, origin }] : [])),
    reage: false,
  }
  const iptables: IptablesWant = {
    rules: held.flatMap((each) =>
      each.kind === 'rule'
        ? [{ id: each.id, origin, family: each.family, table: each.table, chain: each.chain, specs: each.specs, place: { kind: 'any' } }]
        : [],
    ),
    absent: [],
    chains: held.flatMap((each) => {
      if (each.kind !== 'chain') return []
      const { family, table, name, policy, exact, ignore, specs } = each
      return [{ name, origin, family, table, ...(policy !== undefined && { policy }), exact, ignore, specs }]
    }),
  }
  return { ...host, resources: { sysctl, iptables }, playbooks: [], mayRemove: false, prune: false }
}
