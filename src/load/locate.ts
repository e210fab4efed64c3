import type { Problem } from '../types.js'
import { withoutSecrets } from './secret.js'

/** Makes the problem at an offset of one file's text. */
export type Locate = (offset: number, path: readonly (string | number)[], message: string) => Problem

/** A `Locate` for a file; lines are ended by LF or CRLF, columns count UTF-16 units. */
export function locator(file: string, source: string): Locate {
  let starts: readonly number[] | undefined
  return (offset, path, message) => {
    starts ??= lineStarts(source)
    const line = lineOf(offset, starts)
    const start = starts[line] ?? 0
    const excerpt = source.slice(start, (starts[line + 1] ?? source.length + 1) - 1).replace(/\r$/, '')
    const shown = excerpt.trim() === '' ? {} : { excerpt: withoutSecrets(excerpt.slice(0, 500)) }
    return { file, line: line + 1, column: offset - start + 1, path: path.join('.'), message, ...shown }
  }
}

function lineStarts(source: string): readonly number[] {
  const starts = [0]
  for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

function lineOf(offset: number, starts: readonly number[]): number {
  let low = 0
  for (let high = starts.length; high - low > 1; ) {
    const middle = (low + high) >> 1
    if ((starts[middle] ?? 0) <= offset) low = middle
    else high = middle
  }
  return low
}
