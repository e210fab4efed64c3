import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

/** The rows of a file of hostile input. */
export const rowsOf = <Rows>(name: string): Rows =>
  parse(readFileSync(new URL(`../fixtures/hostile/${name}`, import.meta.url), 'utf8')) as Rows

export type Way = readonly (string | number)[]

/** Every way into a value, the value's own among them. */
export function waysInto(value: unknown, way: Way = []): readonly Way[] {
  if (typeof value !== 'object' || value === null) return [way]
  return [way, ...Object.entries(value).flatMap(([key, item]) => waysInto(item, [...way, Array.isArray(value) ? Number(key) : key]))]
}

/** A copy with another value at the end of a way. */
export function replaced(value: unknown, [step, ...rest]: Way, by: unknown): unknown {
  if (step === undefined) return by
  if (Array.isArray(value)) return value.map((item, at) => (at === step ? replaced(item, rest, by) : item))
  return Object.fromEntries(Object.entries(value as object).map(([key, item]) => [key, key === step ? replaced(item, rest, by) : item]))
}

type Schema = { readonly [key: string]: unknown }
const schemas = new Map<string, Schema>()

function load(file: string): Schema {
  const known = schemas.get(file) ?? (JSON.parse(readFileSync(new URL(`../../schemas/${file}`, import.meta.url), 'utf8')) as Schema)
  schemas.set(file, known)
  return known
}

interface Spot {
  readonly schema: Schema
  readonly file: string
}

/** The types that a schema takes at a way; undefined: any. */
export function typesAt(kind: string, way: Way): ReadonlySet<string> | undefined {
  const start: Spot = { schema: load(`${kind}.schema.json`), file: `${kind}.schema.json` }
  const spots = way.reduce<readonly Spot[]>((here, step) => here.flatMap((spot) => inside(spot, step)), alternatives(start))
  const types = spots.map(({ schema }) => (schema.enum ? (schema.enum as unknown[]).map(kindOf) : schema.type))
  return types.length === 0 || types.includes(undefined) ? undefined : new Set(types.flat().map(String))
}

function alternatives(spot: Spot): readonly Spot[] {
  const { $ref, anyOf } = spot.schema
  if (typeof $ref === 'string') {
    const [file = '', pointer = ''] = $ref.split('#')
    const root = load(file || spot.file)
    const steps = pointer.split('/').slice(1)
    const found = steps.reduce<unknown>((here, step) => (here as Schema)[step], root) as Schema
    return alternatives({ schema: found, file: file || spot.file })
  }
  return Array.isArray(anyOf) ? anyOf.flatMap((each: Schema) => alternatives({ ...spot, schema: each })) : [spot]
}

function inside({ schema, file }: Spot, step: string | number): readonly Spot[] {
  const {
    properties = {},
    items,
    additionalProperties,
  } = schema as { properties?: Schema; items?: unknown; additionalProperties?: unknown }
  const next = typeof step === 'number' ? items : (properties[step] ?? additionalProperties)
  return typeof next === 'object' && next !== null ? alternatives({ schema: next as Schema, file }) : []
}

/** The type of a value in a schema's words; a whole number counts as integer. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}
