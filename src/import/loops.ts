import { type Env, fill } from './fill.js'
import { refuse } from './left.js'

type Fields = Readonly<Record<string, unknown>>

/** The rounds of a task: what its loop variable stands for in each; one without any where there is no loop. */
export function roundsOf(task: Fields, env: Env): readonly Fields[] {
  const found = Object.keys(task).filter((key) => key === 'loop' || key.startsWith('with_'))
  const [key] = found
  if (key === undefined) return [{}]
  if (found.length > 1) refuse('two loops in one task')
  const control = (task.loop_control ?? {}) as Fields
  const name = typeof control.loop_var === 'string' ? control.loop_var : 'item'
  const index = typeof control.index_var === 'string' ? control.index_var : undefined
  return itemsOf(key, task[key], env).map((item, at) => ({ [name]: item, ...(index !== undefined && { [index]: at }) }))
}

function itemsOf(key: string, written: unknown, env: Env): readonly unknown[] {
  const text = typeof written === 'string' ? /^\{\{(.*)\|\s*dict2items\s*\}\}$/s.exec(written.trim())?.[1] : undefined
  if (text !== undefined) return pairs(fill(`{{ ${text.trim()} }}`, env, 'know'), key)
  // Names of the inventory may stand inside the items, not for the list.
  const list = typeof written === 'string' ? (sumOf(written, env) ?? fill(written, env, 'know')) : written
  if (key === 'with_dict') return pairs(list, key)
  if (!Array.isArray(list)) return refuse(`${key}: is no list that is known here`, typeof written === 'string' ? written : '')
  if (key === 'loop' || key === 'with_list') return list
  if (key !== 'with_items' && key !== 'with_flattened')
    return refuse(`${key} is not known here: only loop, with_items, with_list and with_dict are`)
  return list.flatMap((item) => (typeof item === 'string' && /^\{\{.*\}\}$/s.test(item) ? flat(item, env) : item))
}

/** `{{ a + b }}` of lists; undefined: it is no sum. */
function sumOf(written: string, env: Env): readonly unknown[] | undefined {
  const terms = /^\{\{([^{}'"]*)\}\}$/s.exec(written.trim())?.[1]?.split('+') ?? []
  if (terms.length < 2) return undefined
  const lists = terms.map((term) => fill(`{{ ${term.trim().replace(/^\((.*)\)$/s, '$1')} }}`, env, 'know'))
  return lists.every(Array.isArray) ? lists.flat() : refuse(`${written}: is no sum of lists`, written)
}

function flat(item: string, env: Env): unknown {
  return fill(item, env, 'know')
}

function pairs(value: unknown, key: string): readonly unknown[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(`${key}: is no mapping that is known here`)
  return Object.entries(value).map(([name, item]) => ({ key: name, value: item }))
}
