import type { Change, Layer } from '../types.js'
import { pad, widthOf, wrap } from './columns.js'
import { arrow, paint, type Style, show } from './style.js'

const layers: readonly Layer[] = ['live', 'boot']

/** How people read the layers' names. */
export const layerNames: Readonly<Record<Layer, string>> = { live: 'live', boot: 'after reboot' }

/** What is said of one key or rule: its line, a cell per layer, and the lines below it. */
interface Row {
  readonly mark: string
  readonly name: string
  readonly cells: Readonly<Record<Layer, string>>
  readonly causes: string
  readonly below: readonly string[]
}

/** A host's changes, one row per key or rule, its layers side by side where that fits the width, else one below the other. */
export function tableChanges(changes: readonly Change[], style: Style): readonly string[] {
  const rows = groupByPlace(changes).map((group) => rowOf(group, style))
  const name = Math.max(...rows.map((row) => widthOf(row.name)))
  const cell = (layer: Layer): number => Math.max(widthOf(layerNames[layer]), ...rows.map((row) => widthOf(row.cells[layer])))
  const widths = [4 + name, cell('live'), cell('boot'), Math.max(...rows.map((row) => widthOf(row.causes)))]
  const fits = widths.reduce((sum, width) => sum + width + 2, -2) <= style.width
  const set = (row: Row): readonly string[] => (fits ? beside(row, widths, style) : stacked(row, style))
  const head = `${pad('', widths[0]!)}  ${pad(layerNames.live, widths[1]!)}  ${layerNames.boot}`
  return [...(fits ? [paint(head, 'dim', style)] : []), ...rows.flatMap((row) => [...set(row), ...row.below])]
}

function beside({ mark, name, cells, causes }: Row, widths: readonly number[], style: Style): readonly string[] {
  const parts = [`${name}`, cells.live, cells.boot].map((text, at) => pad(text, widths[at]! - (at === 0 ? 4 : 0)))
  return [`  ${tint(mark, style)} ${parts.join('  ')}  ${causes}`]
}

function stacked({ mark, name, cells, causes }: Row, style: Style): readonly string[] {
  const [first, ...rest] = wrap(`${name} (${causes})`, style.width, '    ')
  const label = Math.max(...layers.map((layer) => layerNames[layer].length))
  const lines = layers.flatMap((layer) =>
    wrap(cells[layer], style.width, `      ${pad(layerNames[layer], label)}  `, ' '.repeat(label + 8)),
  )
  return [`  ${tint(mark, style)} ${first!.slice(4)}`, ...rest, ...lines]
}

function groupByPlace(changes: readonly Change[]): readonly (readonly Change[])[] {
  const groups = new Map<string, Change[]>()
  for (const change of changes) {
    const place = `${change.resource}\0${change.at}`
    groups.set(place, [...(groups.get(place) ?? []), change])
  }
  return [...groups.values()]
}

function rowOf(group: readonly Change[], style: Style): Row {
  const brief = group.length === new Set(group.map(({ layer }) => layer)).size && group.every((change) => isShort(change))
  const of = (layer: Layer): readonly Change[] => group.filter((change) => change.layer === layer)
  const cell = (layer: Layer): string =>
    (brief ? of(layer).map((change) => values(change, style)) : tally(of(layer), style)).join(', ') || 'as wanted'
  const marks = new Set(group.map(markOf))
  return {
    mark: marks.size === 1 ? [...marks][0]! : '~',
    name: show(group[0]!.at, style),
    cells: { live: cell('live'), boot: cell('boot') },
    causes: [...new Set(group.map(({ cause }) => cause))].join(', '),
    below: [
      ...(brief ? [] : labelled(group, (change) => texts(change), style)),
      ...labelled(group, ({ note }) => (note ? [note] : []), style),
    ],
  }
}

/** Short enough to stand in a cell as `1 -> 0`. A rule never is: it has a position, or begins with an option. */
const isShort = ({ before, after, from, to }: Change): boolean =>
  (from ?? to) === undefined && `${before ?? ''}${after ?? ''}`.length <= 44 && !/^(! )?-+[a-z]/i.test(before || after || '')

const markOf = ({ before, after }: Change): string => (before === undefined ? '+' : after === undefined ? '-' : '~')

const values = ({ before, after }: Change, style: Style): string => `${oneValue(before, style)} ${arrow(style)} ${oneValue(after, style)}`

function oneValue(text: string | undefined, style: Style): string {
  if (text === undefined) return '(not set)'
  // the kernel parts the numbers of a vector by tabs: "4096\t131072\t6291456"
  return text === '' ? '""' : show(/^[-\d\t]+$/.test(text) ? text.replaceAll('\t', ' ') : text, style)
}

/** What happens to the rules of one place, in words: `moved 7 -> 3`, `added at 3`, `2 added, 1 removed`. */
function tally(changes: readonly Change[], style: Style): readonly string[] {
  if (changes.length === 1) return [`${verb(changes[0]!)}${position(changes[0]!, style)}`]
  const verbs = changes.map(verb)
  return [...new Set(verbs)].map((one) => `${verbs.filter((other) => other === one).length} ${one}`)
}

function verb({ before, after }: Change): string {
  if (before === undefined) return 'added'
  if (after === undefined) return 'removed'
  return before === after ? 'moved' : 'changed'
}

function position({ from, to }: Change, style: Style): string {
  if (from !== undefined && to !== undefined && from !== to) return ` ${from} ${arrow(style)} ${to}`
  return (to ?? from) === undefined ? '' : ` at ${to ?? from}`
}

function texts({ before, after }: Change): readonly string[] {
  if (before === after) return before === undefined ? [] : [`~ ${before}`]
  return [...(before === undefined ? [] : [`- ${before}`]), ...(after === undefined ? [] : [`+ ${after}`])]
}

/** Lines of a group's changes: once where the layers say the same, else under the layer's name. */
function labelled(group: readonly Change[], say: (change: Change) => readonly string[], style: Style): readonly string[] {
  const of = (layer: Layer): readonly string[] => group.filter((change) => change.layer === layer).flatMap(say)
  const [live, boot] = [of('live'), of('boot')]
  const set = (lines: readonly string[], label: string): readonly string[] =>
    lines.flatMap((line) => wrap(label + show(line, style), style.width, '      ', '        '))
  if (live.join('\n') === boot.join('\n')) return set(live, '')
  const both = live.length > 0 && boot.length > 0
  const only = (layer: Layer): string => (both || new Set(group.map((change) => change.layer)).size > 1 ? `${layerNames[layer]}: ` : '')
  return [...set(live, only('live')), ...set(boot, only('boot'))]
}

const tint = (mark: string, style: Style): string => paint(mark, mark === '+' ? 'green' : mark === '-' ? 'red' : 'yellow', style)
