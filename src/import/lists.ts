import { refuse } from './left.js'

/** Works out the value of an expression. */
type Work = (expression: string) => unknown

/** Cuts an expression at a mark outside of quotes and brackets: `a | product(b | list)` has two parts at `|`. */
export function cut(text: string, mark: string): readonly string[] {
  const found = ['']
  let depth = 0
  for (const [piece] of text.matchAll(/'[^']*'|"[^"]*"|[\s\S]/g)) {
    if (/^[([{]$/.test(piece)) depth++
    if (/^[)\]}]$/.test(piece)) depth--
    if (piece === mark && depth === 0) found.push('')
    else found[found.length - 1] += piece
  }
  return found.map((part) => part.trim())
}

const most = 10_000

/** What an expression makes without naming a variable alone: `(a)`, `[a, 'b']`, `range(1, 4)`, `a + b` of lists; undefined: it is none of these. */
export function madeList(text: string, work: Work): { readonly value: unknown } | undefined {
  const terms = cut(text, '+')
  if (terms.length > 1) {
    const lists = terms.map(work)
    return { value: lists.every(Array.isArray) ? lists.flat() : refuse(`${text}: is no sum of lists`, text) }
  }
  const inner = (open: string, close: string): string | undefined =>
    text.startsWith(open) && text.endsWith(close) ? enclosed(text.slice(open.length, -1)) : undefined
  const grouped = inner('(', ')')
  if (grouped !== undefined) return { value: work(grouped) }
  const items = inner('[', ']')
  if (items !== undefined) return { value: items === '' ? [] : argumentsIn(items).map(work) }
  const range = inner('range(', ')')
  return range === undefined ? undefined : { value: rangeOf(argumentsIn(range).map(work), text) }
}

/** What stands between two brackets, where they are a pair: not so in `(a) b (c)`. */
function enclosed(text: string): string | undefined {
  let depth = 0
  for (const [piece] of text.matchAll(/'[^']*'|"[^"]*"|[([{]|[)\]}]/g)) {
    if (/^[([{]$/.test(piece)) depth++
    else if (/^[)\]}]$/.test(piece) && --depth < 0) return undefined
  }
  return text.trim()
}

const argumentsIn = (text: string): readonly string[] => cut(text.replace(/,\s*$/, ''), ',')

function rangeOf(given: readonly unknown[], text: string): readonly number[] {
  const numbers = given.map(Number)
  const [start, end, step = 1] = given.length === 1 ? [0, ...numbers] : numbers
  if (start === undefined || end === undefined || ![start, end, step].every(Number.isInteger) || step === 0)
    return refuse(`${text}: is no range of whole numbers`, text)
  return counted(start, Math.max(0, Math.ceil((end - start) / step)), step, text)
}

/** So many numbers from `start` on. */
export function counted(start: number, count: number, step: number, text: string): readonly number[] {
  if (count > most) refuse(`${text}: is longer than ${most}`, text)
  return Array.from({ length: count }, (_, at) => start + at * step)
}

/** What a filter of Jinja or Ansible makes of a value; undefined: it is not known, or not for such a value. */
export function listFilter(value: unknown, filter: string, work: Work): { readonly value: unknown } | undefined {
  const [, name = '', inside = ''] = /^(\w+)\s*(?:\((.*)\))?$/s.exec(filter) ?? []
  const words = inside.trim() === '' ? [] : argumentsIn(inside)
  if (name === 'dict2items' && words.length === 0) return isMapping(value) ? { value: pairsOf(value) } : undefined
  if (name === 'split' && typeof value === 'string') {
    const [mark] = words.map(work)
    return { value: typeof mark === 'string' ? value.split(mark) : value.trim().split(/\s+/) }
  }
  if (!Array.isArray(value)) return undefined
  const made = filters.get(name)?.(value, words, work)
  return made === undefined ? undefined : { value: made }
}

const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A mapping as a list of `{key, value}`. */
export const pairsOf = (value: Readonly<Record<string, unknown>>): readonly unknown[] =>
  Object.entries(value).map(([name, item]) => ({ key: name, value: item }))

