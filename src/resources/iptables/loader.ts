import type { Change, Effect, Facts, Family, Line, Seen, Step } from '../../types.js'
import { type Group, placeName } from './groups.js'
import { loaderFiles, rulesPath } from './loader-files.js'
import type { Claim } from './place.js'
import { ownId } from './tokens.js'

const header =
  '# Kept by holdfast, loaded at boot by /etc/holdfast/load-rules. One row: kind, family, table, chain, id, place, rule, anchors; parted by tabs.\n'

/** A row of /etc/holdfast/rules. Kinds: C make a chain, F empty one, L a rule of an owned chain, P a policy, R a placed rule. */
interface Row {
  readonly kind: 'C' | 'F' | 'L' | 'P' | 'R'
  readonly where: string
  readonly id: string
  readonly place: string
  readonly line: Line
  readonly anchors: readonly string[]
}

/** The boot layer of a family that nobody else loads: rows for what is wanted, other playbooks' rows as they are, and who starts the loader. */
export function planLoader(groups: readonly Group[], families: readonly Family[], seen: Seen): readonly Step[] {
  const text = fileText(seen, rulesPath)
  const rows = parseRows(text ?? '')
  const mine = groups.filter((group) => families.includes(group.family))
  const wanted = mine.flatMap(rowsOf)
  const kept = rows.filter((row) => !mine.some((group) => concerns(group, row)))
  const target = [...kept, ...wanted].sort((a, b) => rank(a) - rank(b))
  const changes = rowChanges(rows, target)
  const after = target.length === 0 ? null : `${header}${target.map(printRow).join('')}`
  const files = starterSteps(seen.facts, seen, after !== null)
  if (changes.length === 0 && files.length === 0) return []
  const data: Effect = { kind: 'file', path: rulesPath, before: text, after, mode: '0600' }
  const owner =
    changes.length > 0
      ? changes
      : [{ resource: 'iptables', layer: 'boot' as const, at: 'loader', after: 'enabled', cause: 'drift' as const }]
  const dataSteps = text === after ? [] : [{ changes: owner, effect: data }]
  const starter = files.map((effect, index) => ({ changes: dataSteps.length === 0 && index === 0 ? owner : [], effect }))
  return [...dataSteps, ...starter]
}

function fileText(seen: Seen, path: string): string | null {
  return seen.sections.find((section) => section.kind === 'file' && section.name === path)?.body ?? null
}

function parseRows(text: string): readonly Row[] {
  return text.split('\n').flatMap((raw) => {
    const [kind, family, table, chain, id, place, line, ...anchors] = raw.split('\t').map((field) => (field === '-' ? '' : field))
    if (kind === undefined || !/^[CFLPR]$/.test(kind) || chain === undefined) return []
    return [
      {
        kind: kind as Row['kind'],
        where: `${family} ${table} ${chain}`,
        id: id ?? '',
        place: place ?? '',
        line: line ?? '',
        anchors: anchors.filter((one) => one !== ''),
      },
    ]
  })
}

function printRow(row: Row): string {
  // An empty field would be swallowed by the shell's read: a tab is white space to it.
  const [family, table, chain] = row.where.split(' ')
  return `${[row.kind, family, table, chain, row.id || '-', row.place || '-', row.line || '-', ...row.anchors].join('\t')}\n`
}

/** Chains are made first, then filled, then rules placed (`last` ones after the rest), policies at the end. */
function rank(row: Row): number {
  return { C: 0, F: 1, L: 2, R: row.place === 'last' ? 4 : 3, P: 5 }[row.kind]
}

function rowsOf(group: Group): readonly Row[] {
  const where = placeName(group)
  const owned = group.owned
  const row = (kind: Row['kind'], id: string, line: Line, place = '', anchors: readonly string[] = []): Row => ({
    kind,
    where,
    id,
    place,
    line,
    anchors,
  })
  const whole = owned !== undefined && (!group.builtin || owned.chain.exact)
  return [
    ...(owned === undefined || group.builtin ? [] : [row('C', `chain:${group.chain}`, '')]),
    ...(whole && group.builtin ? [row('F', 'exact', '')] : []),
    ...(whole ? owned.lines.map((line) => row('L', 'rule', line)) : []),
    ...group.items.flatMap((item) => item.lines.map((line) => row('R', item.id, line, item.place.kind, anchorTexts(item.place)))),
    ...(owned?.chain.policy === undefined ? [] : [row('P', 'policy', owned.chain.policy)]),
  ]
}

function anchorTexts(place: Claim): readonly string[] {
  return 'anchors' in place ? place.anchors.map((anchor) => ('id' in anchor ? `id:${anchor.id}` : anchor.line)) : []
}

function concerns(group: Group, row: Row): boolean {
  if (row.where !== placeName(group)) return false
  if (group.dropChain || (group.owned !== undefined && row.kind !== 'R')) return true
  if (group.absent.some((gone) => gone.line === row.line)) return true
  return row.kind === 'R' && (group.remove.includes(row.id) || group.items.some((item) => item.id === row.id))
}

function rowChanges(before: readonly Row[], after: readonly Row[]): readonly Change[] {
  const was = new Set(before.map(printRow))
  const is = new Set(after.map(printRow))
  const note = `${rulesPath}, loaded by holdfast's own loader`
  const base = (row: Row) => ({
    resource: 'iptables',
    layer: 'boot' as const,
    at: `${row.where} ${row.id || row.kind}`,
    cause: 'new' as const,
    note,
  })
  const gone = before.filter((row) => !is.has(printRow(row)))
  const replaced = new Set<Row>()
  const changes = after.flatMap((row): Change[] => {
    if (was.has(printRow(row))) return []
    const old = gone.find((one) => !replaced.has(one) && one.where === row.where && one.id === row.id && one.kind === row.kind)
    if (old !== undefined) replaced.add(old)
    return [{ ...base(row), ...(old === undefined ? {} : { before: old.line }), after: row.line }]
  })
  return [...changes, ...gone.filter((row) => !replaced.has(row)).map((row) => ({ ...base(row), before: row.line }))]
}

/** The loader's script, its unit and the link that enables it, where they are not as they should be. */
function starterSteps(facts: Facts, seen: Seen, wanted: boolean): readonly Effect[] {
  return loaderFiles(facts.init).flatMap((file): readonly Effect[] => {
    const link = file.link === true
    const now = link
      ? (seen.sections.find((one) => one.kind === 'link' && one.name === file.path)?.body.trimEnd() ?? null)
      : fileText(seen, file.path)
    const after = wanted ? file.text : null
    return now === after
      ? []
      : [{ kind: 'file', path: file.path, before: now, after, mode: file.mode, ...(link ? { link: true as const } : {}) }]
  })
}

/** The ids that the loader's file holds, with their chains: for orphans. */
export function loaderIds(seen: Seen): readonly { readonly where: string; readonly id: string }[] {
  return parseRows(fileText(seen, rulesPath) ?? '').flatMap((row) =>
    row.kind === 'R' && ownId(row.line) !== undefined ? [{ where: row.where, id: row.id }] : [],
  )
}
