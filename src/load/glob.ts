/** Whether a shell glob (`*`, `?`, `[a-f]`, `[!a-f]`) matches the whole text; the time grows with the product of both lengths at worst. */
export function matchesGlob(pattern: string, text: string): boolean {
  const tokens = tokensOf(pattern)
  let at = 0
  let star = -1
  let mark = 0
  for (let char = 0; char < text.length; ) {
    const token = tokens[at]
    if (token === '*') [star, mark] = [at++, char]
    else if (token !== undefined && matchesOne(token, text.charAt(char))) {
      at++
      char++
    } else if (star >= 0) {
      at = star + 1
      char = ++mark
    } else return false
  }
  return tokens.slice(at).every((token) => token === '*')
}

function tokensOf(pattern: string): readonly string[] {
  return pattern.match(/\[!?\]?[^\]]*\]|[\s\S]/g) ?? []
}

function matchesOne(token: string, char: string): boolean {
  if (token === '?') return true
  if (token.length < 3) return token === char
  const negated = token.charAt(1) === '!'
  const members = token.slice(negated ? 2 : 1, -1)
  return inClass(members, char) !== negated
}

function inClass(members: string, char: string): boolean {
  for (let at = 0; at < members.length; at++) {
    const first = members.charAt(at)
    if (members.charAt(at + 1) === '-' && at + 2 < members.length) {
      if (first <= char && char <= members.charAt(at + 2)) return true
      at += 2
    } else if (first === char) return true
  }
  return false
}
