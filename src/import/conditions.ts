import { anyName, type Env, fill, steps } from './fill.js'
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
  const negated = /^not\s+(.+)$/.exec(text)?.[1]
  if (negated !== undefined) {
    const answer = literal(negated, env)
    return answer === undefined ? undefined : !answer
  }
  const defined = /^(\S+)\s+is\s+(not\s+)?defined$/.exec(text)
  if (defined) {
    const answer = isDefined(defined[1] ?? '', env)
    return answer === undefined ? undefined : answer === (defined[2] === undefined)
  }
  const compared = /^(\S+)\s*(==|!=)\s*(?:'([^'\\]*)'|"([^"\\]*)"|(-?\d+))$/.exec(text)
  if (compared && steps(compared[1] ?? '')) {
    const left = known(compared[1] ?? '', env)?.value
    if (left === undefined) return undefined
    return (left === (compared[3] ?? compared[4] ?? Number(compared[5]))) === (compared[2] === '==')
  }
  const [head = ''] = text.split('|')
  if (!steps(head.trim())) return undefined
  const value = known(text, env)?.value
  return typeof value === 'boolean' ? value : undefined
}

/** The value of an expression; undefined: only a run of Ansible knows it. Where hosts differ they are taken apart. */
function known(expression: string, env: Env): { readonly value: unknown } | undefined {
  const read = attempt(() => fill(`{{ ${expression} }}`, env, 'know'))
  if ('value' in read) return read
  if (read.unturned.apart !== undefined) throw read
  return undefined
}

function isDefined(text: string, env: Env): boolean | undefined {
  if (Object.hasOwn(env.defaults, text)) return true
  const read = known(text, env)
  if (read?.value !== undefined) return true
  const [name = ''] = steps(text) ?? []
  const isFree = !Object.hasOwn(env.inner, name) && !Object.hasOwn(env.play, name) && !env.moving.has(name) && !env.moving.has(anyName)
  return isFree && env.said(name).is === 'unsaid' ? false : undefined
}
