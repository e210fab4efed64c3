import type { Document, Path } from './document.js'

/** A variable's value and where it was written. */
export interface Variable {
  readonly value: unknown
  readonly document: Document
  readonly path: Path
}

export type Vars = ReadonlyMap<string, Variable>

/** The entries of a mapping at `path` of a document as variables; anything else holds none. */
export function variablesOf(document: Document, mapping: unknown, path: Path): Vars {
  if (!isMapping(mapping)) return new Map()
  return new Map(Object.keys(mapping).map((name) => [name, { value: mapping[name], document, path: [...path, name] }]))
}

/** All variables, the later ones winning, as Ansible's hash_behaviour `replace`. */
export function mergeVars(all: Iterable<Vars>): Vars {
  const merged = new Map<string, Variable>()
  for (const vars of all) for (const [name, variable] of vars) merged.set(name, variable)
  return merged
}

/** Whether a YAML value is a mapping. */
export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
