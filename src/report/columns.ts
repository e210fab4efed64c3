const wide =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u
const halfwidth = /[\uff61-\uffdc]/

/** Columns that printable text takes on a terminal: an ideograph two, a combining mark none (UAX #11, in short). */
export function widthOf(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length
  let width = 0
  for (const mark of text) width += /[\p{Mn}\p{Me}]/u.test(mark) ? 0 : wide.test(mark) && !halfwidth.test(mark) ? 2 : 1
  return width
}

/** Text filled with blanks up to a width. */
export const pad = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)))

/** Text cut into lines of at most `width` columns, at blanks where there are any; `first` and `rest` are put before its lines and counted. */
export function wrap(text: string, width: number, first = '', rest = first): readonly string[] {
  const lines: string[] = []
  let line = first
  let empty = true
  for (const word of text.split(' ').flatMap((part) => pieces(part, Math.max(8, width - widthOf(rest))))) {
    if (!empty && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line.trimEnd())
      line = rest
      empty = true
    }
    line += empty ? word : ` ${word}`
    empty = false
  }
  return [...lines, line]
}

/** A word that is too long for a line, in parts that are not. */
function pieces(word: string, width: number): readonly string[] {
  if (widthOf(word) <= width) return [word]
  const parts: string[] = []
  let part = ''
  for (const mark of word) {
    if (widthOf(part) + widthOf(mark) > width) {
      parts.push(part)
      part = ''
    }
    part += mark
  }
  return [...parts, part]
}
