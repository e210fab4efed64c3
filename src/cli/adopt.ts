import { type Adopted, adopted } from '../adopt/document.js'
import { holdingsOf } from '../adopt/hold.js'
import type { FoundOnHost } from '../adopt/items.js'
import { surveyBody } from '../adopt/survey.js'
import { adoptedYaml } from '../adopt/yaml.js'
import { exitCode } from '../fleet/exit.js'
import { startFleet } from '../fleet/run.js'
import { runLook } from '../host/trips.js'
import { readInventory } from '../load/inventory.js'
import type { LoadedHost } from '../load/load.js'
import { problemsJson, problemsText } from '../report/problems.js'
import { show } from '../report/style.js'
import { resources } from '../resources/index.js'
import { lookBody } from '../script/look.js'
import { toSeen } from '../seen.js'
import type { HostResult } from '../shown.js'
import type { Problem } from '../types.js'
import type { Console } from './console.js'
import { disk, inventoriesOf } from './files.js'
import { listenForInterrupts } from './interrupt.js'
import { startLookProgress } from './look-progress.js'
import type { AdoptOptions } from './options.js'
import type { Parts, Way } from './parts.js'
import { putWhole } from './put.js'
import { withSecrets } from './secrets.js'

/** `holdfast adopt PATTERN...`: prints the playbook that describes what hosts hold now. 0, or what a run that met such hosts gives. */
export async function adopt(patterns: readonly string[], options: AdoptOptions, parts: Parts, console: Console): Promise<number> {
  const hosts = await loadHosts(patterns, options, parts, console)
  if (!hosts) return 1
  if (hosts.length === 0) console.err.write('note: the patterns name no host\n')
  const interrupts = listenForInterrupts()
  const progress = await startLookProgress(hosts.length, options.json, console)
  interrupts.tell(progress.say)
  try {
    const found = new Map<string, FoundOnHost>()
    const engine = await parts.engine({
      run: 'adopt',
      apply: false,
      options,
      say: progress.say,
      way: withFailures(wayOf(options.exact, found)),
    })
    const fleet = startFleet({
      hosts,
      forks: options.forks,
      serial: [],
      converge: engine,
      events: progress,
      stop: interrupts.stop,
      abort: interrupts.abort,
    })
    await fleet.done
    await progress.end()
    if (fleet.bug() !== undefined) throw fleet.bug()
    const results = fleet.results()
    const groups = readInventory(inventoriesOf(options), disk).inventory.groups
    const held = results.flatMap(({ host, outcome }) => (outcome === 'in-sync' ? (found.get(host) ?? []) : []))
    print(adopted(held, groups), results, options, console)
    const signal = interrupts.signal()
    return exitCode({ hosts: results, ...(signal ? { signal } : {}) })
  } finally {
    await progress.end()
    interrupts.end()
  }
}

/** The hosts that the patterns name, with the profiles that the inventory gives them. */
async function loadHosts(
  patterns: readonly string[],
  options: AdoptOptions,
  parts: Parts,
  console: Console,
): Promise<readonly LoadedHost[] | undefined> {
  const { limit, shard, extraVars } = options
  const inventory = inventoriesOf(options)
  const named = await parts.named({ inventory, patterns, extraVars, ...(limit === undefined ? {} : { limit }), ...(shard && { shard }) })
  if ('problems' in named) return tell(named.problems, options, console)
  if (named.hosts.length === 0) return []
  // A play that wants nothing: with it the hosts are read as every play's are.
  const play = 'playbooks/holdfast adopt.yaml'
  const text = JSON.stringify([{ hosts: named.hosts.map(({ target }) => target.host) }])
  const files = { ...disk, read: (path: string) => (path === play ? text : disk.read(path)) }
  const loaded = await parts.load({ inventory, playbooks: [play], extraVars, files })
  if ('problems' in loaded) return tell(loaded.problems, options, console)
  return withSecrets(loaded.hosts, options)
}

function tell(problems: readonly Problem[], { json }: AdoptOptions, { out, err }: Console): undefined {
  err.write(problemsText(problems, err.style))
  if (json) out.write(problemsJson(problems))
}

/** One host: what it holds, then the same look that a plan of it would take. */
const wayOf =
  (exact: boolean, found: Map<string, FoundOnHost>): Way =>
  async ({ target, want }, { connect, commandTimeout, onStage, signal }) => {
    onStage(want.host, 'look')
    const session = await connect(target)
    const abort = (): void => session.close()
    signal.addEventListener('abort', abort)
    try {
      const run = async (body: string) => toSeen(await runLook(session, target, commandTimeout, body), want.profile)
      found.set(want.host, await holdingsOf(await run(surveyBody(want)), want, exact, (held) => run(lookBody(held, resources))))
    } finally {
      signal.removeEventListener('abort', abort)
      session.close()
    }
    return { host: want.host, outcome: 'in-sync', changes: [] }
  }

/** A host that cannot be reached is told as such, and the others go on. */
const withFailures =
  (way: Way): Way =>
  (item, options, recall) =>
    way(item, options, recall).catch(async (error: unknown) => (await import('../host/converge.js')).wentWrong(item, error))

function print(all: Adopted, results: readonly HostResult[], { json, out }: AdoptOptions, console: Console): void {
  const failed = results.filter(({ outcome }) => outcome !== 'in-sync').map(({ host, outcome, reason }) => ({ host, outcome, reason }))
  for (const { host, outcome, reason } of failed)
    console.err.write(`${show(`${host}: ${outcome}: ${reason ?? 'no reason is known'}`, console.err.style)}\n`)
  const text = adoptedYaml(all)
  const none = failed.length === results.length
  if (out !== undefined && none)
    console.err.write(`holdfast: nothing is known of any host, so ${show(out, console.err.style)} is not written\n`)
  else if (out !== undefined) {
    putWhole('playbook', out, text)
    console.err.write(`written to ${show(out, console.err.style)}; check it with: holdfast plan ${show(out, console.err.style)}\n`)
  }
  if (json)
    console.out.write(
      `${JSON.stringify({ ...all, hosts: results.map(({ host }) => failed.find((one) => one.host === host) ?? { host }) }, null, 2)}\n`,
    )
  else if (out === undefined && !none) console.out.write(text)
}
