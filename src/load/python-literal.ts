/** A text that is no literal. */
const none = Symbol('no literal')

interface Reading {
  readonly text: string
  at: number
}

/** What Python's ast.literal_eval makes of a text, as INI inventories are read: `5`, `True`, `['a', 'b']`, `{'k': 1}`; other text stays as it is. */
export function pythonLiteral(text: string): unknown {
  const reading = { text, at: 0 }
  const value = readValue(reading, 0)
  skip(reading)
  const rest = text.slice(reading.at)
  return value === none || (rest !== '' && !/^#[^\n]*$/.test(rest)) ? text : value
}

const skip = (reading: Reading): void => {
  while (/\s/.test(reading.text.charAt(reading.at))) reading.at++
}

function take(reading: Reading, pattern: RegExp): RegExpExecArray | null {
  const sticky = new RegExp(pattern.source, 'y')
  sticky.lastIndex = reading.at
  const found = sticky.exec(reading.text)
  if (found) reading.at += found[0].length
  return found
}

const words: Readonly<Record<string, unknown>> = { True: true, False: false, None: null }

function readValue(reading: Reading, depth: number): unknown {
  skip(reading)
  if (depth > 50) return none
  const opening = take(reading, /[[({]/)?.[0]
  if (opening !== undefined) return readItems(reading, opening, depth)
  if (/^[rRbBuU]?['"]/.test(reading.text.slice(reading.at, reading.at + 2))) return readText(reading)
  const word = take(reading, /(?:True|False|None)(?![\w])/)?.[0]
  return word === undefined ? readNumber(reading) : words[word]
}

function readNumber(reading: Reading): unknown {
  const sign = take(reading, /[-+]/)?.[0] === '-' ? -1 : 1
  const based = take(reading, /0(?:[xX][\da-fA-F]+|[oO][0-7]+|[bB][01]+)(?![\w.])/)?.[0]
  if (based !== undefined) return sign * Number(based)
  const float = take(reading, /(?:\d[\d_]*\.[\d_]*|\.\d[\d_]*|\d[\d_]*(?=[eE]))(?:[eE][-+]?\d+)?(?![\w.])/)?.[0]
  if (float !== undefined) return sign * Number(float.replaceAll('_', ''))
  const whole = take(reading, /(?:0+|[1-9]\d*(?:_\d+)*)(?![\w.])/)?.[0]
  const number = sign * Number((whole ?? 'x').replaceAll('_', ''))
  return Number.isSafeInteger(number) ? number : none
}

function readText(reading: Reading): unknown {
  const found = take(reading, /([rRuU]?)(?:'((?:[^'\\\n]|\\[\s\S])*)'|"((?:[^"\\\n]|\\[\s\S])*)")/)
  if (!found) return none
  const inside = found[2] ?? found[3] ?? ''
  const own = /[rR]/.test(found[1] ?? '') ? inside : unescaped(inside)
  skip(reading)
  // two texts side by side are one
  const next = /^[rRuU]?['"]/.test(reading.text.slice(reading.at)) ? readText(reading) : ''
  return typeof next === 'string' ? own + next : none
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v', '\n': '' }

function unescaped(text: string): string {
  return text.replace(/\\(x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[0-7]{1,3}|[\s\S])/g, (whole, code: string) => {
    if (/^[xuU]./.test(code)) return String.fromCodePoint(Number.parseInt(code.slice(1), 16))
    if (/^[0-7]/.test(code)) return String.fromCodePoint(Number.parseInt(code, 8))
    return escapes[code] ?? (/["'\\]/.test(code) ? code : whole)
  })
}

function readItems(reading: Reading, opening: string, depth: number): unknown {
  const items: unknown[] = []
  const pairs: Record<string, unknown> = Object.create(null)
  const closing = opening === '[' ? ']' : opening === '(' ? ')' : '}'
  for (let commas = 0; ; commas++) {
    skip(reading)
    if (reading.text.charAt(reading.at) === closing) {
      reading.at++
      if (opening === '{') return items.length > 0 ? none : pairs
      // a pair of brackets without a comma is no tuple
      return opening === '(' && commas === 1 && !/,\s*\)$/.test(reading.text.slice(0, reading.at)) ? items[0] : items
    }
    const value = readValue(reading, depth + 1)
    if (value === none) return none
    skip(reading)
    if (opening === '{') {
      if (!take(reading, /:/)) return none
      const of = readValue(reading, depth + 1)
      if (of === none) return none
      pairs[String(value)] = of
      skip(reading)
    } else items.push(value)
    if (!take(reading, /,/) && reading.text.charAt(reading.at) !== closing) return none
  }
}
