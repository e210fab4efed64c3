import { ambiguity, readCore, readPyYaml } from '../load/scalars.js'
import { printable } from '../text.js'

/** A value as YAML on one line, for a reader of YAML 1.1 or 1.2: plain words bare, all other text in double quotes. */
export function flow(value: unknown): string {
  if (typeof value === 'string') return isPlain(value) ? value : quoted(value)
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  const entries = Object.entries(value).map(([key, item]) => `${flow(key)}: ${flow(item)}`)
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
}

/** Text behind `key: ` on a line of its own: words with blanks between them stay bare, too. */
export function line(text: string): string {
  const bare = /^(-?[A-Za-z0-9_./]|--[a-z])[-A-Za-z0-9_./ {}(),=+%@^~:!]*$/.test(text)
  return bare && !/: |:$| $|^- /.test(text) && isText(text) ? text : quoted(text)
}

/** A comment, whatever stands in the text. */
export function comment(text: string, indent = ''): string {
  return `${indent}# ${printable(text)}`
}

function isPlain(text: string): boolean {
  return /^[A-Za-z0-9_./][A-Za-z0-9_./-]*$/.test(text) && isText(text)
}

// Some readers of YAML 1.1 take y and n for true and false.
const isText = (text: string): boolean =>
  !/^[yn]$/i.test(text) && readCore(text) === text && readPyYaml(text) === text && ambiguity(text) === undefined

function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\x7f-\x9f\u2028\u2029\uFEFF\uFFFE\uFFFF]/g,
    (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
