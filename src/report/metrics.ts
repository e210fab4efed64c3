import type { HostEntry, RunDocument } from '../history/document.js'
import { printable } from '../text.js'
import type { Outcome } from '../types.js'

const outcomes: readonly Outcome[] = [
  'in-sync',
  'changed',
  'pending',
  'unsettled',
  'rolled-back',
  'stale',
  'failed',
  'unreachable',
  'skipped',
]

/**
 * The history as OpenMetrics text (openmetrics.io, 1.0; the Prometheus text format 0.0.4 without its last line, for node_exporter's textfile
 * collector): how the hosts stand by their newest run, and how old that is. Counters are not kept: the history has an end, the runs in it are gauges.
 */
export function metricsOf(runs: readonly RunDocument[], format: 'openmetrics' | 'prometheus' = 'openmetrics'): string {
  const newest = new Map<string, { readonly run: RunDocument; readonly host: HostEntry }>()
  for (const run of runs) for (const host of run.hosts) if (host.outcome !== 'skipped') newest.set(host.host, { run, host })
  const hosts = [...newest.values()]
  const last = runs.at(-1)
  return [
    ...gauge(
      'holdfast_host_outcome',
      'What became of a host in its newest run: 1 for the outcome it had',
      hosts.flatMap(({ host }) => outcomes.map((outcome) => [{ host: host.host, outcome }, Number(host.outcome === outcome)] as const)),
    ),
    ...gauge(
      'holdfast_host_changes',
      'Differences that the newest run of a host found, by layer and cause',
      hosts.flatMap(({ host }) => counted(host)),
    ),
    ...gauge(
      'holdfast_host_run_timestamp_seconds',
      'When the newest run that reached for a host began',
      hosts.map(({ run, host }) => [{ host: host.host }, Date.parse(run.began) / 1000] as const),
    ),
    ...gauge(
      'holdfast_host_info',
      'The version of the product on a host',
      hosts.flatMap(({ host }) => (host.version === undefined ? [] : [[{ host: host.host, version: host.version }, 1] as const])),
    ),
    ...gauge('holdfast_runs', 'Runs that the history holds', [[{}, runs.length]]),
    ...(last === undefined
      ? []
      : [
          ...gauge('holdfast_last_run_timestamp_seconds', 'When the newest run began', [[{}, Date.parse(last.began) / 1000]]),
          ...gauge(
            'holdfast_last_run_hosts',
            'Hosts of the newest run, by outcome',
            outcomes.map((outcome) => [{ outcome }, last.summary[outcome] ?? 0]),
          ),
        ]),
    ...(format === 'openmetrics' ? ['# EOF'] : []),
    '',
  ].join('\n')
}

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number]

function counted({ host, changes }: HostEntry): readonly Sample[] {
  const counts = new Map<string, number>()
  for (const { layer, cause } of changes) counts.set(`${layer} ${cause}`, (counts.get(`${layer} ${cause}`) ?? 0) + 1)
  return [...counts].map(([key, count]) => {
    const [layer = '', cause = ''] = key.split(' ')
    return [{ host, layer, cause }, count]
  })
}

function gauge(name: string, help: string, samples: readonly Sample[]): readonly string[] {
  if (samples.length === 0) return []
  return [`# TYPE ${name} gauge`, `# HELP ${name} ${help}`, ...samples.map(([labels, value]) => `${name}${braced(labels)} ${value}`)]
}

function braced(labels: Readonly<Record<string, string>>): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${quoted(value)}"`)
  return parts.length === 0 ? '' : `{${parts.join(',')}}`
}

const quoted = (text: string): string =>
  printable(text, { newlines: true }).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
