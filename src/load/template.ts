import { hole, unsaid } from './hole.js'
import { didYouMean } from './nearest.js'
import { isVaulted } from './vaulted.js'

/** What a template may name. `undefined` = there is no such name; a function stands for what is looked up by the next step. */
export interface Scope {
  readonly get: (name: string) => unknown
  readonly names: () => Iterable<string>
  /** Why a name that is known must not be filled in here, if so. */
  readonly withholds?: (name: string) => string | undefined
  /** Whether a value of a vault may be filled in: only where nobody is shown it. */
  readonly secrets?: boolean
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
const maxSteps = 200_000

/** Whether the text holds a template. */
export function hasTemplate(text: string): boolean {
  return /\{[{%#]/.test(text)
}

/** Fills in the templates of a value from YAML; a text that is one whole template takes the type of its variable. */
export function render(value: unknown, scope: Scope): Rendered {
  return attempt(scope, (filling) => fill(value, filling, 0))
}

/** Cuts a text into what was written and what was filled in, in order; or what is wrong. */
export function renderParts(text: string, scope: Scope): { readonly parts: readonly Part[] } | { readonly wrong: Wrong } {
  const result = attempt(scope, (filling) => cut(text, filling, 0))
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

/** What a function of a scope answers when there is no such thing. */
export interface Failure {
  readonly failure: string
}

interface Filling {
  readonly scope: Scope
  /** Values that may still be filled in: variables that double each other would go on for ever. */
  left: number
}

interface Thrown {
  readonly thrown: Wrong
}

/** Runs what may `fail`: that is the way out of the recursion, and it ends here. */
function attempt(scope: Scope, work: (filling: Filling) => unknown): Rendered {
  try {
    return { value: work({ scope, left: maxSteps }) }
  } catch (error) {
    if (isThrown(error)) return { wrong: error.thrown }
    throw error
  }
}

function fail(message: string, needle: string): never {
  throw { thrown: { message, needle } } satisfies Thrown
}

function isThrown(error: unknown): error is Thrown {
  return typeof error === 'object' && error !== null && 'thrown' in error
}

function fill(value: unknown, filling: Filling, depth: number): unknown {
  if (--filling.left < 0) fail(`variables fill in more than ${maxSteps} values`, '')
  if (typeof value === 'string') return fillText(value, filling, depth)
  if (value === hole) fail(unsaid, '')
  if (isVaulted(value)) return filling.scope.secrets ? value : fail('a value of a vault may stand in a password only', '')
  if (Array.isArray(value)) return value.map((item) => fill(item, filling, depth))
  if (typeof value !== 'object' || value === null) return value
  const filled: Record<string, unknown> = Object.create(null)
  for (const [key, item] of Object.entries(value)) filled[key] = fill(item, filling, depth)
  return filled
}

function fillText(text: string, filling: Filling, depth: number): unknown {
  if (!hasTemplate(text)) return text
  const parts = cut(text, filling, depth)
  const [only] = parts
  if (parts.length === 1 && only && 'value' in only) return only.value
  const whole = parts.map((part) => ('text' in part ? part.text : asText(part))).join('')
  if (whole.length > maxText) fail(`fills in to more than ${maxText} characters`, '')
  return whole
}

function asText({ needle, value }: { readonly needle: string; readonly value: unknown }): string {
  return textOf(value) ?? fail(`${needle} is ${value === null ? 'empty' : 'a mapping'}, which is no text`, needle)
}

function cut(text: string, filling: Filling, depth: number): readonly Part[] {
  if (depth > maxDepth) fail(`variables stand in each other more than ${maxDepth} deep`, '')
  const parts: Part[] = []
  let from = 0
  for (const found of text.matchAll(/\{(?:\{(.*?)\}\}|[{%#])/gs)) {
    const [needle, expression] = found
    if (expression === undefined) fail(needle === '{{' ? '{{ has no }}' : `${needle} is not known here: only {{ name }} is`, needle)
    if (found.index > from) parts.push({ text: text.slice(from, found.index) })
    parts.push({ needle, value: look(expression?.trim() ?? '', needle, filling, depth) })
    from = found.index + needle.length
  }
  if (from < text.length) parts.push({ text: text.slice(from) })
  return parts
}

function look(expression: string, needle: string, filling: Filling, depth: number): unknown {
  if (!/^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z0-9_][A-Za-z0-9_-]*)*$/.test(expression)) fail(notAName(expression), needle)
  const { scope } = filling
  const [name = '', ...steps] = expression.split('.')
  const withheld = scope.withholds?.(name)
  if (withheld !== undefined) fail(withheld, needle)
  const found = scope.get(name)
  if (found === undefined) fail(`unknown variable "${name}"${didYouMean(name, scope.names())}`, needle)
  let value = fillInside(found, name, needle, filling, depth)
  let way = name
  for (const step of steps) {
    const inside = inner(value, step, needle)
    if (inside === undefined) fail(`"${way}" has no "${step}"${didYouMean(step, keysOf(value))}`, needle)
    value = inside
    way += `.${step}`
  }
  if (typeof value === 'function') fail(`write ${way === 'groups' ? '{{ groups.NAME.addresses }}' : `{{ ${way}.addresses }}`}`, needle)
  return value
}

/** A mistake inside a variable is told at the text that uses it. */
function fillInside(value: unknown, name: string, needle: string, filling: Filling, depth: number): unknown {
  try {
    return fill(value, filling, depth + 1)
  } catch (error) {
    if (!isThrown(error)) throw error
    const inside = /, in the variable "[^"]*"$/.test(error.thrown.message) ? '' : `, in the variable "${name}"`
    return fail(`${error.thrown.message}${inside}`, needle)
  }
}

function notAName(expression: string): string {
  if (expression.includes('|')) return 'filters are not known here: only {{ name }} and {{ a.b }} are'
  return `${JSON.stringify(expression)} is not a name: only {{ name }} and {{ a.b }} are known here`
}

function inner(value: unknown, step: string, needle: string): unknown {
  if (typeof value === 'function') {
    const got: unknown = value(step)
    return isFailure(got) ? fail(got.failure, needle) : got
  }
  if (Array.isArray(value)) return /^[0-9]+$/.test(step) ? value[Number(step)] : undefined
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
  return (value as Readonly<Record<string, unknown>>)[step]
}

function isFailure(value: unknown): value is Failure {
  return typeof value === 'object' && value !== null && 'failure' in value
}

function keysOf(value: unknown): readonly string[] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : []
}
