import { contains, parseNetwork } from '../resources/iptables/address.js'
import { type Rule, readRule } from '../resources/iptables/conditions.js'
import { shadowedBy } from '../resources/iptables/shadow.js'
import type { Family } from '../types.js'

/** INPUT of one family: its rules with their packets, in order, and its policy's. */
export interface Firewall {
  readonly family: Family
  readonly input: readonly { readonly packets: number; readonly rule: string }[]
  readonly policy?: { readonly name: string; readonly packets: number }
}

/** Reads `iptables-save -c -t filter`: `:INPUT DROP [9:540]`, `[7:420] -A INPUT -i lo -j ACCEPT`. */
export function readFirewall(family: Family, saved: string): Firewall {
  const policy = /^:INPUT (\S+) \[(\d+):/m.exec(saved)
  const input = [...saved.matchAll(/^\[(\d+):\d+\] -A INPUT ?(.*)$/gm)].map(([, packets, rule]) => ({
    packets: Number(packets),
    rule: rule ?? '',
  }))
  return { family, input, ...(policy === null ? {} : { policy: { name: policy[1]!, packets: Number(policy[2]) } }) }
}

/** What drops segments that connection tracking calls INVALID, behind a rule that lets in known connections; undefined where nothing does. */
export function dropOf({ input, policy }: Firewall): { readonly what: string; readonly packets: number; readonly at: number } | undefined {
  if (!input.some(({ rule }) => /ESTABLISHED/.test(rule) && /-j ACCEPT\b/.test(rule))) return undefined
  const at = input.findIndex(({ rule }) => /-j (DROP|REJECT)\b/.test(rule) && (/INVALID/.test(rule) || !/ -[sdpim] /.test(` ${rule} `)))
  if (at >= 0) return { what: `\`${input[at]!.rule}\``, packets: input[at]!.packets, at }
  return policy?.name === 'DROP' ? { what: 'policy', packets: policy.packets, at: input.length } : undefined
}

/** Rules above the drop that let in whatever comes from a source by TCP, of a known connection or not; all, or those that hold `address`. */
export function plainAccepts(firewall: Firewall, address?: string): readonly number[] {
  const end = dropOf(firewall)?.at ?? firewall.input.length
  const asked = address === undefined ? undefined : parseNetwork(address)
  return firewall.input.slice(0, end).flatMap(({ rule }, at) => {
    const read = readRule(rule)
    const source = read && sourceOf(read)
    if (!source || (address !== undefined && !(asked && contains(source, asked)))) return []
    return [at]
  })
}

function sourceOf({ head, matches, target }: Rule) {
  const open = head.every(({ not, name, values }) => !not && (name === '-s' || (name === '-p' && values[0] === 'tcp')))
  if (target !== 'ACCEPT' || !open || matches.some(({ options }) => options.length > 0)) return undefined
  return head.find(({ name }) => name === '-s')?.network
}

/** Rules that no packet comes to, by their place from 0, with the one above that ends them all; the first 2000 are looked at. */
export function unreached({ input }: Firewall): readonly { readonly at: number; readonly by: number }[] {
  const lines = input.slice(0, 2000).map(({ rule }) => rule)
  return lines.flatMap((_, at) => {
    const number = shadowedBy(lines, at)
    return number === undefined ? [] : [{ at, by: number - 1 }]
  })
}

/** `rule 4 (-j DROP)`, as people count. */
export const sayRule = ({ input }: Firewall, at: number): string => `rule ${at + 1} (${input[at]?.rule})`
