import { type Env, fill, steps } from './fill.js'
import { attempt, refuse } from './left.js'
import { narrowed, type Scope } from './scope.js'

/** The hosts of a scope for which a `when:` holds; undefined: for none. Refuses what only a run of Ansible can tell. */
export function whenOf(written: unknown, scope: Scope, env: Env): Scope | undefined {
  return [written].flat().reduce<Scope | undefined>((left, each) => (left === undefined ? left : held(each, left, env)), scope)
}

function held(condition: unknown, scope: Scope, env: Env): Scope | undefined {
  if (typeof condition === 'boolean') return condition ? scope : undefined
  if (typeof condition !== 'string') return refuse('when: is neither true nor false nor text')
  const text = condition.trim()
  const bare = /^\((.*)\)$/s.exec(text)?.[1]
  if (bare !== undefined && !/[()]/.test(bare)) return held(bare, scope, env)
  const all = /\bor\b|[()]/.test(text) ? [text] : text.split(/\s+and\s+/)
  if (all.length > 1) return whenOf(all, scope, env)
  const answer = literal(text, env)
  if (answer !== undefined) return answer ? scope : undefined
  const term = termOf(text)
  return term === undefined ? refuse(`when: ${text} is known only while Ansible runs`, text) : narrowed(scope, term)
}

const name = `(?:'([\\w.-]+)'|"([\\w.-]+)")`
const groupOf = `groups(?:\\[${name}\\]|\\.(\\w+))`
const forms: readonly (readonly [RegExp, (found: RegExpExecArray) => string])[] = [
  [new RegExp(`^inventory_hostname\\s+in\\s+${groupOf}$`), (found) => `&${first(found)}`],
  [new RegExp(`^inventory_hostname\\s+not\\s+in\\s+${groupOf}$`), (found) => `!${first(found)}`],
  [new RegExp(`^${name}\\s+in\\s+group_names$`), (found) => `&${first(found)}`],
  [new RegExp(`^${name}\\s+not\\s+in\\s+group_names$`), (found) => `!${first(found)}`],
  [new RegExp(`^inventory_hostname\\s*==\\s*${name}$`), (found) => `&${first(found)}`],
  [new RegExp(`^inventory_hostname\\s*!=\\s*${name}$`), (found) => `!${first(found)}`],
]

const first = (found: RegExpExecArray): string => found.slice(1).find((group) => group !== undefined) ?? ''

/** `'web' in group_names` as the term of a host pattern. */
function termOf(text: string): string | undefined {
  for (const [form, term] of forms) {
    const found = form.exec(text)
    if (found) return term(found)
  }
  return undefined
}

/** What holds or does not, whatever the host. */
function literal(text: string, env: Env): boolean | undefined {
  if (/^(true|True)$/.test(text)) return true
  if (/^(false|False)$/.test(text)) return false
  const negated = /^not\s+(\S+)$/.exec(text)?.[1]
  if (negated !== undefined) {
    const answer = literal(negated, env)
    return answer === undefined ? undefined : !answer
  }
  const defined = /^(\S+)\s+is\s+(not\s+)?defined$/.exec(text)
  if (defined) return isDefined(defined[1] ?? '', env) ? defined[2] === undefined : undefined
  if (!steps(text.replace(/\s*\|\s*bool$/, ''))) return undefined
  const read = attempt(() => fill(`{{ ${text.replace(/\s*\|\s*bool$/, '')} }}`, env, 'know'))
  return 'value' in read && typeof read.value === 'boolean' ? read.value : undefined
}

function isDefined(text: string, env: Env): boolean {
  if (Object.hasOwn(env.defaults, text)) return true
  const read = attempt(() => fill(`{{ ${text} }}`, env, 'know'))
  return 'value' in read && read.value !== undefined
}
