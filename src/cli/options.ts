import { InvalidArgumentError } from 'commander'
import { type BatchSize, readSerial } from '../fleet/batches.js'

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
  readonly forks: number
  readonly serial: readonly BatchSize[]
  readonly maxFailPercentage?: number
  readonly check: boolean
  readonly diff: boolean
  readonly become: boolean
  readonly prune: boolean
  readonly script: boolean
  readonly out?: string
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

/** Sizes of batches: `5`, `20%`, `1,10%,50%`. */
export function batchSizes(text: string): readonly BatchSize[] {
  const sizes = readSerial(text)
  if (typeof sizes === 'string') throw new InvalidArgumentError(`It must be like 5, 20% or 1,10%,50%.`)
  return sizes
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
