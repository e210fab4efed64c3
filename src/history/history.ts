import type { HostResult } from '../shown.js'
import type { HostRecord } from '../types.js'
import type { HostEntry, RunHead } from './document.js'
import { beginJournal, type Journal } from './journal.js'
import { recall, remember } from './memory.js'
import { redact } from './redact.js'
import { prune, type Retention } from './runs.js'

/** What a host of a run is, beside what becomes of it. */
export interface Attendee {
  readonly host: string
  readonly groups: readonly string[]
  readonly resources: readonly string[]
}

export interface HistoryOptions {
  /** The state folder. */
  readonly state: string
  readonly keep: Retention
  /** Texts that are never written. */
  readonly secrets: readonly string[]
  /** Told one sentence when the folder cannot be written; the run goes on without it. */
  readonly say: (text: string) => void
}

/** The history of one run as it is written; nothing of it ever stops the run. */
export interface Recording {
  /** Writes down what became of a host, and remembers what it held: the run need not keep that. */
  done(result: HostResult): void
  end(results: readonly HostResult[], now: Date): void
  /** What was remembered of a host before this run. */
  recall(host: string): HostRecord | undefined
}

/** Begins to write a run down. */
export function startRecording(head: RunHead, attendees: readonly Attendee[], options: HistoryOptions): Recording {
  const { state, keep, secrets } = options
  const known = new Map(attendees.map((attendee) => [attendee.host, attendee]))
  let failed = false
  const attempt = <T>(write: () => T): T | undefined => {
    if (failed) return undefined
    try {
      return write()
    } catch (error) {
      failed = true
      options.say(`the history cannot be written to ${state}: ${(error as Error).message}; the run goes on without it`)
      return undefined
    }
  }
  const entry = (result: HostResult): HostEntry => redact(entryOf(result, known.get(result.host)), secrets)
  const journal: Journal | undefined = attempt(() => beginJournal(state, redact(head, secrets), attendees))
  const memorize = ({ host, record, held, wide }: HostResult): void => {
    const news = redact({ ...(record && { record }), ...(held && { held }), ...(wide && { wide }) }, secrets)
    if (record || held || wide) remember(state, { format: 1, host, groups: known.get(host)?.groups ?? [], ...news })
  }
  return {
    done: (result) =>
      attempt(() => {
        journal?.add(entry(result))
        memorize(result)
      }),
    end: (results, now) =>
      attempt(() => {
        journal?.end(results.map(entry), now.toISOString())
        prune(state, keep, now)
      }),
    recall: (host) => recall(state, host)?.record,
  }
}

function entryOf({ plan: _, record: __, held: ___, wide: ____, ...report }: HostResult, attendee: Attendee | undefined): HostEntry {
  return { ...report, groups: attendee?.groups ?? [], resources: attendee?.resources ?? [] }
}
