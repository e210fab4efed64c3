import type { IptablesItem } from '../generated/playbook.js'
import type { AbsentRule, Anchor, Place, PlacedRule } from '../resources/iptables/want.js'
import { builtinChains } from '../resources/iptables/want.js'
import type { Family } from '../types.js'
import { type Bench, type Placed, tellWrong } from './bench.js'
import { chainWrong } from './chain-name.js'
import type { Path } from './document.js'
import type { RuleSpecs } from './rule.js'

/** What one play wants of the packet filter of one host, but for owned chains. */
export interface PlayRules {
  readonly rules: readonly Placed<PlacedRule>[]
  readonly absent: readonly Placed<AbsentRule>[]
}

/** The families of `family:`, ipv4 unless said otherwise. */
export function familiesOf(family: IptablesItem['family']): readonly Family[] {
  return family === 'both' ? ['ipv4', 'ipv6'] : [family ?? 'ipv4']
}

/** Reads the rules that one play wants on one host. */
export function readRules(bench: Bench): PlayRules {
  const rules: Placed<PlacedRule>[] = []
  const absent: Placed<AbsentRule>[] = []
  const items = bench.play.written.iptables ?? []
  items.forEach((item, index) => {
    const path = ['iptables', index]
    if (!isWhole(item, path, bench)) return
    if (item.state === 'absent') absent.push(...readAbsent(item, path, bench))
    else rules.push(...readPlaced(item, path, bench))
  })
  return { rules, absent }
}

/** Whether the item has what its kind needs; what is missing or too much is told. */
function isWhole(item: IptablesItem, path: Path, bench: Bench): boolean {
  const wrong: [Path, string][] = []
  const places = (['after', 'before', 'place'] as const).filter((key) => item[key] !== undefined)
  const second = places[1]
  if (second) wrong.push([[...path, second], `${second}: cannot stand beside ${places[0]}: a rule has one place`])
  if (item.state === 'absent') {
    const [place] = [...places, ...(item.if_empty ? (['if_empty'] as const) : [])]
    if (place) wrong.push([[...path, place], `${place}: has no meaning with state: absent`])
    if (item.rule === undefined && item.id === undefined) wrong.push([path, 'state: absent needs rule: or id:'])
    if (item.rule !== undefined && item.chain === undefined) wrong.push([path, '"chain" is missing'])
  } else {
    for (const key of ['id', 'chain', 'rule'] as const) if (item[key] === undefined) wrong.push([path, `"${key}" is missing`])
  }
  const chain = item.chain === undefined ? undefined : chainWrong(item.chain, item.table ?? 'filter')
  if (chain) wrong.push([[...path, 'chain'], chain])
  for (const [where, message] of wrong) bench.tell(where, message, { at: where === path || where.at(-1) === 'chain' ? 'value' : 'key' })
  return wrong.length === 0
}

function readPlaced(item: IptablesItem, path: Path, bench: Bench): readonly Placed<PlacedRule>[] {
  const families = familiesOf(item.family)
  const read = families.map((family) => specsOf(item.rule ?? '', [...path, 'rule'], family, families.length > 1, bench))
  if (read.some((each) => each.wrong.length > 0)) return []
  const emptied = read.some((each) => each.emptied)
  if (item.if_empty !== 'remove' && (emptied || read.every((each) => each.specs.length === 0))) {
    bench.tell(
      [...path, 'rule'],
      'the list of addresses is empty: the rule would match every address (if_empty: remove takes the rule away instead)',
      { needle: '{{' },
    )
    return []
  }
  return families.map((family, at) => {
    const place = readPlace(item, path, family, bench)
    const rule = {
      id: item.id ?? '',
      origin: bench.origin,
      family,
      table: item.table ?? 'filter',
      chain: item.chain ?? '',
      specs: read[at]?.specs ?? [],
      place,
    }
    return { item: rule, path, bench }
  })
}

function specsOf(rule: NonNullable<IptablesItem['rule']>, path: Path, family: Family, both: boolean, bench: Bench): RuleSpecs {
  const read = bench.specs(rule, path, family, both)
  for (const wrong of read.wrong) tellWrong(bench, path, wrong)
  return read
}

function readPlace(item: IptablesItem, path: Path, family: Family, bench: Bench): Place {
  const kind = item.after !== undefined ? 'after' : item.before !== undefined ? 'before' : undefined
  if (!kind) return { kind: item.place ?? 'any' }
  const written = item[kind] ?? ''
  const list = Array.isArray(written)
  const anchors = [written].flat().flatMap((anchor, at) => readAnchor(anchor, list ? [...path, kind, at] : [...path, kind], family, bench))
  return { kind, anchors }
}

function readAnchor(anchor: NonNullable<IptablesItem['rule']>, path: Path, family: Family, bench: Bench): readonly Anchor[] {
  if (typeof anchor === 'string' && anchor.startsWith('id:')) {
    const id = anchor.slice(3).trim()
    if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(id)) return [{ id }]
    bench.tell(path, `${JSON.stringify(id)} cannot be an id`)
    return []
  }
  const spec = readOne(anchor, path, family, bench)
  return spec ? [{ spec }] : []
}

/** The one spec that a rule stands for where several make no sense. */
function readOne(rule: NonNullable<IptablesItem['rule']>, path: Path, family: Family, bench: Bench): readonly string[] | undefined {
  const read = specsOf(rule, path, family, false, bench)
  if (read.wrong.length > 0) return undefined
  const [spec] = read.specs
  if (read.specs.length !== 1)
    bench.tell(path, read.emptied ? 'the list of addresses is empty' : 'would be several rules where a single one is meant')
  return read.specs.length === 1 ? spec : undefined
}

function readAbsent(item: IptablesItem, path: Path, bench: Bench): readonly Placed<AbsentRule>[] {
  const table = item.table ?? 'filter'
  // Without a chain an own rule is taken out of every chain that the kernel makes.
  const chains = item.chain === undefined ? (builtinChains[table] ?? []) : [item.chain]
  const families = familiesOf(item.family)
  return families.flatMap((family) => {
    const read = item.rule === undefined ? undefined : specsOf(item.rule, [...path, 'rule'], family, families.length > 1, bench)
    if (read?.emptied) bench.tell([...path, 'rule'], 'the list of addresses is empty')
    const specs = read ? read.specs : [undefined]
    const named = item.id === undefined ? {} : { id: item.id }
    return chains.flatMap((chain) =>
      specs.map((spec) => ({ item: { ...named, origin: bench.origin, family, table, chain, ...(spec && { spec }) }, path, bench })),
    )
  })
}