type List = readonly unknown[]
type ListFilter = (value: List, words: readonly string[], work: Work) => unknown

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)
const has = (list: List, item: unknown): boolean => list.some((each) => same(each, item))
const once = (list: List): List => list.filter((item, at) => list.findIndex((each) => same(each, item)) === at)
// Ansible's unique passes no case_sensitive on: for Jinja A is a then, measured with ansible-core 2.14
const folded = (list: List): List => list.map((item) => (typeof item === 'string' ? item.toLowerCase() : item))

const filters: ReadonlyMap<string, ListFilter> = new Map(
  Object.entries<ListFilter>({
    list: (value, words) => (words.length === 0 ? value : undefined),
    unique: (value, words) =>
      words.length === 0 ? value.filter((item, at) => folded(value).findIndex((each) => same(each, folded([item])[0])) === at) : undefined,
    flatten: (value, words) => {
      const levels = words.length === 0 ? Number.POSITIVE_INFINITY : Number(/^(?:levels\s*=\s*)?(\d+)$/.exec(words[0] ?? '')?.[1])
      return Number.isNaN(levels) ? undefined : value.flat(levels as 1)
    },
    first: (value, words) => (words.length === 0 ? value[0] : undefined),
    last: (value, words) => (words.length === 0 ? value.at(-1) : undefined),
    product: (value, words, work) => lists(words, work, (others) => nested([value, ...others])),
    zip: (value, words, work) =>
      lists(words, work, (others) => together([value, ...others]).slice(0, Math.min(value.length, ...others.map(({ length }) => length)))),
    union: (value, words, work) => lists(words, work, ([other = []]) => once([...value, ...other])),
    difference: (value, words, work) => lists(words, work, ([other = []]) => once(value.filter((item) => !has(other, item)))),
    intersect: (value, words, work) => lists(words, work, ([other = []]) => once(value.filter((item) => has(other, item)))),
    subelements: (value, words, work) => {
      const [path = '', skips = 'False', ...more] = words
      const skip = /^(?:skip_missing\s*=\s*)?(True|true|False|false)$/.exec(skips)?.[1]
      if (skip === undefined || more.length > 0) return undefined
      return subelements(value, String(work(path)), /^t/i.test(skip))
    },
    map: (value, words, work) => {
      const path = /^attribute\s*=\s*(.*)$/s.exec(words[0] ?? '')?.[1]
      const found = path === undefined || words.length > 1 ? [undefined] : value.map((item) => within(item, String(work(path))))
      return found.includes(undefined) ? undefined : found
    },
    selectattr: (value, words, work) => picked(value, words, work, true),
    rejectattr: (value, words, work) => picked(value, words, work, false),
  }),
)

function lists(words: readonly string[], work: Work, make: (others: readonly List[]) => List): List | undefined {
  const others = words.map(work)
  return others.length > 0 && others.every(Array.isArray) ? make(others) : undefined
}

/** Each of the first with each of the second and so on, the last one changing first. */
export function nested(all: readonly List[]): readonly List[] {
  if (all.reduce((count, { length }) => count * length, 1) > most) refuse(`a product of lists has more than ${most} elements`)
  return all.reduce<readonly List[]>((before, list) => before.flatMap((one) => list.map((item) => [...one, item])), [[]])
}

/** The first of each, the second of each and so on; null where a list has ended. */
export const together = (all: readonly List[]): readonly List[] =>
  Array.from({ length: Math.max(0, ...all.map(({ length }) => length)) }, (_, at) => all.map((list) => list[at] ?? null))

/** Each mapping of a list with each element of the list that it has at `path`. */
export function subelements(value: List, path: string, skips: boolean): readonly List[] {
  return value.flatMap((item) => {
    const below = within(item, path)
    if (Array.isArray(below)) return below.map((each: unknown) => [item, each])
    return skips && below === undefined ? [] : refuse(`an element has no list at ${path}`)
  })
}

const within = (item: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((now, step) => (isMapping(now) && Object.hasOwn(now, step) ? now[step] : undefined), item)

function picked(value: List, words: readonly string[], work: Work, wanted: boolean): List | undefined {
  const [path = '', test, operand, ...more] = words.map((word) => work(word))
  if (more.length > 0 || (test === undefined) !== (operand === undefined)) return undefined
  if (test !== undefined && !/^(equalto|==|eq)$/.test(String(test))) return undefined
  return value.filter((item) => {
    const found = within(item, String(path))
    return (test === undefined ? Boolean(found) : same(found, operand)) === wanted
  })
}
