import { bySame } from '../../by-text.js'
import type { HostWant, Seen } from '../../types.js'
import type { IptablesWant } from './want.js'

/** Another firewall on the host, by the name that `beside:` takes, and what gave it away. */
export interface OtherFirewall {
  readonly name: string
  readonly because: string
}

const iptablesTables = /^table ip6? (filter|nat|mangle|raw|security) \{/

/** firewalld, ufw, nftables.service and every native nft base chain that can drop on a hook that the want touches. */
export function otherFirewalls(want: IptablesWant, seen: Seen, backend: string): readonly OtherFirewall[] {
  const body = (kind: string) => seen.sections.find((section) => section.kind === kind)?.body ?? ''
  const told = body('others')
    .split('\n')
    .flatMap((line) => {
      const blank = line.indexOf(' ')
      return blank < 0 ? [] : [{ name: line.slice(0, blank), because: line.slice(blank + 1) }]
    })
  const enabled = ['firewalld', 'ufw', 'nftables'].flatMap((name) =>
    seen.facts.enabled.includes(name) && name !== 'ufw' ? [{ name, because: `${name} is enabled at boot` }] : [],
  )
  const all = [...told, ...enabled, ...droppingChains(body('nft'), hooksOf(want), backend)]
  return all.filter((one, index) => all.findIndex((other) => other.name === one.name) === index)
}

/** Whether the play said that it may stand beside that firewall: by its name, or by the nft table's. */
export function isAllowed(host: HostWant, other: OtherFirewall): boolean {
  return host.beside.includes(other.name) || host.beside.some((name) => other.because.includes(`table ${name} `))
}

const hooksOf = bySame((want: IptablesWant): ReadonlySet<string> => {
  const hooks = new Set<string>()
  for (const chain of [...want.rules.map((rule) => rule.chain), ...want.chains.map((chain) => chain.name)])
    for (const hook of hookOfChain[chain] ?? ['input', 'forward', 'output']) hooks.add(hook)
  return hooks
})

const hookOfChain: Readonly<Record<string, readonly string[]>> = {
  INPUT: ['input', 'prerouting'],
  FORWARD: ['forward', 'prerouting'],
  OUTPUT: ['output'],
  PREROUTING: ['prerouting'],
  POSTROUTING: ['postrouting'],
}

/** Base chains of `nft list ruleset` outside iptables' own tables: policy drop, or a drop or reject among their rules. */
function droppingChains(ruleset: string, hooks: ReadonlySet<string>, backend: string): readonly OtherFirewall[] {
  const found: OtherFirewall[] = []
  for (const table of ruleset.split(/^(?=table )/m)) {
    const head = /^table (\S+ \S+) \{/.exec(table)
    if (head === null || (backend === 'nft' && iptablesTables.test(table))) continue
    const drops = /\b(drop|reject)\b/.test(table.replace(/policy drop/g, ''))
    for (const chain of table.split(/^\t(?=chain )/m)) {
      const base = /type filter hook (\w+) priority [^;]+;(?: policy (\w+);)?/.exec(chain)
      if (base === null || !hooks.has(base[1]!) || !(base[2] === 'drop' || drops)) continue
      const name = head[1] === 'inet firewalld' ? 'firewalld' : 'nftables'
      const chainName = /^chain (\S+)/.exec(chain)?.[1] ?? '?'
      found.push({
        name,
        because: `nft table ${head[1]} has the base chain ${chainName} on ${base[1]}${base[2] === 'drop' ? ', policy drop' : ', which can drop'}`,
      })
    }
  }
  return found
}
