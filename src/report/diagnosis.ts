import type { Finding } from '../diagnose/findings.js'
import { pad, wrap } from './columns.js'
import { paint, type Style, show } from './style.js'

/** What was found on one host, or why it could not be looked at. */
export interface DiagnosedHost {
  readonly host: string
  readonly findings: readonly Finding[]
  readonly outcome?: string
  readonly reason?: string
  /** What is no failure, and worth knowing. */
  readonly notes?: readonly string[]
  /** Connections in TIME_WAIT by peer, for people. */
  readonly peers?: readonly { readonly address: string; readonly count: number }[]
  /** Tracked connections by the seconds that they have left, for people. */
  readonly ages?: readonly { readonly upTo: number; readonly count: number }[]
}

/** The document of diagnose (schemas/report.schema.json), with a final newline. */
export function diagnosisJson(hosts: readonly DiagnosedHost[]): string {
  const told = hosts.map(({ host, findings, notes = [], outcome, reason }) => ({
    host,
    findings,
    ...(notes.length > 0 && { notes }),
    ...(outcome && { outcome }),
    ...(reason && { reason }),
  }))
  return `${JSON.stringify({ hosts: told }, null, 2)}\n`
}

/** A diagnosis as people read it: the hosts with something to say, then the others in a line. */
export function diagnosisText(hosts: readonly DiagnosedHost[], style: Style): string {
  const clean = hosts.filter(({ findings, notes = [], reason }) => findings.length + notes.length === 0 && reason === undefined)
  const lines = hosts.filter((host) => !clean.includes(host)).flatMap((host) => [...hostLines(host, style), ''])
  const names = clean.map(({ host }) => show(host, style)).join(', ')
  return [...lines, ...(names === '' ? [] : wrap(`nothing found on ${names}`, style.width, '', '  ')), ''].join('\n')
}

const colours = { open: 'cyan', likely: 'yellow', seen: 'red' } as const
const meanings = { open: 'it could happen', likely: 'it fits what is seen', seen: 'it happens' } as const

function hostLines({ host, findings, notes = [], reason, ages, peers }: DiagnosedHost, style: Style): readonly string[] {
  const said = (text: string, first: string) =>
    text.split('\n').flatMap((line) => wrap(show(line, style), style.width, first, ' '.repeat(first.length)))
  return [
    paint(show(host, style), 'bold', style),
    ...(reason === undefined ? [] : said(reason, '  ')),
    ...findings.flatMap(({ id, certainty, evidence, cure, alternatives = [] }) => [
      `  ${paint(id, colours[certainty], style)}  ${certainty}: ${meanings[certainty]}`,
      ...evidence.flatMap((text) => said(text, '    - ')),
      ...(id === 'conntrack-outlives-timeout' ? histogram(ages ?? [], style) : []),
      ...(id === 'timewait-rst-ignored' ? bars((peers ?? []).slice(0, 8), ({ address }) => pad(address, 22), style) : []),
      ...said(cure, '    cure: '),
      ...alternatives.flatMap((text) => said(text, '    or: ')),
    ]),
    ...notes.flatMap((text) => said(text, '  note: ')),
  ]
}

const steps: Readonly<Record<number, string>> = {
  60: '1 minute',
  300: '5 minutes',
  3600: '1 hour',
  43200: '12 hours',
  86400: '1 day',
  432000: '5 days',
}

const histogram = (ages: NonNullable<DiagnosedHost['ages']>, style: Style): readonly string[] =>
  bars(ages, ({ upTo }) => `up to ${pad(steps[upTo] ?? `${upTo} s`, 10)} left`, style)

function bars<Row extends { readonly count: number }>(rows: readonly Row[], name: (row: Row) => string, style: Style): readonly string[] {
  const most = Math.max(...rows.map(({ count }) => count))
  const room = Math.max(10, style.width - 40)
  const bar = (count: number): string => (style.unicode ? '█' : '#').repeat(Math.max(1, Math.round((count / most) * room)))
  return rows.map((row) => `      ${name(row)} ${String(row.count).padStart(7)} ${bar(row.count)}`)
}
