import { hole } from '../load/hole.js'
import { hasTemplate, textOf } from '../load/template.js'
import { isVaulted } from '../load/vaulted.js'
import type { Said } from './inventoried.js'
import { attempt, refuse, refuseTogether } from './left.js'
import { cut, listFilter, madeList } from './lists.js'
import { truth } from './truth.js'

/** Variables as they stand for one task of a playbook, those of the inventory not among them: their names are kept. */
export interface Env {
  /** Values that are written out where their names stand: the item of a loop, variables of tasks, blocks and roles. */
  readonly inner: Readonly<Record<string, unknown>>
  /** Variables of the play, which the turned play has too: their names are kept. */
  readonly play: Readonly<Record<string, unknown>>
  /** Names that get their values while Ansible runs, and how. */
  readonly moving: ReadonlyMap<string, string>
  /** What the task's role has for a name that nobody sets; the inventory may set it. */
  readonly defaults: Readonly<Record<string, unknown>>
  /** Those of them that the turned play has under the same names. */
  readonly shared: Readonly<Record<string, unknown>>
  /** What the inventory says of a name for the hosts of the task. */
  readonly said: (name: string) => Said
  /** Hears which value was written out, and whose it is. */
  readonly taken: (name: string, of: 'inventory' | 'default') => void
}

/** Stands among the moving names for all that a file may set which only a run of Ansible reads. */
export const anyName = '*'

/** Whether the names of variables may be kept, for holdfast to fill in, or have to be known now. */
export type Mode = 'keep' | 'know'

/** Stands for a parameter that is as if it were not written: `default(omit)`. */
export const omitted = Symbol('omit')

const maxDepth = 20
const tooDeep = `variables stand in each other more than ${maxDepth} deep`

/** A value with what is known filled in; what only the inventory knows is kept as `{{ name }}`, or refused. */
export function fill(value: unknown, env: Env, mode: Mode = 'keep', depth = 0): unknown {
  if (value === hole) refuse('a part of it cannot be read')
  if (isVaulted(value)) refuse('a value of a vault would be written out in clear')
  if (typeof value === 'string') return fillText(value, env, mode, depth)
  if (Array.isArray(value)) return value.map((item) => fill(item, env, mode, depth)).filter((item) => item !== omitted)
  if (typeof value !== 'object' || value === null) return value
  const filled = Object.entries(value).map(([key, item]) => [key, fill(item, env, mode, depth)] as const)
  return Object.fromEntries(filled.filter(([, item]) => item !== omitted))
}

