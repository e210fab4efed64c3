import type { RuleOptions } from '../generated/playbook.js'
import { hasTemplate } from '../load/template.js'
import { type Env, fill } from './fill.js'
import { refuse } from './left.js'
import type { ChainAt, Operation } from './operations.js'
import type { Fields } from './tasks.js'
import { truth } from './truth.js'

const ofRule = new Set(
  (
    'protocol source destination match tcp_flags jump gateway log_prefix log_level to_destination to_source goto in_interface out_interface ' +
    'fragment source_port destination_port destination_ports to_ports set_dscp_mark set_dscp_mark_class syn ctstate src_range dst_range ' +
    'match_set match_set_flags limit limit_burst uid_owner gid_owner reject_with icmp_type comment'
  ).split(' '),
)
const ofTask = new Set('chain table ip_version action rule_num state policy flush chain_management set_counters wait numeric'.split(' '))

/** What a task of ansible.builtin.iptables does, in the order in which the module does it. */
export function turnIptables(args: Fields, env: Env): readonly Operation[] {
  return turned(args, env).flatMap((operation) =>
    'family' in operation && operation.family === 'both'
      ? [
          { ...operation, family: 'ipv4' },
          { ...operation, family: 'ipv6' },
        ]
      : [operation],
  )
}

function turned(args: Fields, env: Env): readonly Operation[] {
  for (const name of Object.keys(args)) if (!ofRule.has(name) && !ofTask.has(name)) refuse(`iptables has no parameter "${name}" here`, name)
  const get = (name: string): unknown => plain(name, args[name], env)
  const word = (name: string): string | undefined => (get(name) === undefined ? undefined : String(get(name)))
  const choice = (name: string, values: readonly string[]): string => {
    const value = word(name) ?? values[0] ?? ''
    return values.includes(value) ? value : refuse(`${name}: ${value} is none of ${values.join(', ')}`, value)
  }
  const at = {
    family: choice('ip_version', ['ipv4', 'ipv6', 'both']) as ChainAt['family'],
    table: choice('table', ['filter', 'nat', 'mangle', 'raw', 'security']),
  }
  const chain = word('chain')
  if (is(get('flush'), 'flush')) return [{ do: 'flush', ...at, ...(chain !== undefined && { chain }) }]
  if (chain === undefined) return refuse('names no chain')
  const policy = word('policy')
  if (policy !== undefined) return [{ do: 'policy', ...at, chain, policy }]
  const rule = ruleOf(args)
  const manages = is(get('chain_management'), 'chain_management')
  const present = choice('state', ['present', 'absent']) === 'present'
  if (rule === undefined && !present) {
    return manages ? [{ do: 'unmake', ...at, chain }] : refuse('names no rule: without chain_management nothing is removed')
  }
  if (rule === undefined) return manages ? [{ do: 'make', ...at, chain }] : refuse('names no rule')
  if (!present) return [{ do: 'take', ...at, chain, rule }]
  const inserted = choice('action', ['append', 'insert']) === 'insert'
  return [
    ...(manages ? [{ do: 'make', ...at, chain } as const] : []),
    { do: 'put', ...at, chain, rule, at: inserted ? numberOf(word('rule_num')) : 'end' },
    ...(args.set_counters === undefined ? [] : [{ do: 'leave', why: 'set_counters: counters are never set; the rule is turned' } as const]),
  ]
}

/** A parameter that is no part of the rule: no variable may stand in it. */
function plain(name: string, value: unknown, env: Env): unknown {
  if (value === null || value === undefined) return undefined
  if (typeof value === 'string' && hasTemplate(value)) {
    const filled = fill(value, env, 'know')
    return typeof filled === 'string' && hasTemplate(filled) ? refuse(`${name}: has to be known here`, value) : filled
  }
  return value
}

function is(value: unknown, name: string): boolean {
  if (value === undefined) return false
  return truth(value) ?? refuse(`${name}: is neither true nor false`)
}

function numberOf(text: string | undefined): number {
  if (text === undefined) return 1
  return /^[1-9]\d*$/.test(text) ? Number(text) : refuse(`rule_num: ${text} is no place of a rule`, text)
}

/** The parameters that make the rule, which have the same names in a playbook here; undefined: there are none. */
function ruleOf(args: Fields): RuleOptions | undefined {
  if (!/^(ignore|match|negate)$/.test(String(args.syn ?? 'ignore')))
    refuse(`syn: ${String(args.syn)} is none of ignore, match, negate`, String(args.syn))
  const entries = Object.entries(args).filter(([name, value]) => ofRule.has(name) && !isUnsaid(name, value))
  if (entries.length === 0) return undefined
  return Object.fromEntries(entries.map(([name, value]) => [name, spelled(name, value)])) as RuleOptions
}

function isUnsaid(name: string, value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.length === 0) || (name === 'syn' && value === 'ignore')
}

function spelled(name: string, value: unknown): unknown {
  if (name === 'fragment') return fragment(value)
  if (name === 'tcp_flags') return flagsOf(value)
  const all = [value].flat()
  if (all.every((each) => typeof each === 'string' || typeof each === 'number')) return value
  return refuse(`${name}: must be text, a number or a list of them`)
}

function flagsOf(value: unknown): unknown {
  const { flags, flags_set } = Object(value) as Fields
  return flags === undefined || flags_set === undefined ? refuse('tcp_flags: needs flags and flags_set') : value
}

function fragment(value: unknown): true | '!' {
  if (value === '!' || value === true) return value
  return refuse('fragment: only true and "!" have a meaning')
}
