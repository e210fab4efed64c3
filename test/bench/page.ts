import type { Case } from './cases.js'
import type { Row } from './numbers.js'
import type { Outcome } from './play.js'
import type { Target } from './targets.js'

/** Everything that a run of the bench found: the document that bench.json holds. */
export interface Found {
  readonly date: string
  readonly machine: Readonly<Record<string, string>>
  readonly targets: readonly Target[]
  readonly rows: readonly Row[]
  readonly notes: readonly string[]
}

const columns = '| | wall | × holdfast | controller CPU | peak memory | KB per host | execs per host | connections per host | runs |'

/** A run as Markdown: the targets, then a table per case. */
export const pageOf = (found: Found, outcomes: readonly Outcome[]): string => `# The bench

Made by \`npm run bench\`; [performance.md](performance.md) says how to repeat it and what it measures. The
contenders take turns in several rounds; the numbers are medians, ratios are medians of quotients within a round. ${machineOf(found)}

![Wall time by case and tool](bench.svg)

## Targets

| target | at most | measured | |
|---|---|---|---|
${found.targets.map(targetLine).join('\n')}

${outcomes.map((outcome) => tableOf(outcome, found.rows)).join('\n\n')}
${found.notes.length === 0 ? '' : `\n## Notes\n\n${found.notes.map((note) => `- ${note}`).join('\n')}\n`}`

const machineOf = ({ machine, date }: Found): string =>
  `${date}: ${Object.entries(machine)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')}.`

const targetLine = ({ says, atMost, unit, measured, isMet }: Target): string => {
  const outcome = isMet === undefined ? 'not measured in this run' : isMet ? 'met' : '**missed**'
  return `| ${says} | ${numberOf(atMost)} ${unit} | ${measured === undefined ? '' : `${numberOf(measured)} ${unit}`} | ${outcome} |`
}

const tableOf = (outcome: Outcome, rows: readonly Row[]): string => {
  const { name } = outcome.case
  const lines = rows.filter((row) => row.case === name).map((row) => rowLine(row, outcome.case))
  return `## ${titleOf(outcome.case)}${outcome.line ? ` (by ${outcome.line})` : ''}\n\n${columns}\n|---|---|---|---|---|---|---|---|---|\n${lines.join('\n')}`
}

/** A case in words: `plan, 50 hosts, 3 keys + 3 rules, 100 ms away`. */
export const titleOf = ({ task, hosts, things, delayMs }: Case): string => {
  const words = { plan: 'nothing to do', converge: 'first converge', drift: 'one drifted host' }[task]
  const place = delayMs > 0 ? `, ${delayMs} ms away` : ''
  return `${words}, ${hosts === 1 ? '1 host' : `${hosts} hosts`}, ${things.keys} keys + ${things.rules} rules${place}`
}

const rowLine = (row: Row, { hosts }: Case): string => {
  if (row.runs === 0) return `| ${row.contender} | does not count: ${plain(row.complaints[0] ?? 'it was not run')} | | | | | | | 0 |`
  const cells = [
    row.contender,
    timeOf(row.wallMs),
    row.ratio === undefined ? '' : `${numberOf(row.ratio)} ×`,
    timeOf(row.cpuMs),
    `${Math.round(row.peakMb)} MB`,
    numberOf(row.bytes / 1000 / hosts),
    numberOf(row.execs),
    numberOf(row.connections),
    row.complaints.length === 0 ? String(row.runs) : `${row.runs}, ${row.complaints.length} did not count: ${plain(row.complaints[0]!)}`,
  ]
  return `| ${cells.join(' | ')} |`
}

// what a tool said, on one line of a table
const plain = (text: string): string => text.replace(/\s+/g, ' ').replaceAll('|', '\\|').replaceAll('<', '&lt;').slice(0, 200)

/** Milliseconds for a person: `87 ms`, `3.21 s`, `32.0 s`. */
export const timeOf = (ms: number): string => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`)

/** Three figures, whole numbers whole. */
export const numberOf = (value: number): string => {
  if (Number.isInteger(value)) return String(value)
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)))
}
