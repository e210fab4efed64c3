import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { HostReport, RunReport } from '../types.js'
import { type HostEntry, type RunDocument, readDocument, readJson } from './document.js'
import { readPart } from './journal.js'
import { readText } from './state.js'

/** The runs in a file or below a folder: documents of the history, journals of runs that have not ended, what `--json` printed; undefined where the path cannot be read. */
export function givenRuns(path: string): readonly RunDocument[] | undefined {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (!stats?.isDirectory()) {
    const text = readText(path)
    return text === undefined ? undefined : runsIn(text)
  }
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(json|part)$/.test(name))
  return names.toSorted().flatMap((name) => runsIn(readText(join(path, name)) ?? ''))
}

/** A file is at times not there yet, or not whole: it then holds no run. */
function runsIn(text: string): readonly RunDocument[] {
  const found = readDocument(text) ?? readPart(text)?.document ?? ofReport(readJson(text))
  return found ? [found] : []
}

/** A run as `--json` prints it; the history holds more of it. */
function ofReport(value: unknown): RunDocument | undefined {
  const report = value as (RunReport & Pick<RunDocument, 'shard'>) | undefined
  const time = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-/.exec(String(report?.run))
  if (!report || !time || typeof report.command !== 'string' || !Array.isArray(report.hosts) || 'format' in report) return undefined
  if (!report.hosts.every((host) => typeof host?.host === 'string' && typeof host.outcome === 'string' && Array.isArray(host.changes)))
    return undefined
  const [, year, month, day, hours, minutes, seconds] = time
  const began = `${year}-${month}-${day}T${hours}:${minutes}:${seconds}.000Z`
  const hosts = report.hosts.map(entryOf)
  return { ...report, format: 1, began, ended: began, by: '', playbooks: [], hosts }
}

const entryOf = (host: HostReport): HostEntry => ({
  ...host,
  groups: [],
  resources: [...new Set(host.changes.map(({ resource }) => resource))],
})
