import { type Part, renderParts, type Scope, textOf, type Wrong } from './template.js'

/** Words of a rule. A template that was filled in with nothing leaves an empty word and is named in `empty`. */
export interface Words {
  readonly words: readonly string[]
  /** Templates that came out empty: `list` when it was a list. */
  readonly empty: readonly { readonly needle: string; readonly list: boolean }[]
}

/**
 * Splits a rule's text into words as a POSIX shell splits its line (quotes and backslashes, no expansion).
 * What a template fills in is text like the rest outside quotes, and literal inside them.
 */
export function splitWords(text: string, scope: Scope): Words | { readonly wrong: Wrong } {
  const rendered = renderParts(text, scope)
  if ('wrong' in rendered) return rendered
  const state: State = { words: [], word: undefined, quote: '', escaped: false, empty: [] }
  for (const part of rendered.parts) {
    const wrong = feed(part, state)
    if (wrong) return { wrong }
  }
  if (state.quote !== '') return { wrong: { message: `a ${state.quote} is never closed`, needle: state.quote } }
  if (state.escaped) return { wrong: { message: 'ends in a backslash', needle: '' } }
  endWord(state)
  return { words: state.words, empty: state.empty }
}

interface State {
  readonly words: string[]
  word: string | undefined
  quote: '' | '"' | "'"
  escaped: boolean
  readonly empty: { needle: string; list: boolean }[]
}

function feed(part: Part, state: State): Wrong | undefined {
  if ('text' in part) return void scan(part.text, state)
  const text = textOf(part.value)
  if (text === undefined) return { message: `${part.needle} is ${part.value === null ? 'empty' : 'no text'}`, needle: part.needle }
  if (text.trim() === '') {
    state.empty.push({ needle: part.needle, list: Array.isArray(part.value) })
    state.word ??= ''
  } else if (state.quote !== '' || state.escaped) {
    state.word = (state.word ?? '') + text
    state.escaped = false
  } else {
    scan(text, state)
    if (state.quote !== '' || state.escaped) return { message: `${part.needle} holds a quote that is never closed`, needle: part.needle }
  }
  return undefined
}

function scan(text: string, state: State): void {
  if (state.quote === '' && !state.escaped && !/["'\\]/.test(text)) {
    scanPlain(text, state)
    return
  }
  for (const char of text) {
    if (state.escaped) {
      const kept = state.quote === '"' && !/["\\$`]/.test(char) ? `\\${char}` : char
      state.word = (state.word ?? '') + kept
      state.escaped = false
    } else if (char === '\\' && state.quote !== "'") state.escaped = true
    else if (char === state.quote) state.quote = ''
    else if (state.quote === '' && (char === '"' || char === "'")) {
      state.quote = char
      state.word ??= ''
    } else if (state.quote === '' && /[ \t\n]/.test(char)) endWord(state)
    else state.word = (state.word ?? '') + char
  }
}

/** Nothing is quoted: the text is cut at its blanks. */
function scanPlain(text: string, state: State): void {
  for (const [at, piece] of text.split(/[ \t\n]/).entries()) {
    if (at > 0) endWord(state)
    if (piece !== '') state.word = (state.word ?? '') + piece
  }
}

function endWord(state: State): void {
  if (state.word !== undefined) state.words.push(state.word)
  state.word = undefined
}
