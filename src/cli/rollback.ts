import type { Stage } from '../engine.js'
import { exitCode } from '../fleet/exit.js'
import { runPool } from '../fleet/pool.js'
import type { Listed } from '../host/rollback.js'
import type { LoadedHost } from '../load/load.js'
import { problemsJson, problemsText } from '../report/problems.js'
import { runsJson, runsText } from '../report/runs.js'
import { show } from '../report/style.js'
import type { HostRun } from '../rollback/runs.js'
import type { HostResult } from '../shown.js'
import type { Console } from './console.js'
import { conclude } from './converge.js'
import { inventoriesOf } from './files.js'
import { type Interrupts, listenForInterrupts } from './interrupt.js'
import { tellShard } from './load.js'
import { type RunOrder, runOnce } from './one-run.js'
import { Mistake, type RollbackOptions } from './options.js'
import type { Parts, Way } from './parts.js'
import { withSecrets } from './secrets.js'

/** `holdfast rollback PATTERN...`: takes back what a run changed; or lists the runs that the hosts keep. */
export async function rollback(patterns: readonly string[], options: RollbackOptions, parts: Parts, console: Console): Promise<number> {
  if (options.list && (options.run !== undefined || options.check))
    throw new Mistake('--list changes nothing: say it without --run and --check')
  if (options.script && !options.check) throw new Mistake('--script belongs to rollback --check')
  const loaded = await loadNamed(patterns, options, parts, console)
  if (!loaded) return 1
  const hosts = await withSecrets(loaded, options)
  const interrupts = listenForInterrupts()
  try {
    const listed = await listAll(hosts, options, parts, interrupts)
    if (options.list) return printRuns(hosts, listed, interrupts, options, console)
    const chosen = chosenRun(listed, options.run)
    if (chosen === undefined) return nothingKept(listed, options, console)
    if (typeof chosen !== 'string') tell(chosen, console)
    const id = typeof chosen === 'string' ? chosen : chosen.run
    const engine: RunOrder['engine'] = async (order) => parts.engine({ ...order, apply: !options.check, way: await wayOf(id, listed) })
    const { shown, bug, told } = await runOnce({ command: 'rollback', playbooks: [], hosts, options, interrupts, engine }, console)
    const code = conclude(shown, bug, interrupts, options, console)
    await told
    return code
  } finally {
    interrupts.end()
  }
}

async function loadNamed(
  patterns: readonly string[],
  options: RollbackOptions,
  parts: Parts,
  console: Console,
): Promise<readonly LoadedHost[] | undefined> {
  const { limit, shard, extraVars } = options
  const narrowed = { ...(limit === undefined ? {} : { limit }), ...(shard && { shard }) }
  const loaded = await parts.named({ inventory: inventoriesOf(options), patterns, extraVars, ...narrowed })
  if (!('problems' in loaded)) {
    if (shard) tellShard(shard, loaded.hosts, loaded.fleet ?? [], console)
    return loaded.hosts
  }
  console.err.write(problemsText(loaded.problems, console.err.style))
  if (options.json) console.out.write(problemsJson(loaded.problems))
  return undefined
}

/** By host. A host that is missing was not asked, because the run was stopped. */
type AllListed = ReadonlyMap<string, Listed>

async function listAll(hosts: readonly LoadedHost[], options: RollbackOptions, parts: Parts, interrupts: Interrupts): Promise<AllListed> {
  const { listRuns } = await import('../host/rollback.js')
  const all = new Map<string, Listed>()
  const way: Way = async (item, given) => {
    const listed = await listRuns(item, given)
    all.set(item.target.host, listed)
    return 'failure' in listed ? listed.failure : { host: item.target.host, outcome: 'in-sync', changes: [] }
  }
  const engine = await parts.engine({ run: 'list', apply: false, options, say: () => {}, way })
  const watch = { onStage: (_: Stage): void => {}, signal: interrupts.abort }
  await Promise.race([
    runPool(
      hosts,
      options.forks,
      async (host) => void (await engine(host, watch)),
      () => !interrupts.stop.aborted,
    ),
    interrupts.crashed,
  ])
  return all
}

/** The run that was named, where a host keeps it (a string where only damaged notes are left); else the last one that is no rollback. */
function chosenRun(listed: AllListed, named: string | undefined): HostRun | string | undefined {
  const found = [...listed.values()].flatMap((one) => ('failure' in one ? [] : [one]))
  const runs = found.flatMap((one) => one.runs)
  if (named !== undefined)
    return runs.find(({ run }) => run === named) ?? (found.some(({ damaged }) => damaged.includes(named)) ? named : undefined)
  return runs.filter(({ rollbackOf }) => rollbackOf === undefined).sort((a, b) => (a.at < b.at ? 1 : -1))[0]
}

/** None of the hosts keeps the run: those that could not be asked decide the exit code. */
function nothingKept(listed: AllListed, options: RollbackOptions, { err, out }: Console): number {
  const failures = [...listed.values()].flatMap((one) => ('failure' in one ? [one.failure] : []))
  const what = options.run === undefined ? 'any run to take back' : `the run ${options.run}`
  const sentence = `none of these hosts keeps ${what}; rollback --list shows what they keep`
  err.write(`holdfast: ${show(sentence, err.style)}\n`)
  for (const { host, reason } of failures) err.write(`${show(`${host}: ${reason}`, err.style)}\n`)
  if (options.json) out.write(problemsJson([{ file: '--run', line: 1, column: 1, path: '', message: sentence }]))
  return exitCode({ hosts: failures }) || (options.run === undefined ? 0 : 1)
}

function tell({ run, at, who }: HostRun, { err }: Console): void {
  err.write(`note: ${show(`taking back the run ${run} of ${who} at ${at}`, err.style)}\n`)
}

async function wayOf(id: string, listed: AllListed): Promise<Way> {
  const { rollbackHost } = await import('../host/rollback.js')
  return async (item, given) => {
    const one = listed.get(item.target.host)
    const kept = one === undefined || 'failure' in one || [...one.runs.map(({ run }) => run), ...one.damaged].includes(id)
    return kept ? rollbackHost(item, given, id) : untouched(item.target.host, id)
  }
}

const untouched = (host: string, id: string): HostResult => ({
  host,
  outcome: 'in-sync',
  changes: [],
  warnings: [`the host keeps nothing of the run ${id}`],
})

function printRuns(
  hosts: readonly LoadedHost[],
  listed: AllListed,
  interrupts: Interrupts,
  options: RollbackOptions,
  { out, err }: Console,
): number {
  const shown = hosts.flatMap(({ target: { host } }) => {
    const one = listed.get(host)
    if (one === undefined) return []
    return 'failure' in one ? [{ host, runs: [], damaged: [], reason: one.failure.reason ?? 'unknown' }] : [{ host, ...one }]
  })
  const people = options.json ? err : out
  people.write(runsText(shown, people.style))
  if (options.json) out.write(runsJson(shown))
  const signal = interrupts.signal()
  const failures = [...listed.values()].flatMap((one) => ('failure' in one ? [one.failure] : []))
  return exitCode({ hosts: failures, ...(signal ? { signal } : {}) })
}
