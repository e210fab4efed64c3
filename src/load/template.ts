import { didYouMean } from './nearest.js'

/** What a template may name: variables, and what is known of the groups. `undefined` = there is no such name. */
export interface Scope {
  readonly get: (name: string) => unknown
  readonly names: () => Iterable<string>
}

/** What is wrong with a template, and the text that it is about. */
export interface Wrong {
  readonly message: string
  readonly needle: string
}

/** A value with all its templates filled in, or what is wrong. */
export type Rendered = { readonly value: unknown } | { readonly wrong: Wrong }

/** Text parted into what stands there and what was filled in. */
export type Part = { readonly text: string } | { readonly needle: string; readonly value: unknown }

const maxDepth = 20
const maxText = 200_000

/** Whether the text holds a template. */
export function hasTemplate(text: string): boolean {
  return text.includes('{{') || text.includes('{%') || text.includes('{#')
}

/** Fills in the templates of a value from YAML; a text that is one whole template takes the type of its variable. */
export function render(value: unknown, scope: Scope): Rendered {
  return attempt(() => fill(value, scope, 0))
}

/** Cuts a text into what was written and what was filled in, in order; or what is wrong. */
export function renderParts(text: string, scope: Scope): { readonly parts: readonly Part[] } | { readonly wrong: Wrong } {
  const result = attempt(() => cut(text, scope, 0))
  return 'wrong' in result ? result : { parts: result.value as readonly Part[] }
}

/** A filled-in value as text: a list becomes `a,b`; undefined: a mapping or nothing has no text. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (!Array.isArray(value)) return undefined
  const texts = value.map((item) => (Array.isArray(item) ? undefined : textOf(item)))
  return texts.includes(undefined) ? undefined : texts.join(',')
}

interface Failure {
  readonly failure: Wrong
}

/** Runs what may fail by `fail`, the one exception that is used as a way out of the recursion here. */
function attempt(work: () => unknown): Rendered {
  try {
    return { value: work() }
  } catch (error) {
    if (isFailure(error)) return { wrong: error.failure }
    throw error
  }
}

function fail(message: string, needle: string): never {
  throw { failure: { message, needle } } satisfies Failure
}

function isFailure(error: unknown): error is Failure {
  return typeof error === 'object' && error !== null && 'failure' in error
}

function fill(value: unknown, scope: Scope, depth: number): unknown {
  if (typeof value === 'string') return fillText(value, scope, depth)
  if (Array.isArray(value)) return value.map((item) => fill(item, scope, depth))
  if (typeof value !== 'object' || value === null) return value
  return Object.assign(Object.create(null), Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, scope, depth)])))
}

function fillText(text: string, scope: Scope, depth: number): unknown {
  if (!hasTemplate(text)) return text
  const parts = cut(text, scope, depth)
  const [only] = parts
  if (parts.length === 1 && only && 'value' in only) return only.value
  const whole = parts.map((part) => ('text' in part ? part.text : asText(part))).join('')
  if (whole.length > maxText) fail(`fills in to more than ${maxText} characters`, text)
  return whole
}

function asText({ needle, value }: { readonly needle: string; readonly value: unknown }): string {
  return textOf(value) ?? fail(`${needle} is ${value === null ? 'empty' : 'a mapping'}, which is no text`, needle)
}

function cut(text: string, scope: Scope, depth: number): readonly Part[] {
  if (depth > maxDepth) fail(`variables stand in each other more than ${maxDepth} deep`, text)
  const parts: Part[] = []
  let rest = text
  for (let at = rest.search(/\{[{%#]/); at >= 0; at = rest.search(/\{[{%#]/)) {
    if (rest[at + 1] !== '{') fail(`${rest.slice(at, at + 2)} is not known here: only {{ name }} is`, rest.slice(at, at + 2))
    const end = rest.indexOf('}}', at)
    if (end < 0) fail('{{ has no }}', rest.slice(at, at + 20))
    if (at > 0) parts.push({ text: rest.slice(0, at) })
    const needle = rest.slice(at, end + 2)
    parts.push({ needle, value: look(needle, scope, depth) })
    rest = rest.slice(end + 2)
  }
  if (rest !== '') parts.push({ text: rest })
  return parts
}

function look(needle: string, scope: Scope, depth: number): unknown {
  const expression = needle.slice(2, -2).trim()
  if (!/^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z0-9_][A-Za-z0-9_-]*)*$/.test(expression)) fail(notAName(expression), needle)
  const [name = '', ...steps] = expression.split('.')
  const found = scope.get(name)
  if (found === undefined) fail(`unknown variable "${name}"${didYouMean(name, scope.names())}`, needle)
  let value = fill(found, scope, depth + 1)
  let way = name
  for (const step of steps) {
    const inside = inner(value, step, scope, needle)
    if (inside === undefined) fail(`"${way}" has no "${step}"${didYouMean(step, keysOf(value))}`, needle)
    way += `.${step}`
    value = fill(inside, scope, depth + 1)
  }
  if (typeof value === 'function') fail(`write {{ ${way}.NAME.addresses }}`, needle)
  return value
}

function notAName(expression: string): string {
  if (expression.includes('|')) return 'filters are not known here: only {{ name }} and {{ a.b }} are'
  return `${JSON.stringify(expression)} is not a name: only {{ name }} and {{ a.b }} are known here`
}

function inner(value: unknown, step: string, scope: Scope, needle: string): unknown {
  void scope
  if (typeof value === 'function') {
    const got: unknown = value(step)
    return isFailure(got) ? fail(got.failure.message, needle) : got
  }
  if (Array.isArray(value)) return /^[0-9]+$/.test(step) ? value[Number(step)] : undefined
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
  return (value as Record<string, unknown>)[step]
}

function keysOf(value: unknown): readonly string[] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : []
}
