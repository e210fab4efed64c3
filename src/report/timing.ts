import type { HostReport, HostTiming, TimedSpan } from '../types.js'
import { pad, widthOf, wrap } from './columns.js'
import { type Style, show } from './style.js'

/** What the controller itself used, from its process's begin to the report: milliseconds, bytes. */
export interface OwnTiming {
  /** Reading and checking the files. */
  readonly files?: number
  readonly processor: number
  readonly peak: number
}

interface Row {
  readonly name: string
  readonly at: number
  readonly took: number
}

/** Where the time went: one host as a waterfall, several as the medians over them and the slowest; '' where no host was measured. */
export function timingText(hosts: readonly HostReport[], own: OwnTiming, style: Style): string {
  const measured = hosts.filter((host): host is HostReport & { timing: HostTiming } => host.timing !== undefined)
  const slowest = [...measured].sort((one, other) => other.timing.took - one.timing.took)[0]
  if (!slowest) return ''
  const timings = measured.map(({ timing }) => timing)
  const rows = medianRows(timings)
  const name =
    measured.length === 1
      ? show(slowest.host, style)
      : `medians of ${measured.length} hosts; the slowest, ${show(slowest.host, style)}, took ${tell(slowest.timing.took)}`
  return `${[
    '',
    ...wrap(name, style.width, 'timing  ', '        '),
    ...waterfall(rows, median(timings.map(({ took }) => took)), style),
    ...wrap(sumUp(timings), style.width, '  '),
    ...wrap(ofController(timings, own), style.width, '  ', '    '),
  ].join('\n')}\n`
}

function ofController(timings: readonly HostTiming[], { files, processor, peak }: OwnTiming): string {
  const first = `${tell(Math.min(...timings.map(({ at }) => at)))} to the first host`
  const reading = files === undefined ? '' : ` (files ${tell(files)})`
  return `controller: ${first}${reading}, ${tell(processor)} of the processor, ${Math.round(peak / 1e6)} MB at most`
}

function sumUp(timings: readonly HostTiming[]): string {
  const execs = median(timings.map((timing) => timing.execs))
  const [bytesIn, bytesOut] = [timings.flatMap((timing) => timing.bytesIn ?? []), timings.flatMap((timing) => timing.bytesOut ?? [])]
  const bytes = bytesIn.length === 0 ? '' : `, ${kilo(median(bytesIn))} kB from it, ${kilo(median(bytesOut))} kB to it`
  return `${execs} ${execs === 1 ? 'script' : 'scripts'}${bytes}`
}

const kilo = (bytes: number): string => (bytes / 1000).toFixed(1)

/** `at` from the host's own begin. The same span of the same host again (a second look) is a row of its own. */
function medianRows(timings: readonly HostTiming[]): readonly Row[] {
  const found = new Map<string, Row[]>()
  for (const timing of timings) {
    const times = new Map<string, number>()
    for (const span of withThinking(timing)) {
      const time = (times.get(nameOf(span)) ?? 0) + 1
      times.set(nameOf(span), time)
      const name = time === 1 ? nameOf(span) : `${nameOf(span)} (${time})`
      found.set(name, [...(found.get(name) ?? []), { name, at: span.at - timing.at, took: span.took }])
    }
  }
  const rows = [...found.values()].map((same) => ({
    name: same[0]!.name,
    at: median(same.map(({ at }) => at)),
    took: median(same.map(({ took }) => took)),
  }))
  return rows.sort((one, other) => one.at - other.at || other.took - one.took)
}

const nameOf = ({ stage, part }: TimedSpan): string => {
  if (part === 'connect') return stage === 'act' || stage === 'settle' ? `${stage}: connect` : 'connect'
  if (part === 'script') return stage
  return part === 'plan' ? part : `  ${part}`
}

/** Between the end of a script and what comes next lies the controller's own thinking. */
function withThinking({ at, took, spans }: HostTiming): readonly TimedSpan[] {
  const whole = spans.filter(({ part }) => part === 'connect' || part === 'script')
  const thinking = whole.flatMap((span, index): readonly TimedSpan[] => {
    const end = span.at + span.took
    const next = whole[index + 1]?.at ?? at + took
    return span.part === 'script' && span.stage === 'look' && next > end ? [{ stage: 'look', part: 'plan', at: end, took: next - end }] : []
  })
  return [...spans, ...thinking].sort((one, other) => one.at - other.at || other.took - one.took)
}

function waterfall(rows: readonly Row[], total: number, style: Style): readonly string[] {
  const all = [...rows, { name: 'total', at: 0, took: total }]
  const names = Math.max(...all.map(({ name }) => widthOf(name)))
  const room = style.width - names - 16
  const longest = Math.max(total, ...all.map(({ at, took }) => at + took), 1)
  const columns = (milliseconds: number): number => Math.round((milliseconds / longest) * room)
  return all.map(({ name, at, took }) => {
    const from = Math.min(columns(at), room - 1)
    const length = Math.max(1, Math.min(columns(at + took), room) - from)
    return `  ${pad(name, names)}  ${tell(took).padStart(9)}  ${' '.repeat(from)}${(style.unicode ? '█' : '#').repeat(length)}`
  })
}

const tell = (milliseconds: number): string =>
  milliseconds < 10_000 ? `${milliseconds.toFixed(1)} ms` : `${(milliseconds / 1000).toFixed(1)} s`

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
