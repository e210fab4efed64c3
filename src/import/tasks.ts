import type { Document, Path } from '../load/document.js'
import { type Env, fill } from './fill.js'
import { refuse, type Unturned } from './left.js'
import type { Scope } from './scope.js'

export type Fields = Readonly<Record<string, unknown>>

/** What a play of Ansible says of all its tasks. */
export interface PlayHead {
  readonly name: string
  /** Its variables, as written: a turned play takes those that it names. */
  readonly vars: Fields
  /** The defaults of its roles, of each name the first one's, in which the inventory may set other values. */
  readonly defaults: Fields
}

/** One task, in one round of its loop. */
export interface Task {
  readonly play: PlayHead
  readonly scope: Scope
  /** Of the play, its blocks and roles, and its own. */
  readonly tags: readonly string[]
  readonly document: Document
  readonly path: Path
  readonly name: string | undefined
  /** The module as it is written: `ansible.posix.sysctl`. */
  readonly module: string
  /** Its parameters as written: a mapping, or text. */
  readonly written: unknown
  readonly env: Env
  /** The defaults for its parameters (`module_defaults`). */
  readonly standing: Fields
  /** Why it cannot be turned, whatever stands in it. */
  readonly barrier: Unturned | undefined
  /** Folders in which Ansible looks for files of it, nearest first. */
  readonly folders: readonly string[]
}

const keywords = new Set(
  (
    'name when loop loop_control vars tags become become_user become_method become_flags become_exe register notify listen ignore_errors ' +
    'ignore_unreachable changed_when failed_when no_log delegate_to delegate_facts run_once check_mode diff environment args async poll until ' +
    'retries delay throttle timeout any_errors_fatal module_defaults connection remote_user port debugger collections action local_action'
  ).split(' '),
)

/** The module of a task and what is written behind it. */
export function moduleOf(task: Fields): { readonly module: string; readonly written: unknown } | undefined {
  for (const key of ['action', 'local_action']) {
    const action = task[key]
    if (typeof action === 'string') {
      const [module = '', ...rest] = action.trim().split(/\s+/)
      return { module, written: action.trim().slice(module.length + (rest.length > 0 ? 1 : 0)) }
    }
    if (isFields(action) && typeof action.module === 'string') {
      const { module, ...written } = action
      return { module: textIn(module), written }
    }
  }
  const found = Object.keys(task).filter((key) => !keywords.has(key) && !key.startsWith('with_'))
  const [module] = found
  return module === undefined || found.length > 1 ? undefined : { module, written: task[module] }
}

/** `ansible.builtin.iptables` as `iptables`; modules of other collections keep their whole name. */
export function shortName(module: string): string {
  return module.replace(/^(ansible\.(builtin|posix|legacy)|community\.general)\./, '')
}

/** A single value from YAML as text; a list, a mapping and what could not be read have none. */
export function textIn(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}

/** Whether a value from YAML is a mapping. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The parameters of a task with `args:` and module defaults beside them, filled in. Text as `a=1 b="x y"` is read as a mapping. */
export function parametersOf(task: Task, args: unknown): Fields {
  const { written, env, standing } = task
  const own = typeof written === 'string' ? pairsOf(written) : (written ?? {})
  if (!isFields(own)) return refuse('its parameters are no mapping')
  const all = { ...standing, ...(isFields(args) ? args : {}), ...own }
  return fill(all, env) as Fields
}

/** `a=1 b="x y"` as Ansible reads it. */
function pairsOf(text: string): Fields {
  const words = text.match(/(?:\{\{.*?\}\}|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s"'])+/gs) ?? []
  return Object.fromEntries(
    words.map((word) => {
      const at = word.indexOf('=')
      if (at < 1) return refuse(`${JSON.stringify(word)} is no parameter of the form name=value`, word)
      const value = word.slice(at + 1)
      return [word.slice(0, at), /^(["']).*\1$/s.test(value) ? value.slice(1, -1) : value]
    }),
  )
}

/** What a parameter is, where it has to be known: no name of a variable is left in it. */
export function known(value: unknown, env: Env): unknown {
  return fill(value, env, 'know')
}
