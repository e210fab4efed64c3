import { InvalidArgumentError } from 'commander'
import { autoShard } from '../fleet/auto-shard.js'
import { type BatchSize, readSerial } from '../fleet/batches.js'
import { readDuration, readMoment } from '../kept/expiry.js'
import { readShard, type Shard } from '../shard.js'
import type { Cause } from '../types.js'

/** The command line as it was understood. Times are in seconds. */
export interface Options {
  readonly inventory?: readonly string[]
  readonly limit?: string
  readonly tags?: readonly string[]
  readonly extraVars: Readonly<Record<string, string>>
  readonly verbose: boolean
  readonly json: boolean
}

/** Options of the commands that go to hosts. */
export interface FleetOptions extends Options {
  /** Only the hosts of this shard. */
  readonly shard?: Shard
  readonly forks: number
  readonly serial: readonly BatchSize[]
  readonly maxFailPercentage?: number
  readonly check: boolean
  readonly diff: boolean
  readonly become: boolean
  readonly askBecomePass?: boolean
  readonly askPass?: boolean
  readonly becomePasswordFile?: string
  readonly connectionPasswordFile?: string
  readonly prune: boolean
  readonly script: boolean
  readonly out?: string
  /** Milliseconds since the epoch; and milliseconds from now. */
  readonly validUntil?: number
  readonly validFor?: number
  /** A key to sign the kept plan with, and the file of those whose signature an applied one needs. */
  readonly sign?: string
  readonly allowedSigners?: string
  /** A kept plan waits for the change windows of its hosts. */
  readonly atWindow?: boolean
  readonly knownHosts?: string
  readonly acceptNewHostKeys: boolean
  readonly confirmTimeout: number
  readonly lockTimeout: number
  readonly connectTimeout: number
  /** The state folder; .holdfast beside the inventory where it is not said. */
  readonly state?: string
  readonly keepRuns: number
  readonly keepDays: number
  /** Hours. */
  readonly contestedWithin: number
  /** Who is told of drift, failures, rollbacks and contested things. */
  readonly notifyWebhook?: readonly string[]
  readonly notifySlack?: readonly string[]
  readonly notifyCommand?: readonly string[]
  /** Only differences of these causes. */
  readonly cause?: readonly Cause[]
  readonly predictUpgrade?: boolean
  /** Measure and print where the time went. */
  readonly timing?: boolean
  /** Looks read more than they are asked for, to compare peers by. */
  readonly wide?: boolean
}

/** Options of `rollback`. */
export interface RollbackOptions extends FleetOptions {
  readonly run?: string
  readonly list: boolean
}

/** Options of `adopt`. */
export interface AdoptOptions extends FleetOptions {
  /** Built-in chains are taken as a whole. */
  readonly exact: boolean
}

/** Options of `watch`; spans in milliseconds. */
export interface WatchOptions extends FleetOptions {
  readonly every?: number
  readonly cron?: string
  readonly tz?: string
  readonly jitter?: number
  readonly once: boolean
  readonly printSystemd: boolean
  /** `127.0.0.1:9477`. */
  readonly listen?: string
}

/** The forms of a report. */
export const formats = ['html', 'json', 'junit', 'markdown', 'metrics', 'prometheus'] as const

/** The form that is asked for: a page unless said. */
export function formOf({ format, json }: Pick<ReportOptions, 'format' | 'json'>): (typeof formats)[number] {
  if (json && format !== undefined && format !== 'json') throw new Mistake(`--json and --format ${format} are two forms: say one`)
  return json ? 'json' : (format ?? 'html')
}

/** Options of `report`. */
export interface ReportOptions {
  readonly inventory?: readonly string[]
  readonly state?: string
  readonly format?: (typeof formats)[number]
  /** The same as the form `json`. */
  readonly json?: boolean
  readonly run?: string
  /** At most this many of the newest runs. */
  readonly last?: number
  /** Hosts that differ from their peers, instead of runs. */
  readonly outliers?: boolean
  /** In what looks with --wide read. */
  readonly wide?: boolean
  readonly out?: string
}

