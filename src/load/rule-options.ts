import type { RuleOptions } from '../generated/playbook.js'
import type { Family } from '../types.js'
import { render, type Scope, textOf, type Wrong } from './template.js'
import type { Words } from './words.js'

type Name = keyof RuleOptions

/**
 * The words that ansible.builtin.iptables makes of its options, in its order (construct_rule of ansible-core 2.16);
 * `! VALUE` negates, and `icmp_type` follows the family.
 */
export function optionWords(options: RuleOptions, family: Family, scope: Scope): Words | { readonly wrong: Wrong } {
  const filled = new Map<string, unknown>()
  const empty: { needle: string; list: boolean }[] = []
  for (const [name, value] of Object.entries(options)) {
    const rendered = render(value, scope)
    if ('wrong' in rendered) return rendered
    filled.set(name, rendered.value)
    const wrong = emptyOf(name, value, rendered.value, empty)
    if (wrong) return { wrong }
  }
  return { words: build((name) => filled.get(name), family), empty }
}

function emptyOf(name: string, written: unknown, value: unknown, empty: { needle: string; list: boolean }[]): Wrong | undefined {
  if (name === 'tcp_flags' || value === true) return undefined
  const text = textOf(value)
  const needle = typeof written === 'string' ? written : name
  if (text === undefined) return { message: `${name} must be text, a number or a list of them`, needle }
  if (text.trim() === '' && !freeText.has(name)) empty.push({ needle, list: Array.isArray(value) })
  return undefined
}

const freeText = new Set(['comment', 'log_prefix'])

function build(get: (name: Name) => unknown, family: Family): readonly string[] {
  const has = (name: Name) => get(name) !== undefined
  const text = (name: Name) => textOf(get(name)) ?? ''
  const one = (flag: string, name: Name): readonly string[] => (has(name) ? negatable(flag, text(name)) : [])
  const when = (holds: boolean, ...words: string[]): readonly string[] => (holds ? words : [])
  const matches = [get('match') ?? []].flat().flatMap((each) => String(each).split(','))
  const loads = (module: string, wanted: boolean) => when(wanted && !matches.includes(module), '-m', module)
  const jump = has('jump') ? text('jump') : impliedJump(has)
  const state = matches.includes('state') && !matches.includes('conntrack')
  return [
    ...one('-p', 'protocol'),
    ...one('-s', 'source'),
    ...one('-d', 'destination'),
    ...matches.flatMap((module) => negatable('-m', module)),
    ...tcpFlags(get('tcp_flags')),
    ...(jump === undefined ? [] : ['-j', jump]),
    ...(jump?.toLowerCase() === 'tee' ? one('--gateway', 'gateway') : []),
    ...one('--log-prefix', 'log_prefix'),
    ...one('--log-level', 'log_level'),
    ...one('--to-destination', 'to_destination'),
    ...when(has('destination_ports'), '-m', 'multiport', '--dports', text('destination_ports')),
    ...one('--to-source', 'to_source'),
    ...one('-g', 'goto'),
    ...one('-i', 'in_interface'),
    ...one('-o', 'out_interface'),
    ...when(get('fragment') === true, '-f'),
    ...when(get('fragment') === '!', '!', '-f'),
    ...one('--source-port', 'source_port'),
    ...one('--destination-port', 'destination_port'),
    ...one('--to-ports', 'to_ports'),
    ...one('--set-dscp', 'set_dscp_mark'),
    ...one('--set-dscp-class', 'set_dscp_mark_class'),
    ...when(get('syn') === 'match', '--syn'),
    ...when(get('syn') === 'negate', '!', '--syn'),
    ...when(has('ctstate') && !state && !matches.includes('conntrack'), '-m', 'conntrack'),
    ...one(state ? '--state' : '--ctstate', 'ctstate'),
    ...loads('iprange', has('src_range') || has('dst_range')),
    ...one('--src-range', 'src_range'),
    ...one('--dst-range', 'dst_range'),
    ...loads('set', has('match_set')),
    ...one('--match-set', 'match_set'),
    ...when(has('match_set_flags'), text('match_set_flags')),
    ...when(has('limit') || has('limit_burst'), '-m', 'limit'),
    ...one('--limit', 'limit'),
    ...one('--limit-burst', 'limit_burst'),
    ...when(has('uid_owner'), '-m', 'owner'),
    ...one('--uid-owner', 'uid_owner'),
    ...when(has('gid_owner'), '-m', 'owner'),
    ...one('--gid-owner', 'gid_owner'),
    ...when(jump === undefined && has('reject_with'), '-j', 'REJECT'),
    ...one('--reject-with', 'reject_with'),
    ...one(family === 'ipv4' ? '--icmp-type' : '--icmpv6-type', 'icmp_type'),
    ...when(has('comment'), '-m', 'comment', '--comment', text('comment')),
  ]
}

/** A target's option says the target; it must come before its options, DSCP's too (where Ansible puts it behind them, which iptables refuses). */
function impliedJump(has: (name: Name) => boolean): string | undefined {
  if (has('log_prefix') || has('log_level')) return 'LOG'
  return has('set_dscp_mark') || has('set_dscp_mark_class') ? 'DSCP' : undefined
}

function negatable(flag: string, value: string): readonly string[] {
  return value.startsWith('!') && flag !== '--comment' ? ['!', flag, value.slice(1).trimStart()] : [flag, value]
}

function tcpFlags(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  const { flags, flags_set } = value as { readonly flags?: unknown; readonly flags_set?: unknown }
  return ['--tcp-flags', textOf(flags) ?? '', textOf(flags_set) ?? '']
}
