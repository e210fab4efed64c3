/** Characters of texts that one memory holds at most; then it begins anew. */
const most = 1 << 20

/**
 * A pure function of a text that remembers its answers: the hosts of a fleet hold mostly the same files and rules. Answers are shared, so
 * they must not be changed.
 */
export function byText<T>(answer: (text: string) => T): (text: string) => T {
  const known = new Map<string, { readonly is: T }>()
  let held = 0
  return (text) => {
    const before = known.get(text)
    if (before !== undefined) return before.is
    const own = copyOf(text)
    const is = answer(own)
    held += own.length
    if (held > most) {
      known.clear()
      held = own.length
    }
    known.set(own, { is })
    return is
  }
}

/**
 * A pure function of values that remembers its last answers: hosts of a kind hold the same, and what was made of it once is then the same
 * value again. Values are the same that are `===`, texts by their characters. Answers are shared, so they must not be changed.
 */
export function bySame<Values extends readonly unknown[], T>(answer: (...values: Values) => T): (...values: Values) => T {
  const known: { readonly values: Values; readonly is: T }[] = []
  return (...values) => {
    const before = known.find((one) => one.values.length === values.length && one.values.every((value, at) => value === values[at]))
    if (before !== undefined) return before.is
    const is = answer(...values)
    known.push({ values, is })
    if (known.length > remembered) known.shift()
    return is
  }
}

/** Answers that are remembered: a fleet has a few kinds of hosts, a host a few chains. */
const remembered = 16

/** V8 cuts a piece of a string without copying it: to hold a line would hold all that its host said. */
const copyOf = (text: string): string => JSON.parse(JSON.stringify(text)) as string
