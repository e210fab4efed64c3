import { type Case, nameOf } from './cases.js'
import type { Row } from './numbers.js'
import { timeOf, titleOf } from './page.js'

const few = { keys: 3, rules: 3 }
const shown = [
  nameOf('plan', 1, few),
  nameOf('plan', 10, few),
  nameOf('plan', 50, few),
  nameOf('converge', 50, few),
  nameOf('drift', 50, few),
]

const size = { width: 760, label: 130, right: 80, bar: 16, gap: 4, group: 30, top: 34 }

/** The walls as bars on a logarithmic scale, one group per case; where the cases that matter were not played, all that were. */
export const plotOf = (cases: readonly Case[], rows: readonly Row[]): string => {
  const chosen = cases.filter(({ name }) => shown.includes(name))
  const groups = (chosen.length > 0 ? chosen : cases)
    .map((one) => ({ title: titleOf(one), bars: rows.filter((row) => row.case === one.name && row.runs > 0) }))
    .filter(({ bars }) => bars.length > 0)
  if (groups.length === 0) return noPlot
  const walls = groups.flatMap(({ bars }) => bars.map(({ wallMs }) => wallMs))
  const least = 10 ** Math.floor(Math.log10(Math.min(...walls) / 1.5)) // also the shortest bar has a length
  const most = Math.max(...walls, least * 100)
  const span = size.width - size.label - size.right
  const x = (ms: number): number => size.label + (span * Math.log(ms / least)) / Math.log(most / least)
  let y = size.top
  const parts = groups.map(({ title, bars }) => {
    const top = y + size.group - 10
    y += size.group
    const lines = bars.map((row) => {
      const line = drawBar(row, x(row.wallMs), y)
      y += size.bar + size.gap
      return line
    })
    return `<text class="title" x="12" y="${top}">${title}</text>\n${lines.join('')}`
  })
  const height = y + 14
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${height}" width="${size.width}" height="${height}" role="img">
<title>Wall time by case and tool, logarithmic</title>
<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 } .title { font-weight: 600 } .scale { font-size: 11px; fill: #59636e }
line { stroke: #d1d9e0 } .bar { fill: #8c959f } .holdfast { fill: #1a7f37 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .scale { fill: #9198a1 } line { stroke: #3d444d } .bar { fill: #6e7681 } .holdfast { fill: #3fb950 }
}
</style>
${powers(least, most)
  .map((ms) => drawScale(ms, x(ms), height))
  .join('')}<text class="scale" x="12" y="16">wall, logarithmic</text>
${parts.join('')}</svg>
`
}

const noPlot = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 40" width="200" height="40"><title>No run counts</title></svg>\n'

const powers = (least: number, most: number): readonly number[] =>
  Array.from({ length: Math.floor(Math.log10(most / least)) + 1 }, (_, index) => least * 10 ** index)

const drawScale = (ms: number, x: number, height: number): string =>
  `<line x1="${x.toFixed(1)}" x2="${x.toFixed(1)}" y1="24" y2="${height - 8}"/><text class="scale" x="${x.toFixed(1)}" y="16" text-anchor="middle">${ms < 1000 ? `${ms} ms` : `${ms / 1000} s`}</text>\n`

const drawBar = ({ contender, wallMs }: Row, end: number, y: number): string => {
  const middle = y + size.bar - 4
  const kind = contender === 'holdfast' ? 'holdfast' : 'bar'
  return `<text x="${size.label - 8}" y="${middle}" text-anchor="end">${contender}</text><rect class="${kind}" x="${size.label}" y="${y}" width="${Math.max(1, end - size.label).toFixed(1)}" height="${size.bar}" rx="2"/><text x="${(end + 6).toFixed(1)}" y="${middle}">${timeOf(wallMs)}</text>\n`
}
