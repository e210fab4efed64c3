import { sayShard } from '../shard.js'
import type { HostResult, ShownRun } from '../shown.js'
import { tableChanges } from './changes.js'
import { wrap } from './columns.js'
import { diffEffects, listEffects } from './effects.js'
import { advise, paintOutcome, recap, sayVersion, summarize } from './recap.js'
import { paint, type Style, show } from './style.js'
import { sayLost } from './upgrades.js'

export interface TextOptions extends Style {
  /** Unified diffs of boot files and chains too. */
  readonly diff: boolean
  /** Also the warnings of hosts in sync, and how long each host took. */
  readonly verbose: boolean
}

/** A run as people read it: the hosts that are not as wanted, then one line per host, then what came of it and what to do. */
export function textOf(run: ShownRun, options: TextOptions): string {
  const blocks = run.hosts.filter((host) => hasMore(host, options)).flatMap((host) => [...blockOf(host, options), ''])
  if (run.hosts.length === 0)
    return `no hosts: ${run.shard ? `shard ${sayShard(run.shard)} has none` : 'the plays and --limit name none'}\n`
  return [
    ...blocks,
    ...recap(run.hosts, options),
    '',
    ...summarize(run, options),
    ...dropped(run.hosts, options),
    ...advise(run, options),
    '',
  ].join('\n')
}

const hasMore = ({ outcome, reason, changes, warnings, plan }: HostResult, { verbose }: TextOptions): boolean =>
  reason?.includes('\n') ||
  (outcome !== 'in-sync' && (changes.length > 0 || (warnings?.length ?? 0) > 0 || (plan?.steps?.length ?? 0) > 0)) ||
  (verbose && (warnings?.length ?? 0) > 0)

function blockOf(host: HostResult, options: TextOptions): readonly string[] {
  const steps = host.plan?.steps ?? []
  // host text may hold newlines; indented, no line of it can pass for one of ours
  const indented = (text: string, mark = ''): readonly string[] =>
    text
      .split('\n')
      .flatMap((line, at) => wrap((at === 0 ? mark : '') + show(line, options), options.width, at === 0 ? '  ' : '    ', '    '))
  const diff = options.diff ? diffEffects(steps, options) : []
  return [
    ...headOf(host, options),
    ...(host.reason ? indented(host.reason) : []),
    ...(host.changes.length > 0 ? tableChanges(host.changes, options) : []),
    ...(keeps.has(host.outcome) ? listEffects(steps, options) : []),
    ...(host.warnings ?? []).flatMap((warning) => indented(warning, '! ')),
    ...(diff.length > 0 ? ['', ...diff] : []),
  ]
}

/** Where the plan's files and commands stand, or are still to come: elsewhere nothing of them was written, or it was taken back. */
const keeps: ReadonlySet<HostResult['outcome']> = new Set(['pending', 'changed', 'unsettled'])

/** What the changes below a host's name are, by its outcome; contract of the JSON's `changes`. */
const meanings: Readonly<Partial<Record<HostResult['outcome'], string>>> = {
  'rolled-back': 'was changed and taken back',
  unsettled: 'still differs',
}

function headOf(host: HostResult, options: TextOptions): readonly string[] {
  const name = show(host.host, options)
  const meaning = host.changes.length > 0 ? meanings[host.outcome] : undefined
  const seconds = options.verbose && host.seconds !== undefined ? `${host.seconds.toFixed(1)} s` : ''
  const rest = [meaning ? `(${meaning})` : '', sayVersion(host, options), seconds].filter(Boolean).join('  ')
  const [first, ...more] = wrap(`${name}  ${host.outcome}  ${rest}`.trimEnd(), options.width, '', '    ')
  const painted = first!
    .replace(name, () => paint(name, 'bold', options))
    .replace(`  ${host.outcome}`, () => `  ${paintOutcome(host.outcome, options)}`)
  return [painted, ...more]
}

/** What each upgrade dropped, over all hosts that had it: `upgrade 6.5 SP2 build 1548 → 6.5 SP3 build 3279 (appliance1) dropped iptables ...`. */
function dropped(hosts: readonly HostResult[], options: TextOptions): readonly string[] {
  const upgraded = hosts.filter(({ changes, previousVersion }) => previousVersion && changes.some(({ cause }) => cause === 'upgrade'))
  return [...new Set(upgraded.map((host) => sayVersion(host, options)))].flatMap((way) => {
    const of = upgraded.filter((host) => sayVersion(host, options) === way)
    const names = of.map(({ host }) => show(host, options)).join(', ')
    const lost = sayLost(of.flatMap(({ changes }) => changes).filter(({ cause }) => cause === 'upgrade'))
    return wrap(`${way} (${names}) dropped ${lost.map((text) => show(text, options)).join('; ')}`, options.width, '', '  ')
  })
}
