import type { Shard } from '../shard.js'
import type { Prediction } from '../shown.js'
import type { HostRecord, HostReport, RunReport } from '../types.js'

/** What the history keeps of one host of one run: its report, and what the reports group by. */
export interface HostEntry extends HostReport {
  readonly groups: readonly string[]
  /** What was asked of it: `sysctl`, `iptables`. */
  readonly resources: readonly string[]
  /** The product's version at the last settled run, where it was another. */
  readonly previousVersion?: string
  /** Of a run with --predict-upgrade. */
  readonly predictions?: readonly Prediction[]
}

/** How a run began. */
export interface RunHead {
  readonly format: 1
  readonly run: string
  readonly command: string
  /** `watch`: begun by the schedule; absent: by a person. */
  readonly trigger?: 'watch'
  /** ISO time. */
  readonly began: string
  /** Who ran it where: `kim@jump1`. */
  readonly by: string
  readonly playbooks: readonly string[]
  /** Of a shard of the fleet; with the names of all hosts of all shards, in the inventory's order. */
  readonly shard?: Shard & { readonly fleet?: readonly string[] }
  /** The runs that it was merged from. */
  readonly merged?: readonly string[]
}

/** One run as `runs/RUN.json` holds it. */
export interface RunDocument extends RunHead, RunReport {
  /** ISO time; absent: the controller died before the run's end. */
  readonly ended?: string
  readonly hosts: readonly HostEntry[]
}

/** What the controller remembers of a host, `hosts/HOST.json`: used where the host itself has forgotten. Memory, never the truth. */
export interface HostMemory {
  readonly format: 1
  readonly host: string
  readonly groups: readonly string[]
  readonly record?: HostRecord
  /** What its newest look read beside what it was asked for. */
  readonly held?: Readonly<Record<string, string>>
  /** What its newest look with --wide read: see wide.ts. */
  readonly wide?: Readonly<Record<string, string | null>>
}

/** A run's document, or undefined where the text is none: cut short, edited, of another format. */
export function readDocument(text: string): RunDocument | undefined {
  const value = readJson(text) as RunDocument | undefined
  if (value?.format !== 1 || typeof value.run !== 'string' || typeof value.began !== 'string' || !Array.isArray(value.hosts))
    return undefined
  return value.hosts.every((host) => typeof host?.host === 'string' && Array.isArray(host.changes) && Array.isArray(host.groups))
    ? value
    : undefined
}

/** The value of a JSON text; undefined where it is none. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text) ?? undefined
  } catch {
    return undefined
  }
}
