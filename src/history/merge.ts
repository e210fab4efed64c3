import { createHash } from 'node:crypto'
import { type Shard, sayShard, shardNumber } from '../shard.js'
import { countOutcomes } from '../shown.js'
import { plural } from '../text.js'
import type { HostEntry, RunDocument } from './document.js'

/** The runs of several shards as one run. */
export interface Merged {
  readonly document: RunDocument
  /** What a person should know of what was given: sentences. */
  readonly notes: readonly string[]
  /** Shards of which no run was given, from 1. */
  readonly missing: readonly number[]
}

/** A host as the newest of the runs left it. */
interface Newest {
  readonly run: RunDocument
  readonly entry: HostEntry
}

/**
 * Merges the runs of the shards of a fleet, at least one: each host once, as its newest run left it, in the inventory's order where a run
 * knows it, else by name; a host that no run reports is `failed`. Runs of another command or another number of shards than the newest
 * shard's are left out.
 */
export function mergeRuns(given: readonly RunDocument[]): Merged {
  const all = [...new Map(given.toSorted(byEnd).map((run) => [run.run, run])).values()].toSorted(byBeginning)
  const last = all.findLast(({ shard }) => shard) ?? all.at(-1)!
  const of = last.shard?.of
  const runs = all.filter(({ command, shard }) => command === last.command && (shard === undefined || shard.of === of))
  const fleet = runs.findLast(({ shard }) => shard?.fleet)?.shard?.fleet
  const newest = newestOf(runs)
  const names = fleet ?? [...newest.keys()].toSorted()
  const counts = countsOf(runs)
  const hosts = names.map((host) => entryOf(host, newest.get(host), of, counts))
  const used = [...new Set([...newest.values()].map(({ run }) => run)), ...latest(runs).values()]
  const missing = of === undefined ? [] : Array.from({ length: of }, (_, at) => at + 1).filter((number) => !counts.has(number))
  return {
    document: { ...headOf(last, used), hosts, summary: countOutcomes(hosts) },
    notes: [...leftOut(all, runs), ...strangers(newest, fleet), ...ofShards(runs, of, missing)],
    missing,
  }
}

const byBeginning = (a: RunDocument, b: RunDocument): number =>
  a.began === b.began ? (a.run < b.run ? -1 : 1) : a.began < b.began ? -1 : 1

/** One run may be given twice: what it was at its end counts. */
const byEnd = (a: RunDocument, b: RunDocument): number => Number(a.ended !== undefined) - Number(b.ended !== undefined)

/** By host. That a run did not start a host is no news of it; that one had changed it before is. */
function newestOf(runs: readonly RunDocument[]): ReadonlyMap<string, Newest> {
  const newest = new Map<string, Newest>()
  const changed = new Map<string, string>()
  for (const run of runs)
    for (const entry of run.hosts) {
      if (entry.outcome === 'skipped' && newest.has(entry.host)) continue
      const before = changed.get(entry.host)
      const warnings = [
        ...(entry.warnings ?? []),
        ...(before === undefined ? [] : [`changed before, by the run ${before}, which is merged here`]),
      ]
      newest.set(entry.host, { run, entry: warnings.length > 0 ? { ...entry, warnings } : entry })
      if (entry.outcome === 'changed') changed.set(entry.host, run.run)
    }
  return newest
}

function entryOf(host: string, found: Newest | undefined, of: number | undefined, counts: ReadonlyMap<number, number>): HostEntry {
  if (found) return found.entry
  const shard: Shard = { number: shardNumber(host, of ?? 1), of: of ?? 1 }
  const reason = counts.has(shard.number)
    ? `no run of its shard ${sayShard(shard)} names it: that controller has another inventory or other playbooks`
    : `no run of its shard ${sayShard(shard)} was given: nothing is known of it; run that shard again`
  return { host, outcome: 'failed', reason, changes: [], groups: [], resources: [] }
}

function headOf(last: RunDocument, used: readonly RunDocument[]): Omit<RunDocument, 'hosts' | 'summary'> {
  const runs = [...new Set(used)].toSorted(byBeginning)
  const ids = runs.map(({ run }) => run)
  const people = [...new Set(runs.map(({ by }) => by).filter(Boolean))]
  const ended = runs.every((run) => run.ended) && {
    ended: runs
      .map((run) => run.ended!)
      .toSorted()
      .at(-1)!,
  }
  return {
    format: 1,
    run: `${last.run.split('-')[0]}-${createHash('sha256').update(ids.join()).digest('hex').slice(0, 6)}`,
    command: last.command,
    began: runs[0]?.began ?? last.began,
    ...(ended || {}),
    by: people.length > 3 ? `${people.length} controllers` : people.join(', '),
    playbooks: [...new Set(runs.flatMap(({ playbooks }) => playbooks))],
    merged: ids,
  }
}

const countsOf = (runs: readonly RunDocument[]): ReadonlyMap<number, number> => {
  const counts = new Map<number, number>()
  for (const { shard } of runs) if (shard) counts.set(shard.number, (counts.get(shard.number) ?? 0) + 1)
  return counts
}

/** The newest run of each shard. */
const latest = (runs: readonly RunDocument[]): ReadonlyMap<number, RunDocument> =>
  new Map(runs.flatMap((run) => (run.shard ? [[run.shard.number, run] as const] : [])))

function leftOut(all: readonly RunDocument[], runs: readonly RunDocument[]): readonly string[] {
  const others = all.filter((run) => !runs.includes(run))
  if (others.length === 0) return []
  const kinds = [...new Set(others.map(({ command, shard }) => `${command}${shard ? ` in ${shard.of} shards` : ''}`))]
  return [`${plural(others.length, 'run')} left out, of another command or number of shards: ${kinds.join(', ')}`]
}

function strangers(newest: ReadonlyMap<string, Newest>, fleet: readonly string[] | undefined): readonly string[] {
  if (!fleet) return []
  const known = new Set(fleet)
  const others = [...newest.keys()].filter((host) => !known.has(host))
  const named = others.slice(0, 5).join(', ') + (others.length > 5 ? ' ...' : '')
  return others.length === 0 ? [] : [`${plural(others.length, 'host')} left out, which the newest run does not know any more: ${named}`]
}

const hour = 3_600_000

function ofShards(runs: readonly RunDocument[], of: number | undefined, missing: readonly number[]): readonly string[] {
  if (of === undefined) return []
  const ends = latest(runs)
  const newest = Math.max(...[...ends.values()].map(({ began }) => Date.parse(began)))
  const counts = countsOf(runs)
  const said = [...ends]
    .toSorted(([a], [b]) => a - b)
    .flatMap(([number, { run, began, ended }]) => {
      const count = counts.get(number)!
      const late = Math.floor((newest - Date.parse(began)) / hour)
      const facts = [
        ...(count > 1 ? [`${plural(count, 'run')}, the newest is ${run}`] : []),
        ...(ended === undefined ? [`${count > 1 ? 'it' : `its run ${run}`} has not ended`] : []),
        ...(late > 0 ? [`its newest run began ${late} h before that of another`] : []),
      ]
      return facts.length > 0 ? [`shard ${number}/${of}: ${facts.join('; ')}`] : []
    })
  const lost = missing.map((number) => `${number}/${of}`).join(', ')
  return [...said, ...(missing.length > 0 ? [`no run was given of shard ${lost}`] : [])]
}