function fillText(text: string, env: Env, mode: Mode, depth: number): unknown {
  if (depth > maxDepth) refuse(tooDeep)
  if (!hasTemplate(text)) return text
  let whole = ''
  let from = 0
  for (const found of text.matchAll(/\{(?:\{(.*?)\}\}|[{%#])/gs)) {
    const [needle, expression] = found
    if (expression === undefined) refuse(`${needle} is not known here: only {{ name }} is`, needle)
    const answer = evaluate(expression.trim(), needle, env, mode, depth)
    if (needle.length === text.trim().length) return 'kept' in answer ? `{{ ${answer.kept} }}` : answer.value
    whole += text.slice(from, found.index) + ('kept' in answer ? `{{ ${answer.kept} }}` : spell(answer.value, needle))
    from = found.index + needle.length
  }
  return whole + text.slice(from)
}

function spell(value: unknown, needle: string): string {
  // Jinja writes True; no option of iptables or sysctl means that.
  const text = typeof value === 'boolean' || Array.isArray(value) ? undefined : textOf(value)
  return text ?? refuse(`${needle} is no text in the middle of one`, needle)
}

type Answer = { readonly value: unknown } | { readonly kept: string }

function evaluate(expression: string, needle: string, env: Env, mode: Mode, depth: number): Answer {
  if (depth > maxDepth) refuse(tooDeep)
  const [head = '', ...filters] = cut(expression, '|')
  const work = (text: string): unknown => {
    const answer = evaluate(text, needle, env, 'know', depth + 1)
    return 'kept' in answer || answer.value === undefined || answer.value === omitted
      ? refuse(`${needle}: ${text} is not known here`, needle)
      : answer.value
  }
  const literal = /^(?:'([^'\\]*)'|"([^"\\]*)"|(-?\d+))$/.exec(head)
  if (literal) return { value: filtered(literal[1] ?? literal[2] ?? Number(literal[3]), filters, needle, work) }
  if (head === 'omit') return { value: omitted }
  const made = steps(head) ? undefined : madeList(head, work)
  if (made) return { value: filtered(made.value, filters, needle, work) }
  const path =
    steps(head) ??
    refuse(`${needle}: only {{ name }}, {{ a.b }} and the filters default, int, bool, string, trim and join are known here`, needle)
  const known = lookUp(path, needle, env, filters.length > 0 ? 'know' : mode, depth, filters.some(isDefault))
  return 'kept' in known ? known : { value: filtered(known.value, filters, needle, work) }
}

/** `a.b['c'][0]` as its names; undefined: it is no such path. */
export function steps(text: string): readonly string[] | undefined {
  if (!/^[A-Za-z_]\w*(?:\.\w+|\[(?:'[\w.-]+'|"[\w.-]+"|\d+)\])*$/.test(text)) return undefined
  const found = text.matchAll(/(?:^|\.)(\w+)|\[(?:'([^']*)'|"([^"]*)"|(\d+))\]/g)
  return [...found].map(([, name, single, double, number]) => name ?? single ?? double ?? number ?? '')
}

function lookUp(path: readonly string[], needle: string, env: Env, mode: Mode, depth: number, mayLack: boolean): Answer {
  const [name = '', ...rest] = path
  if (Object.hasOwn(env.inner, name)) return inside(env.inner[name], rest, needle, env, mode, depth, mayLack)
  const how = env.moving.get(name) ?? (Object.hasOwn(env.play, name) ? undefined : atRun(name, path))
  if (how !== undefined) refuse(`${needle}: ${name} ${how}`, needle)
  const own = Object.hasOwn(env.play, name)
  if (mode === 'know') {
    if (own) return inside(env.play[name], rest, needle, env, mode, depth, mayLack)
    return ofInventory(name, rest, needle, env, depth, mayLack)
  }
  if (rest.some((step) => !/^[A-Za-z0-9_][A-Za-z0-9_-]*$/.test(step))) refuse(`${needle}: a name with a dot in it cannot be kept`, needle)
  const value = own ? env.play[name] : defaultOf(name, needle, env)
  if (value !== undefined && !own && !isShared(name, env)) return inside(value, rest, needle, env, mode, depth, mayLack)
  // A variable that holds names of this task alone is written out.
  if (value !== undefined && JSON.stringify(fill(value, env, mode, depth + 1)) !== alone(value, env, depth + 1))
    return inside(value, rest, needle, env, mode, depth, mayLack)
  return { kept: path.join('.') }
}

/** A value of the inventory, or the default of a role, written out. */
function ofInventory(name: string, rest: readonly string[], needle: string, env: Env, depth: number, mayLack: boolean): Answer {
  const said = env.said(name)
  if (said.is === 'apart') return refuseTogether(name, needle)
  if (said.is === 'same') {
    const answer = inside(said.value, rest, needle, env, 'know', depth, mayLack)
    env.taken(name, 'inventory')
    return answer
  }
  const how = env.moving.get(anyName)
  const hasDefault = Object.hasOwn(env.defaults, name)
  if (how !== undefined && (hasDefault || said.is === 'unsaid')) return refuse(`${needle}: ${name} ${how}`, needle)
  if (hasDefault) {
    if (said.is === 'unknown') env.taken(name, 'default')
    return inside(env.defaults[name], rest, needle, env, 'know', depth, mayLack)
  }
  if (said.is === 'unsaid') return mayLack ? { value: undefined } : refuse(`${needle}: nothing here gives ${name} a value`, needle)
  return refuse(
    mayLack
      ? `${needle}: whether the inventory has ${name} is not known here`
      : `${needle} would have to be known here, and only the inventory has it`,
    needle,
  )
}

/** The default of a role, where the inventory leaves it to that. */
function defaultOf(name: string, needle: string, env: Env): unknown {
  if (!Object.hasOwn(env.defaults, name)) return undefined
  const said = env.said(name)
  if (said.is === 'apart' && said.lacking) return refuseTogether(name, needle)
  return said.is === 'apart' || said.is === 'same' ? undefined : env.defaults[name]
}

/** Two roles may have different defaults of one name, and a play has one. */
const isShared = (name: string, env: Env): boolean => JSON.stringify(env.defaults[name]) === JSON.stringify(env.shared[name])

function alone(value: unknown, env: Env, depth: number): string | undefined {
  const read = attempt(() => fill(value, { ...env, inner: {} }, 'keep', depth))
  return 'value' in read ? JSON.stringify(read.value) : undefined
}

function inside(found: unknown, rest: readonly string[], needle: string, env: Env, mode: Mode, depth: number, mayLack: boolean): Answer {
  let value = found
  for (const step of rest) {
    if (typeof value === 'string') value = fill(value, env, 'know', depth + 1)
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) {
      if (mayLack) return { value: undefined }
      refuse(`${needle}: there is no ${step} in it`, needle)
    }
    value = (value as Readonly<Record<string, unknown>>)[step]
  }
  return { value: fill(value, env, mode, depth + 1) }
}

const connection = /^ansible_(host|port|user|ssh_.*)$/
const magic =
  /^(hostvars|vars|play_hosts|ansible_play_.*|role_path|role_name|playbook_dir|inventory_dir|inventory_file|lookup|query|item|environment)$/

function atRun(name: string, path: readonly string[]): string | undefined {
  if (name === 'groups') return 'has other names here: write {{ groups.NAME.addresses }}'
  if (magic.test(name)) return 'has no meaning outside of Ansible'
  if (name.startsWith('ansible_') && !connection.test(name)) return 'is what Ansible finds on the host (a fact)'
  return path.includes('') ? 'is no name' : undefined
}

const isDefault = (filter: string): boolean => /^(default|d)\(/.test(filter)

function filtered(value: unknown, filters: readonly string[], needle: string, work: (text: string) => unknown): unknown {
  return filters.reduce((now, filter) => applied(now, filter, needle, work), value)
}

/** What may stand in `default()` without quotes. */
const fallbacks: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['omit', omitted],
  ...['true', 'True'].map((word) => [word, true] as const),
  ...['false', 'False'].map((word) => [word, false] as const),
  ['[]', []],
  ['{}', {}],
])

function applied(value: unknown, filter: string, needle: string, work: (text: string) => unknown): unknown {
  const fallback = /^(?:default|d)\(\s*(?:'([^'\\]*)'|"([^"\\]*)"|(\w+|-\d+|\[\]|\{\}))\s*(?:,\s*(true|True))?\s*\)$/.exec(filter)
  const [, single, double, bare = '', always] = fallback ?? []
  const given = single ?? double ?? fallbacks.get(bare) ?? (/^-?\d+$/.test(bare) ? Number(bare) : undefined)
  if (fallback && given !== undefined) return value === undefined || (always && !value) ? given : value
  const otherwise = /^(?:default|d)\((.*)\)$/s.exec(filter)?.[1]
  if (otherwise !== undefined && cut(otherwise, ',').length === 1) return value === undefined ? work(otherwise.trim()) : value
  if (value === undefined || value === omitted) return value
  if (filter === 'bool' && typeof value !== 'object') return truth(value) ?? false
  if (filter === 'int' && /^-?\d+$/.test(String(value))) return Number(value)
  if (filter === 'string' && (typeof value === 'string' || typeof value === 'number')) return String(value)
  if (filter === 'trim' && typeof value === 'string') return value.trim()
  const joined = /^join\(\s*(?:',\s*'|",\s*")\s*\)$/.test(filter) && Array.isArray(value)
  if (joined) return value.join(filter.includes(', ') ? ', ' : ',')
  const made = listFilter(value, filter, work)
  if (made) return made.value
  return refuse(`${needle}: the filter ${filter.replace(/\(.*$/s, '')} cannot be worked out here`, needle)
}
