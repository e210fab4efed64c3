import { isBuiltin } from '../resources/iptables/groups.js'
import type { Ruleset } from '../resources/iptables/ruleset.js'
import { liveRuleset } from '../resources/iptables/spelled.js'
import { bare, ownId, splitLine } from '../resources/iptables/tokens.js'
import { activeBackend } from '../resources/iptables/warnings.js'
import type { ChainState, Family, HostWant, Line, Seen } from '../types.js'
import { isForeignChain, isForeignRule } from './foreign.js'
import type { HeldChain, HeldRule } from './items.js'
import { joined, ruleText } from './rule-text.js'
import { type Stood, stoodAtBoot } from './stood.js'

/** The rules and chains of a host that no daemon and no vendor looks after, in their order, and what had to be left out. */
export interface HeldRules {
  readonly rules: readonly HeldRule[]
  readonly chains: readonly HeldChain[]
  readonly notes: readonly string[]
}

interface Draft {
  readonly rules: HeldRule[]
  readonly chains: HeldChain[]
  readonly notes: string[]
  readonly exact: boolean
  readonly owns: Map<string, string>
}

/** Where a chain stands. */
interface Place {
  readonly family: Family
  readonly table: string
  readonly chain: string
}

const nameOf = ({ family, table, chain }: Place): string => `${family} ${table} ${chain}`

/** Reads the live rules of both families; `exact`: built-in chains are taken as a whole. */
export function rulesOf(seen: Seen, want: HostWant, exact: boolean): HeldRules {
  const draft: Draft = { rules: [], chains: [], notes: [], exact, owns: new Map() }
  const backend = activeBackend(seen)
  if (backend === undefined) return { ...draft, notes: ['there is no iptables on this host'] }
  for (const family of ['ipv4', 'ipv6'] as const) {
    const ruleset = liveRuleset(seen, backend, family)
    if (ruleset !== undefined) readFamily(ruleset, family, stoodAtBoot(seen, want, family), draft)
  }
  return draft
}

function readFamily(ruleset: Ruleset, family: Family, stood: Stood, draft: Draft): void {
  for (const table of [...ruleset.keys()].sort(byTable))
    for (const [chain, state] of ruleset.get(table) ?? [])
      if (isForeignChain(chain)) draft.notes.push(`${nameOf({ family, table, chain })}: a daemon looks after this chain`)
      else readChain({ family, table, chain }, state, isBuiltin(table, chain) ? dockers(ruleset, table) : false, stood, draft)
}

/** Docker sets the policy of FORWARD by itself. */
const dockers = (ruleset: Ruleset, table: string): boolean => table === 'filter' && ruleset.get(table)?.has('DOCKER') === true

const tables = ['filter', 'nat', 'mangle', 'raw', 'security']
const byTable = (a: string, b: string): number => tables.indexOf(a) - tables.indexOf(b)

function readChain(place: Place, state: ChainState, docker: boolean, stood: Stood, draft: Draft): void {
  const { family, table, chain } = place
  const builtin = isBuiltin(table, chain)
  const mine = state.lines.filter((line) => !isForeignRule(line) && (ownId(line) !== undefined || !stood.isVendors(table, chain, line)))
  const foreign = state.lines.length - mine.length
  if (foreign > 0) draft.notes.push(`${nameOf(place)}: ${count(foreign)} of daemons or of the product`)
  if (stood.holds === 'nothing') {
    if (mine.length > 0)
      draft.notes.push(`${nameOf(place)}: the product's profile has no form for ${family} rules, so ${count(mine.length)} cannot be held`)
    return
  }
  const policy =
    stood.holds === 'all' && builtin && state.policy !== 'ACCEPT' && !(docker && chain === 'FORWARD') ? state.policy : undefined
  const whole = stood.holds === 'rules' ? false : builtin ? draft.exact && mine.length > 0 : foreign === 0
  const texts = mine.map((line) => ruleText(splitLine(bare(line)), family))
  const sound = texts.flatMap((text) => ('wrong' in text ? [] : [text]))
  if (whole && sound.length === texts.length && !mine.some((line) => ownId(line) !== undefined)) {
    const rules = { rules: sound.map(({ rule }) => rule), specs: sound.map(({ specs }) => specs[0]!) }
    const ignore = [...new Set(state.lines.filter((line) => !mine.includes(line)))]
    draft.chains.push({ kind: 'chain', family, table, name: chain, exact: builtin, ignore, ...(policy && { policy }), ...rules })
  } else {
    if (whole && draft.exact)
      draft.notes.push(`${nameOf(place)}: cannot be taken as a whole: some of its rules are holdfast's own, or told below`)
    if (policy !== undefined) draft.chains.push({ kind: 'chain', family, table, name: chain, policy, exact: false, ignore: [], specs: [] })
    readLines(place, mine, draft)
  }
  onlyAtBoot(place, state.lines, stood, draft)
}

/** Takes rules one by one; those of one id as one, and a second copy of a rule is only told. */
function readLines(place: Place, lines: readonly Line[], draft: Draft): void {
  const { family, table, chain } = place
  const done = new Set<string>()
  for (const line of lines) {
    const own = ownId(line)
    const name = own === undefined ? bare(line) : `id ${own}`
    if (done.has(name)) {
      if (own === undefined) draft.notes.push(`${nameOf(place)}: stands there more than once, one is enough: ${bare(line)}`)
      continue
    }
    done.add(name)
    const together = own === undefined ? [line] : lines.filter((other) => ownId(other) === own)
    const words = joined(together.map((each) => splitLine(bare(each))))
    const text =
      words === undefined ? { wrong: `the rules of ${own} differ in more than one address` } : ruleText(words, family, together.length)
    const elsewhere = own === undefined ? undefined : draft.owns.get(`${family} ${own}`)
    if (own !== undefined) draft.owns.set(`${family} ${own}`, nameOf(place))
    if ('wrong' in text) draft.notes.push(`${nameOf(place)}: no playbook can hold this rule (${text.wrong}): ${bare(line)}`)
    else if (elsewhere !== undefined) draft.notes.push(`${nameOf(place)}: the id ${own} stands in ${elsewhere}, too: ${bare(line)}`)
    else {
      const id = own ?? `adopt.${draft.rules.length}`
      draft.rules.push({ kind: 'rule', id, ...(own !== undefined && { own }), family, table, chain, ...text })
    }
  }
}

function onlyAtBoot(place: Place, live: readonly Line[], stood: Stood, draft: Draft): void {
  const there = new Set(live.map(bare))
  const missing = (stood.atBoot(place.table, place.chain) ?? []).filter((line) => !there.has(bare(line)) && !isForeignRule(line))
  for (const line of missing)
    draft.notes.push(`${nameOf(place)}: stands in ${stood.file} only, and will be there after a reboot: ${bare(line)}`)
}

const count = (rules: number): string => (rules === 1 ? 'a rule' : `${rules} rules`)
