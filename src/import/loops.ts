import { type Env, fill } from './fill.js'
import { refuse } from './left.js'
import { counted, nested, pairsOf, subelements, together } from './lists.js'

type Fields = Readonly<Record<string, unknown>>
type List = readonly unknown[]

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

function itemsOf(key: string, written: unknown, env: Env): List {
  const kind = key.replace(/^with_(?:ansible\.builtin\.|community\.general\.)?/, '')
  if (kind === 'sequence') return sequence(written, env)
  // Names of the inventory may stand inside the items, not for the list.
  const whole = known(written, env)
  if (kind === 'dict') return isMapping(whole) ? pairsOf(whole) : refuse(`${key}: is no mapping that is known here`)
  if (!Array.isArray(whole)) return refuse(`${key}: is no list that is known here`, typeof written === 'string' ? written : '')
  const make = kinds.get(kind)
  return make
    ? make(whole, env)
    : refuse(
        `${key} is not known here: only loop, ${[...kinds.keys()]
          .slice(1)
          .map((one) => `with_${one}`)
          .join(', ')}, with_dict and with_sequence are`,
      )
}

const isMapping = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

/** What a text that is an expression stands for; all else as it is written. */
const known = (value: unknown, env: Env): unknown =>
  typeof value === 'string' && /^\s*\{\{.*\}\}\s*$/s.test(value) ? fill(value, env, 'know') : value

/** Lists in a list, flattened: with_items by one level, with_flattened by all. */
const flat = (list: List, env: Env, levels: number): List => list.map((item) => known(item, env)).flat(levels as 1)

/** The lists that with_nested and the like are given. */
const listsIn = (list: List, env: Env): readonly List[] => list.map((item) => [known(item, env)].flat().map((each) => known(each, env)))

/** How each kind of loop comes from its list to its items: as Ansible's lookup of the same name. */
const kinds: ReadonlyMap<string, (list: List, env: Env) => List> = new Map<string, (list: List, env: Env) => List>([
  ['loop', (list) => list],
  ['list', (list) => list],
  ['items', (list, env) => flat(list, env, 1)],
  ['flattened', (list, env) => flat(list, env, Number.POSITIVE_INFINITY)],
  ['indexed_items', (list, env) => flat(list, env, 1).map((item, at) => [at, item])],
  ['nested', (list, env) => nested(listsIn(list, env))],
  ['cartesian', (list, env) => nested(listsIn(list, env))],
  ['together', (list, env) => together(listsIn(list, env))],
  ['subelements', (list, env) => below(list, env)],
])

function below([first, path, flags]: List, env: Env): List {
  const list = known(first, env)
  const skips = isMapping(flags) && flags.skip_missing === true
  if (typeof path !== 'string' || (flags !== undefined && !isMapping(flags)))
    return refuse('with_subelements: has no list and no name of a list in it')
  const items = isMapping(list) ? Object.values(list) : list
  // the lookup takes the list out of its mapping, the filter of that name does not: measured with ansible-core 2.14
  return Array.isArray(items)
    ? subelements(items, path, skips).map(([item, each]) => [without(item, path.split('.')), each])
    : refuse('with_subelements: is no list that is known here')
}

function without(item: unknown, [step = '', ...rest]: readonly string[]): unknown {
  if (!isMapping(item)) return item
  const { [step]: found, ...others } = item
  return rest.length === 0 ? others : { ...item, [step]: without(found, rest) }
}

/** `start=1 end=6 stride=2 format=eth%02d`. */
function sequence(written: unknown, env: Env): List {
  const text = typeof written === 'string' ? fill(written, env, 'know') : written
  if (typeof text !== 'string' && typeof text !== 'number') return refuse('with_sequence: is no text that is known here')
  const words = String(text).trim().split(/\s+/)
  const given = Object.fromEntries(words.map((word) => [word.replace(/=.*$/s, ''), word.replace(/^[^=]*=?/s, '')]))
  const strange = Object.keys(given).find((name) => !/^(start|end|count|stride|format)$/.test(name))
  if (strange !== undefined)
    return refuse(`with_sequence: ${strange} is not known here: only start=, end=, count=, stride= and format= are`)
  const number = (name: string, otherwise: number): number => {
    const filled = String(fill(given[name] ?? otherwise, env, 'know'))
    return /^-?\d+$/.test(filled) ? Number(filled) : refuse(`with_sequence: ${name} is no whole number`)
  }
  const stride = number('stride', 1)
  const start = number('start', 1)
  if (stride === 0 || (given.end === undefined) === (given.count === undefined)) return refuse('with_sequence: needs end= or count=')
  const count = given.count === undefined ? Math.max(0, Math.floor((number('end', 0) - start) / stride) + 1) : number('count', 0)
  return counted(start, count, stride, 'with_sequence').map((each) => formatted(each, given.format ?? '%d'))
}

function formatted(value: number, format: string): string {
  const [, head = '', zero, width = '0', kind, tail = ''] = /^([^%]*)%(0?)(\d*)([dx])([^%]*)$/.exec(format) ?? []
  if (kind === undefined || value < 0) return refuse(`with_sequence: the format ${format} is not known here`)
  return `${head}${value.toString(kind === 'x' ? 16 : 10).padStart(Number(width), zero === '0' ? '0' : ' ')}${tail}`
}
