type Comparison = { readonly name: string; readonly operator: string; readonly value: string }

/** A condition over a version's groups: `sp == 3 && build < 3312 || sp == 2`; `&&` binds tighter, there are no brackets. */
export type Condition = readonly (readonly Comparison[])[]

/** Reads a condition; undefined: it is none. */
export function readCondition(text: string): Condition | undefined {
  const rows = text.split('||').map((row) => row.split('&&').map(readComparison))
  return rows.every((row) => row.every((each) => each !== undefined)) ? (rows as Condition) : undefined
}

function readComparison(text: string): Comparison | undefined {
  const found = /^\s*([A-Za-z_][A-Za-z0-9_]*)\s*(==|!=|<=|>=|<|>)\s*([A-Za-z0-9._-]+|"[^"]*"|'[^']*')\s*$/.exec(text)
  if (!found) return undefined
  return { name: found[1] ?? '', operator: found[2] ?? '', value: (found[3] ?? '').replace(/^(["'])(.*)\1$/s, '$2') }
}

/** Whether a condition (none: always) holds for a version's groups; `unknown` when a group that decides it is not there. */
export function holds(when: string | undefined, parts: Readonly<Record<string, string>> | undefined): boolean | 'unknown' {
  if (when === undefined) return true
  const rows = (readCondition(when) ?? []).map((row) => all(row.map((each) => compare(each, parts?.[each.name]))))
  if (rows.includes(true)) return true
  return rows.includes('unknown') || rows.length === 0 ? 'unknown' : false
}

function all(results: readonly (boolean | 'unknown')[]): boolean | 'unknown' {
  if (results.includes(false)) return false
  return results.includes('unknown') ? 'unknown' : true
}

function compare({ operator, value }: Comparison, actual: string | undefined): boolean | 'unknown' {
  if (actual === undefined) return 'unknown'
  const order = orderOf(actual, value)
  if (order === undefined) return operator === '==' ? actual === value : operator === '!=' ? actual !== value : 'unknown'
  const results: Readonly<Record<string, boolean>> = {
    '==': order === 0,
    '!=': order !== 0,
    '<': order < 0,
    '<=': order <= 0,
    '>': order > 0,
    '>=': order >= 0,
  }
  return results[operator] ?? 'unknown'
}

/** Numbers with dots compare part by part (`6.10` is above `6.9`); undefined: one of them is no number. */
function orderOf(a: string, b: string): number | undefined {
  if (![a, b].every((text) => /^[0-9]+(\.[0-9]+)*$/.test(text))) return undefined
  const [left, right] = [a.split('.').map(Number), b.split('.').map(Number)]
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
