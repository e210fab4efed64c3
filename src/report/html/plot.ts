import type { RunDocument } from '../../history/document.js'
import { html, type Markup } from './markup.js'

const [width, height, left, right, top, bottom] = [720, 240, 40, 10, 12, 28]
/** More groups would be lines that nobody can tell apart: the rest is in the table only. */
const mostLines = 6
const dashes = ['', '6 3', '2 3', '8 3 2 3', '1 4', '10 4']

/** Hosts of each group on which a run found differences that nobody asked for (drift, upgrade, contested), over time. */
export function driftPlot(runs: readonly RunDocument[]): Markup {
  const drawn = runs.filter((run) => run.hosts.length > 0).slice(-200)
  const groups = [...new Set(drawn.flatMap((run) => run.hosts.flatMap((host) => groupsOf(host.groups))))].toSorted().slice(0, mostLines)
  if (drawn.length < 2 || groups.length === 0) return html`<p>There are too few runs for a plot.</p>`
  const series = groups.map((group) => drawn.map((run) => driftedIn(run, group)))
  const most = Math.max(1, ...series.flat())
  const times = drawn.map((run) => Date.parse(run.began))
  const [first, last] = [times[0]!, times.at(-1)!]
  const x = (time: number): number => left + ((time - first) / Math.max(1, last - first)) * (width - left - right)
  const y = (count: number): number => height - bottom - (count / most) * (height - top - bottom)
  const lines = series.map((counts, at) => {
    const points = counts.map((count, run) => `${x(times[run]!).toFixed(1)},${y(count).toFixed(1)}`).join(' ')
    return html`<polyline class="series-${at}" fill="none" stroke-width="2" stroke-dasharray="${dashes[at] ?? ''}" points="${points}"/>`
  })
  const legend = groups.map(
    (group, at) =>
      html`<li><svg class="key" viewBox="0 0 40 8" aria-hidden="true" style="width:2.5rem;border:0"><path class="series-${at}" stroke-width="3" stroke-dasharray="${dashes[at] ?? ''}" d="M0 4H40"/></svg> ${group}: ${series[at]!.at(-1)!} now, ${Math.max(...series[at]!)} at most</li>`,
  )
  const ticks = [...new Set([0, Math.ceil(most / 2), most])].map(
    (count) =>
      html`<line class="grid" x1="${left}" x2="${width - right}" y1="${y(count)}" y2="${y(count)}"/><text x="${left - 6}" y="${y(count) + 4}" text-anchor="end">${count}</text>`,
  )
  const label = `Hosts with drift, by group, over ${drawn.length} runs from ${drawn[0]!.began} to ${drawn.at(-1)!.began}`
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">${ticks}<line class="axis" x1="${left}" x2="${width - right}" y1="${height - bottom}" y2="${height - bottom}"/>
<text x="${left}" y="${height - 8}">${drawn[0]!.began.slice(0, 16)}</text><text x="${width - right}" y="${height - 8}" text-anchor="end">${drawn.at(-1)!.began.slice(0, 16)}</text>${lines}</svg>
<ul class="legend">${legend}</ul>`
}

const groupsOf = (groups: readonly string[]): readonly string[] => (groups.length > 0 ? groups : ['ungrouped'])

function driftedIn(run: RunDocument, group: string): number {
  const asked = ['new', 'intent']
  return run.hosts.filter((host) => groupsOf(host.groups).includes(group) && host.changes.some(({ cause }) => !asked.includes(cause)))
    .length
}
