/**
 * Why a regular expression could take for ever on some text, undefined: it cannot. V8 backtracks, so a repeated group that can match one
 * text in two ways takes time that doubles with each character; `most` repetitions beside each other take its power.
 */
export function slowExpression(source: string, most: number): string | undefined {
  if (source.length > maxLength) return `is longer than ${maxLength} characters`
  const groups: Group[] = [{ repeats: 0, branches: false }]
  for (const [token, close, quantifier] of source.matchAll(tokens)) {
    const repeats = isLong(quantifier ?? '')
    const group = groups.at(-1)
    if (token.startsWith('(')) groups.push({ repeats: 0, branches: false })
    else if (token === '|' && group) group.branches = true
    else if (close !== undefined && groups.length > 1) {
      const closed = groups.pop()
      const around = groups.at(-1)
      if (!closed || !around) continue
      if (repeats && (closed.repeats > 0 || closed.branches))
        return `repeats a group that itself repeats or has a choice (...${quantifier}): it could take for ever`
      around.repeats += closed.repeats + (repeats ? 1 : 0)
    } else if (group && repeats) group.repeats += 1
  }
  const [{ repeats } = { repeats: 0 }] = groups
  return repeats > most ? `repeats ${repeats} times (* + {n,}), ${most} at most: it could take for ever` : undefined
}

const maxLength = 500

interface Group {
  repeats: number
  branches: boolean
}

// A group's head; or an escape, a class, an end of a group, any other character, each with what is behind it: * + ? {n,m}.
const tokens =
  /\((?:\?(?:[:=!]|<[=!]|<\w+>))?|(?:\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]|(\))|[^*+?{(]|\{(?!\d+,?\d*\}))((?:[*+?]|\{\d+,?\d*\})?)\??/g

/** `*`, `+`, `{2,}` and `{1,20}` are long, `?` and `{3}` are not. */
function isLong(quantifier: string): boolean {
  const [, least = '', comma, highest = ''] = /^\{(\d+)(,?)(\d*)\}$/.exec(quantifier) ?? []
  if (comma === undefined) return quantifier === '*' || quantifier === '+'
  return comma === ',' && highest === '' ? true : Number(highest || least) > 9
}
