import type { Backend, Seen } from '../../types.js'
import { liveRuleset } from './spelled.js'

/** What `iptables -V` says is active: `(nf_tables)` or a legacy one; undefined where there is no iptables. */
export function activeBackend(seen: Seen): Backend | undefined {
  const tools = seen.sections.find((section) => section.kind === 'tools')?.body ?? ''
  const version = /^ipv4 (.*)$/m.exec(tools)?.[1] ?? ''
  if (!/iptables v\d/.test(version)) return undefined
  return version.includes('nf_tables') ? 'nft' : 'legacy'
}

/** What a person should know of the host's rules whatever is wanted: a split ruleset, an IPv6 side that was forgotten. */
export function hostWarnings(seen: Seen, backend: Backend): readonly string[] {
  return [...splitRuleset(seen, backend), ...forgottenIpv6(seen, backend)]
}

function splitRuleset(seen: Seen, backend: Backend): readonly string[] {
  const other = backend === 'nft' ? 'legacy' : 'nft'
  const rules = (['ipv4', 'ipv6'] as const).flatMap((family) =>
    [...(liveRuleset(seen, other, family)?.values() ?? [])].flatMap((chains) => [...chains.values()].flatMap((chain) => chain.lines)),
  )
  if (rules.length === 0) return []
  const tools = seen.sections.find((section) => section.kind === 'tools')?.body ?? ''
  const version = /^ipv4 (.*)$/m.exec(tools)?.[1] ?? ''
  return [
    `split ruleset: ${rules.length} rules stand in the ${other} back end while \`iptables\` is ${backend} (${version}); packets meet both, and only ${backend} is managed`,
  ]
}

function forgottenIpv6(seen: Seen, backend: Backend): readonly string[] {
  const policy = (family: 'ipv4' | 'ipv6') => liveRuleset(seen, backend, family)?.get('filter')?.get('INPUT')
  const global = (seen.sections.find((section) => section.kind === 'inet6')?.body ?? '')
    .split('\n')
    .find((line) => /^\S+ 00 /.test(line) && !line.startsWith('lo '))
  const v6 = policy('ipv6')
  if (policy('ipv4')?.policy !== 'DROP' || global === undefined || (v6 !== undefined && (v6.policy === 'DROP' || v6.lines.length > 0)))
    return []
  return [
    `IPv4 INPUT is DROP by policy, but IPv6 INPUT accepts everything and ${global.split(' ')[0]} has a global IPv6 address: the host is open over IPv6`,
  ]
}
