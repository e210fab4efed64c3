import { byText } from '../../by-text.js'
import type { Line } from '../../types.js'

/** One word of a rule: its value and where it stands in the text, quotes included. */
interface Token {
  readonly word: string
  readonly start: number
  readonly end: number
}

const isBlank = (char: string): boolean => char === ' ' || char === '\t' || char === '\n'

/** Cuts as iptables-restore does: a double quote may open inside a word, and the closing one ends the word; `\` escapes inside quotes only. */
const tokens = (text: string): readonly Token[] => {
  const found: Token[] = []
  let word = ''
  let start = -1
  const end = (at: number): void => {
    if (start >= 0) found.push({ word, start, end: at })
    word = ''
    start = -1
  }
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at)
    if (isBlank(char)) {
      end(at)
      continue
    }
    if (start < 0) start = at
    if (char !== '"') {
      word += char
      continue
    }
    for (at++; at < text.length && text[at] !== '"'; at++) {
      if (text[at] === '\\') at++
      word += text.charAt(at)
    }
    end(at + 1)
  }
  end(text.length)
  return found
}

/** The words of a rule as iptables-restore 1.8.9 reads them: double quotes with `\` inside; a single quote and a `\` outside are themselves. */
export const splitLine = (text: string): string[] =>
  text.includes('"') ? tokens(text).map(({ word }) => word) : text.split(/[ \t\n]+/).filter((word) => word !== '')

const quoted = (word: string): string => `"${word.replace(/["\\]/g, '\\$&')}"`

const restoreWord = (word: string): string => {
  // The save format is cut at newlines: no quoting carries one over.
  if (/[\n\0]/.test(word)) throw new Error(`a rule cannot hold a newline: ${JSON.stringify(word)}`)
  return /^[^\s"\\]+$/.test(word) ? word : quoted(word)
}

/** One line for iptables-restore in which every word arrives literally; a word with a newline throws. Before 1.8 an empty word is lost on the way. */
export const joinRestore = (words: readonly string[]): string => words.map(restoreWord).join(' ')

/** One line for a POSIX shell in which every word arrives literally: bare where it is plain, else in single quotes. */
export const joinShell = (words: readonly string[]): string =>
  words.map((word) => (/^[\w@%+:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ')

/** A `-m comment --comment X` of a line; `value` is X's token. */
interface Comment {
  readonly text: string
  readonly start: number
  readonly end: number
  readonly value: Token
}

const comments = (line: Line): readonly Comment[] => (line.includes('comment') ? (plainComments(line) ?? readComments(line)) : [])

/** Whether nothing is quoted in a line but comments without a blank: what it says can then be told by its text. */
export const hasPlainComments = (line: Line): boolean => plainComments(line) !== undefined

const matched = '-m comment --comment '
const plainWord = /"?[^\s"\\]+"?/y
/** The usual line: one such comment. */
const onlyComment = /^((?:(?:(?!comment)[^"])* )?)-m comment --comment ("?)([^\s"\\]+)\2(?: (?:(?!comment)[^"])*)?$/

/** The comments of a line in which nothing else is quoted and none holds a blank, as those of ours; undefined where it is not as simple as that. */
const plainComments = (line: Line): readonly Comment[] | undefined => {
  const [, before, mark, only] = onlyComment.exec(line) ?? []
  if (before !== undefined && mark !== undefined && only !== undefined) {
    const from = before.length + matched.length
    const end = from + only.length + 2 * mark.length
    return [{ text: only, start: before.length, end, value: { word: only, start: from, end } }]
  }
  const found: Comment[] = []
  let end = 0
  for (let at = line.indexOf('comment'); at >= 0; at = line.indexOf('comment', end)) {
    const start = at - 3
    const from = start + matched.length
    if (!line.startsWith(matched, start) || (start > 0 && line[start - 1] !== ' ')) return undefined
    plainWord.lastIndex = from
    const text = plainWord.exec(line)?.[0] ?? ''
    const isQuoted = text.startsWith('"')
    if (text === '' || isQuoted !== text.endsWith('"') || hasQuote(line, end, start)) return undefined
    end = from + text.length
    if (end < line.length && line[end] !== ' ') return undefined
    const word = isQuoted ? text.slice(1, -1) : text
    found.push({ text: word, start, end, value: { word, start: from, end } })
  }
  return hasQuote(line, end, line.length) ? undefined : found
}

const hasQuote = (line: Line, from: number, to: number): boolean => {
  const at = line.indexOf('"', from)
  return at >= 0 && at < to
}

const readComments = byText((line): readonly Comment[] => {
  const all = tokens(line)
  return all.flatMap((token, index) => {
    const [match, option, value] = all.slice(index + 1, index + 4)
    if (token.word !== '-m' || match?.word !== 'comment' || option?.word !== '--comment' || !value) return []
    return [{ text: value.word, start: token.start, end: value.end, value }]
  })
})

const ownComment = /^holdfast:([A-Za-z0-9][A-Za-z0-9._-]{0,63})$/
const markComment = /^hf:(\d+)$/

/** The id in a line's own comment: `-m comment --comment "holdfast:downstream-proxy"`; undefined where it has none. */
export const ownId = (line: Line): string | undefined => {
  for (const { text } of comments(line)) {
    const id = ownComment.exec(text)?.[1]
    if (id !== undefined) return id
  }
  return undefined
}

/** The number in a line's probe mark: `-m comment --comment "hf:12"`; undefined where it has none. */
export const markOf = (line: Line): number | undefined => {
  for (const { text } of comments(line)) {
    const number = markComment.exec(text)?.[1]
    if (number !== undefined) return Number(number)
  }
  return undefined
}

const without = (line: Line, unwanted: (comment: Comment) => boolean): Line =>
  comments(line)
    .filter(unwanted)
    .reduceRight((text, { start, end }) => {
      const head = text.slice(0, start)
      const tail = text.slice(end)
      return /\s$/.test(head) ? head.slice(0, -1) + tail : head + tail.replace(/^\s/, '')
    }, line)

/** The line without own comments and probe marks, every other byte as it was. */
export const bare = (line: Line): Line => without(line, ({ text }) => ownComment.test(text) || markComment.test(text))

/** The line without any comment, whoever's. */
export const uncommented = (line: Line): Line => without(line, () => true)

/** The line with its probe mark made into `comment`, quoted the way this host quoted the mark; undefined takes the mark out. */
export const replaceMark = (line: Line, comment: string | undefined): Line => {
  const mark = comments(line).find(({ text }) => markComment.test(text))
  if (!mark) return line
  if (comment === undefined) return without(line, (other) => other.start === mark.start)
  const { start, end } = mark.value
  const word = line[start] === '"' ? quoted(comment) : restoreWord(comment)
  return line.slice(0, start) + word + line.slice(end)
}
