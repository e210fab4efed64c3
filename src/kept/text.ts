import { createHash } from 'node:crypto'
import { plan as validPlan } from '../generated/validators.js'
import { canonical } from './canonical.js'
import type { KeptPlan } from './plan.js'

/** The text of a plan's file: the plan and the digest over it. It shows damage; it is no signature. */
export const writeKept = (plan: KeptPlan): string => `${JSON.stringify({ ...plan, digest: digestOf(plan) }, null, 2)}\n`

/** Undefined for what is nested so deeply that the stack ends: nothing of ours is. */
function digestIfSane(plan: object): string | undefined {
  try {
    return digestOf(plan)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

const digestOf = (plan: object): string => `sha256:${createHash('sha256').update(canonical(plan)).digest('hex')}`

/** A plan read back, or one sentence why the file is refused whole. `now` is a time in milliseconds. */
export function readKept(text: string, tool: string, now: number): KeptPlan | string {
  const value = parse(text)
  if (!isRecord(value) || !('digest' in value)) return 'it is no kept plan of holdfast'
  if (value.format !== 1) return `its format is ${JSON.stringify(value.format)}, and only 1 is known here`
  const { digest, ...plan } = value
  if (digest !== digestIfSane(plan)) return 'it is damaged or was edited: its digest does not match'
  if (value.tool !== tool) return `holdfast ${String(value.tool)} made it and this is ${tool}; plan again`
  if (!validPlan(value)) return `it does not follow the schema: ${firstError()}`
  const kept = plan as unknown as KeptPlan
  // A key written twice, or blanks that a reader would not show, would make the file say more than was checked.
  if (text !== writeKept(kept)) return 'it is damaged or was edited: it is not as it was written'
  const names = new Set<string>()
  const twice = kept.hosts.find(({ host }) => names.size === names.add(host).size)
  if (twice !== undefined) return `it names ${JSON.stringify(twice.host)} twice`
  const astray = kept.hosts.find((host) => host.target.host !== host.host || ('want' in host && host.want.host !== host.host))
  if (astray !== undefined) return `what it says of ${JSON.stringify(astray.host)} is about another host`
  if (!(now < Date.parse(kept.validUntil))) return `it was valid until ${kept.validUntil}; plan again`
  return kept
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function firstError(): string {
  const error = (validPlan.errors ?? []).find(({ keyword }) => keyword !== 'oneOf' && keyword !== 'anyOf') ?? validPlan.errors?.[0]
  const what = error?.params.additionalProperty
  return `${error?.instancePath || 'the whole'} ${error?.message ?? 'is wrong'}${what === undefined ? '' : ` (${JSON.stringify(what)})`}`
}
