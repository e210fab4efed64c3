import { inventory, plan, playbook, profile, type SchemaError } from '../generated/validators.js'
import type { Problem } from '../types.js'
import type { Document, Path } from './document.js'
import { hole } from './hole.js'
import { didYouMean, nearest } from './nearest.js'

/** The schemas that files are checked against. */
export type Kind = 'inventory' | 'playbook' | 'profile' | 'plan'

const validators = { inventory, playbook, profile, plan }

/** A problem that the schema has, and the way to the part that it spoils. */
export interface Fault {
  readonly problem: Problem
  readonly path: Path
}

/** All that the schema has against a document, in people's words, sorted by position; nothing for a document that could not be read. */
export function check(kind: Kind, document: Document): readonly Problem[] {
  return sortProblems(faultsOf(kind, document).map(({ problem }) => problem))
}

/** As `check`, each with its place. Nothing is said of holes, nor of a key that is missing beside one that was meant to be it. */
export function faultsOf(kind: Kind, document: Document): readonly Fault[] {
  const validate = validators[kind]
  if (validate(document.value)) return []
  const errors = (validate.errors ?? []).map((error) => ({ ...error, at: pathOf(error.instancePath, document.value) }))
  const sound = errors.filter((error) => !followsFromHole(error, document.value))
  const lost = errors.filter((error) => !sound.includes(error))
  return withoutNoise(sound.filter((error) => !isSpoiltChoice(error, errors, lost)))
    .filter((error, _, all) => !isSlip(error, all))
    .map((error) => toFault(error, document))
}

type Located = SchemaError & { readonly at: Path }

function followsFromHole({ at, keyword, params }: Located, root: unknown): boolean {
  const value = valueAt(root, at)
  if (value === hole) return true
  const child = keyword === 'additionalProperties' ? String(params.additionalProperty) : ''
  // A key that could not be read stands as '' in its mapping: it may have been the one that is missing.
  return typeof value === 'object' && value !== null && Object.hasOwn(value, '') && (child === '' || keyword === 'required')
}

/** A choice whose meant branch fails by a hole inside it: that the value fits no other branch says nothing. */
function isSpoiltChoice({ keyword, instancePath }: Located, all: readonly Located[], lost: readonly Located[]): boolean {
  if (keyword !== 'type' && keyword !== 'anyOf') return false
  const isChoice = all.some((other) => other.keyword === 'anyOf' && other.instancePath === instancePath)
  return isChoice && lost.some((other) => other.instancePath.startsWith(`${instancePath}/`))
}

/** `host: web` is one mistake: the unknown key, not the missing one too. */
function isSlip({ keyword, params, instancePath }: Located, all: readonly Located[]): boolean {
  if (keyword !== 'required') return false
  const missing = String(params.missingProperty)
  return all.some(
    (other) =>
      other.keyword === 'additionalProperties' &&
      other.instancePath === instancePath &&
      nearest(String(other.params.additionalProperty), Object.keys(Object(other.parentSchema?.properties))) === missing,
  )
}

/** Sorted by file in order of first mention, then by position; equal ones told once. */
export function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  const order = new Map([...new Set(problems.map((problem) => problem.file))].map((file, at) => [file, at]))
  const unique = new Map(problems.map((problem) => [`${problem.file}:${problem.line}:${problem.column} ${problem.message}`, problem]))
  return [...unique.values()].sort((a, b) => (order.get(a.file) ?? 0) - (order.get(b.file) ?? 0) || a.line - b.line || a.column - b.column)
}

/** Of a choice that failed: what is wrong inside the branch that was meant, or one sentence with the types of all branches. */
function withoutNoise(errors: readonly Located[]): readonly Located[] {
  const choices = new Set(errors.filter((error) => error.keyword === 'anyOf').map((error) => error.instancePath))
  const meant = (path: string) =>
    errors.some(
      (error) =>
        error.keyword !== 'anyOf' && error.instancePath.startsWith(path) && (error.instancePath !== path || error.keyword !== 'type'),
    )
  const kept: Located[] = []
  for (const error of errors) {
    if (error.keyword === 'anyOf') continue
    if (error.keyword !== 'type' || !choices.has(error.instancePath)) kept.push(error)
    else if (!meant(error.instancePath)) mergeType(kept, error)
  }
  return kept
}

function mergeType(kept: Located[], error: Located): void {
  const at = kept.findIndex((each) => each.keyword === 'type' && each.instancePath === error.instancePath)
  const same = kept[at]
  if (!same) kept.push(error)
  else kept[at] = { ...same, params: { type: [...new Set([same.params.type, error.params.type].flat())] } }
}

function toFault(error: Located, document: Document): Fault {
  const path = error.at
  const [message, child] = words(error, valueAt(document.value, path))
  if (child === undefined) return { problem: document.problem(path, message), path }
  return { problem: document.problem([...path, child], message, { at: 'key' }), path: [...path, child] }
}

function pathOf(pointer: string, root: unknown): Path {
  const path: (string | number)[] = []
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    path.push(Array.isArray(valueAt(root, path)) ? Number(name) : name)
  }
  return path
}

/** The value at a path of a document's value; undefined: there is none. */
export function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      value === null || typeof value !== 'object' || !Object.hasOwn(value, step)
        ? undefined
        : (value as Record<string | number, unknown>)[step],
    root,
  )
}

/** The sentence, and the child key that it is about. */
function words({ keyword, params, parentSchema, message }: SchemaError, value: unknown): readonly [string, string?] {
  const is = ` (is ${spell(value)})`
  const hint = typeof parentSchema?.$comment === 'string' ? `: ${parentSchema.$comment}` : ''
  switch (keyword) {
    case 'additionalProperties': {
      const key = String(params.additionalProperty)
      return [
        `unknown key "${key}"${(Object.hasOwn(misplaced, key) && misplaced[key]) || didYouMean(key, Object.keys(Object(parentSchema?.properties)))}`,
        key,
      ]
    }
    case 'required':
      return [`"${params.missingProperty}" is missing`]
    case 'type':
      return [`must be ${[params.type].flat().map(kindOf).join(' or ')}${is}${hint}`]
    case 'enum':
      return [`must be ${[params.allowedValues].flat().map(spell).join(' or ')}${is}`]
    case 'minimum':
    case 'maximum':
      return [`must be ${params.comparison} ${params.limit}${is}`]
    case 'pattern':
      return [`${spell(value)} cannot stand here${hint}`]
    case 'minLength':
    case 'minItems':
    case 'minProperties':
      return ['must not be empty']
    default:
      return [`${message ?? keyword}${is}`]
  }
}

/** Ansible's names for what has another place here. */
const misplaced: Readonly<Record<string, string>> = {
  ip_version: ': write family: beside rule:',
  rule_num: ': write place:, after: or before:',
  action: ': write place: first, after: or before: for a place',
  insertion: ': write place: first, after: or before: for a place',
  set_counters: ': counters are never set',
  wait: ': the lock is always waited for',
  tasks: ': a play here says what hosts hold (sysctl:, iptables:), it has no tasks',
  roles: ': a play here says what hosts hold (sysctl:, iptables:), it has no roles',
  become: ': write ansible_become in the inventory, or --become',
}

function kindOf(type: unknown): string {
  const names: Readonly<Record<string, string>> = {
    object: 'a mapping',
    array: 'a list',
    string: 'text',
    integer: 'a whole number',
    number: 'a number',
    boolean: 'true or false',
    null: 'empty',
  }
  return names[String(type)] ?? String(type)
}

function spell(value: unknown): string {
  if (value === null || value === undefined) return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}
