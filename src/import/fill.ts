import { hole } from '../load/hole.js'
import { hasTemplate, textOf } from '../load/template.js'
import { isVaulted } from '../load/vaulted.js'
import { attempt, refuse } from './left.js'

/** Variables as they stand for one task of a playbook, those of the inventory not among them: their names are kept. */
export interface Env {
  /** Values that are written out where their names stand: the item of a loop, variables of tasks, blocks and roles. */
  readonly inner: Readonly<Record<string, unknown>>
  /** Variables of the play, which the turned play has too: their names are kept. */
  readonly play: Readonly<Record<string, unknown>>
  /** Names that get their values while Ansible runs, and how. */
  readonly moving: ReadonlyMap<string, string>
  /** What a role has for a name that nobody sets; the inventory may set it. */
  readonly defaults: Readonly<Record<string, unknown>>
}

/** Whether the names of variables may be kept, for holdfast to fill in, or have to be known now. */
export type Mode = 'keep' | 'know'

/** Stands for a parameter that is as if it were not written: `default(omit)`. */
export const omitted = Symbol('omit')

const maxDepth = 20

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
  if (depth > maxDepth) refuse(`variables stand in each other more than ${maxDepth} deep`)
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
  const [head = '', ...filters] = parts(expression)
  const literal = /^(?:'([^'\\]*)'|"([^"\\]*)"|(-?\d+))$/.exec(head)
  if (literal) return { value: filtered(literal[1] ?? literal[2] ?? Number(literal[3]), filters, needle) }
  if (head === 'omit') return { value: omitted }
  const path = steps(head) ?? refuse(`${needle}: only {{ name }}, {{ a.b }} and the filters default, int and string are known here`, needle)
  const known = lookUp(path, needle, env, filters.length > 0 ? 'know' : mode, depth, filters.some(isDefault))
  return 'kept' in known ? known : { value: filtered(known.value, filters, needle) }
}

/** Cuts at `|`, outside of quotes and brackets. */
function parts(expression: string): readonly string[] {
  return (expression.match(/(?:'[^']*'|"[^"]*"|\([^)]*\)|[^|])+/g) ?? ['']).map((part) => part.trim())
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
    refuse(
      mayLack
        ? `${needle}: whether the inventory has ${name} is not known here`
        : `${needle} would have to be known here, and only the inventory has it`,
      needle,
    )
  }
  if (rest.some((step) => !/^[A-Za-z0-9_][A-Za-z0-9_-]*$/.test(step))) refuse(`${needle}: a name with a dot in it cannot be kept`, needle)
  const value = own ? env.play[name] : Object.hasOwn(env.defaults, name) ? env.defaults[name] : undefined
  // A variable that holds names of this task alone is written out.
  if (value !== undefined && JSON.stringify(fill(value, env, mode, depth + 1)) !== alone(value, env, depth + 1))
    return inside(value, rest, needle, env, mode, depth, mayLack)
  return { kept: path.join('.') }
}

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

function filtered(value: unknown, filters: readonly string[], needle: string): unknown {
  return filters.reduce((now, filter) => applied(now, filter, needle), value)
}

function applied(value: unknown, filter: string, needle: string): unknown {
  const fallback = /^(?:default|d)\(\s*(?:'([^'\\]*)'|"([^"\\]*)"|(-?\d+)|(omit))\s*\)$/.exec(filter)
  if (fallback) {
    if (value !== undefined) return value
    return fallback[4] ? omitted : (fallback[1] ?? fallback[2] ?? Number(fallback[3]))
  }
  if (value === undefined || value === omitted) return value
  if (filter === 'int' && /^-?\d+$/.test(String(value))) return Number(value)
  if (filter === 'string' && (typeof value === 'string' || typeof value === 'number')) return String(value)
  if (filter === 'trim' && typeof value === 'string') return value.trim()
  const joined = /^join\(\s*(?:',\s*'|",\s*")\s*\)$/.test(filter) && Array.isArray(value)
  if (joined) return value.join(filter.includes(', ') ? ', ' : ',')
  return refuse(`${needle}: the filter ${filter.replace(/\(.*$/s, '')} cannot be worked out here`, needle)
}