/** Options of `report merge`. */
export interface MergeOptions {
  readonly format?: (typeof formats)[number]
  /** The same as the form `json`. */
  readonly json?: boolean
  readonly out?: string
  /** Milliseconds: only runs that began within them. */
  readonly since?: number
}

/** Options of `diagnose`. */
export interface DiagnoseOptions extends FleetOptions {
  /** Seconds between two looks. */
  readonly watch?: number
}

/** A mistake in the command line or in naming a file, as one sentence: exit 1. */
export class Mistake extends Error {}

/** A whole number of at least `least`. */
export const wholeNumber =
  (least: number) =>
  (text: string): number => {
    if (!/^\d{1,9}$/.test(text) || Number(text) < least) throw new InvalidArgumentError(`It must be a whole number, ${least} or more.`)
    return Number(text)
  }

/** A percentage, 0 to 100; the sign may be left out. */
export function percentage(text: string): number {
  if (!/^\d{1,3}(\.\d+)?%?$/.test(text) || Number.parseFloat(text) > 100)
    throw new InvalidArgumentError('It must be a percentage, 0 to 100.')
  return Number.parseFloat(text)
}

/** What a difference may come from. */
export const causes: readonly Cause[] = ['new', 'intent', 'drift', 'upgrade', 'contested']

/** Causes as a comma list: `upgrade,drift`. */
export function causeList(text: string): readonly Cause[] {
  const named = text.split(',').map((word) => word.trim() as Cause)
  if (!named.every((cause) => causes.includes(cause))) throw new InvalidArgumentError(`It must be of ${causes.join(', ')}.`)
  return named
}

/** `3/8`, or `auto`: as the environment of a parallel job says. */
export function shardOf(text: string): Shard {
  const shard = text === 'auto' ? autoShard(process.env) : readShard(text)
  if (typeof shard !== 'string') return shard
  throw text === 'auto' ? new Mistake(`--shard auto: ${shard}`) : new Mistake(`--shard ${text} is no shard: ${shard}`)
}

/** Sizes of batches: `5`, `20%`, `1,10%,50%`. */
export function batchSizes(text: string): readonly BatchSize[] {
  const sizes = readSerial(text)
  if (typeof sizes === 'string') throw new InvalidArgumentError(`It must be like 5, 20% or 1,10%,50%.`)
  return sizes
}

/** A span as `90m`, `4h`, `2d`, in milliseconds. */
export function duration(text: string): number {
  const span = readDuration(text)
  if (span === undefined) throw new InvalidArgumentError('It must be like 90m, 4h or 2d.')
  return span
}

/** A span of at least a second, as `90s`, `15m`, `1h`, in milliseconds. */
export function span(text: string): number {
  const seconds = /^([1-9]\d{0,5})s$/.exec(text)?.[1]
  const span = seconds === undefined ? readDuration(text) : Number(seconds) * 1000
  if (span === undefined) throw new InvalidArgumentError('It must be like 90s, 15m, 4h or 2d.')
  return span
}

/** A moment in ISO 8601 with its zone, in milliseconds since the epoch. */
export function moment(text: string): number {
  const time = readMoment(text)
  if (time === undefined) throw new InvalidArgumentError('It must be a moment with its zone, like 2026-01-12T06:00:00Z.')
  return time
}

/** A repeatable option's values in order. */
export const collect = (text: string, before: readonly string[] = []): readonly string[] => [...before, text]

/** A repeatable option's comma lists as one. */
export const collectList = (text: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  ...text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean),
]

/** `key=value` added to those before; the value is text, as Ansible's is. */
export function extraVar(text: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const found = /^([A-Za-z_]\w*)=(.*)$/s.exec(text)
  if (!found) throw new InvalidArgumentError('It must be key=value.')
  return { ...before, [found[1]!]: found[2]! }
}
