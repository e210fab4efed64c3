import type { Problem } from '../types.js'
import type { Document, Path } from './document.js'
import { locator } from './locate.js'
import { pythonLiteral } from './python-literal.js'

type Body = { readonly hosts: Record<string, unknown>; readonly vars: Record<string, unknown>; readonly children: Record<string, unknown> }

/** Whether a text looks like an INI inventory: its first line is no beginning of YAML or JSON. */
export function looksLikeIni(text: string): boolean {
  const first = /^\uFEFF?(?:\s*(?:[#;].*)?\n)*[ \t]*(.*)/.exec(text)?.[1] ?? ''
  return isSection(first) || !/^(?:---|[-{%]|"[^"]*"\s*:|'[^']*'\s*:|[^\s=:]+\s*:(?:\s|$))/.test(first)
}

const isSection = (line: string): boolean => /^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?$/.test(line)

/** An INI inventory as a document in the YAML form: sections of hosts, `:vars` and `:children`, values as Python literals (ansible-core 2.14). */
export function readIni(file: string, text: string): Document {
  const source = text.startsWith('\uFEFF') ? text.slice(1) : text
  const locate = locator(file, source)
  const places = new Map<string, number>()
  const problems: Problem[] = []
  const groups: Record<string, Body> = Object.create(null)
  const reading: Reading = {
    groups,
    state: { group: 'ungrouped', kind: 'hosts' },
    sections: new Set(['all', 'ungrouped']),
    pending: [],
    refuse: (offset, message) => problems.push(locate(offset, [], message)),
    place: (path, offset) => {
      const key = JSON.stringify(path)
      if (!places.has(key)) places.set(key, offset)
    },
  }
  bodyOf(reading, 'ungrouped', 0)
  let offset = 0
  for (const line of source.split('\n')) {
    const start = offset + line.length - line.trimStart().length
    if (!/^\s*([#;].*)?$/.test(line)) readLine(line.trim(), start, reading)
    offset += line.length + 1
  }
  for (const { group, offset: at, message } of reading.pending) if (!reading.sections.has(group)) reading.refuse(at, message)
  return { file, value: groups, problems, problem: (path, message) => locate(offsetOf(path, places), path, message) }
}

interface Reading {
  readonly groups: Record<string, Body>
  state: { readonly group: string; readonly kind: 'hosts' | 'vars' | 'children' }
  /** Groups that have a section of hosts or children, and those that must have one in the end. */
  readonly sections: Set<string>
  readonly pending: { readonly group: string; readonly offset: number; readonly message: string }[]
  readonly refuse: (offset: number, message: string) => void
  readonly place: (path: Path, offset: number) => void
}

function offsetOf(path: Path, places: ReadonlyMap<string, number>): number {
  for (let length = path.length; length > 0; length--) {
    const found = places.get(JSON.stringify(path.slice(0, length)))
    if (found !== undefined) return found
  }
  return 0
}

function bodyOf({ groups, place }: Reading, name: string, offset: number): Body {
  const body = groups[name] ?? { hosts: Object.create(null), vars: Object.create(null), children: Object.create(null) }
  groups[name] = body
  place([name], offset)
  return body
}

function readLine(line: string, offset: number, reading: Reading): void {
  if (isSection(line) || (line.startsWith('[') && !/^\[[\da-fA-F:.]+\](:\d+)?(\s|$)/.test(line)))
    return void readSection(line, offset, reading)
  const { group, kind } = reading.state
  if (kind === 'hosts') return void readHost(line, offset, reading)
  if (kind === 'vars') return void readVariable(line, offset, reading)
  const child = /^([^:\]\s]+)\s*(?:#.*)?$/.exec(line)?.[1]
  if (child === undefined) return void reading.refuse(offset, `${JSON.stringify(line)} cannot name a group`)
  bodyOf(reading, group, offset).children[child] = null
  reading.place([group, 'children', child], offset)
  reading.pending.push({ group: child, offset, message: `[${group}:children] names the group "${child}", which has no section` })
}

function readSection(line: string, offset: number, reading: Reading): void {
  const [, group, kind = 'hosts'] = /^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?$/.exec(line) ?? []
  if (group === undefined) return void reading.refuse(offset, `${line} is no section: write [GROUP], [GROUP:vars] or [GROUP:children]`)
  if (kind !== 'hosts' && kind !== 'vars' && kind !== 'children')
    return void reading.refuse(offset, `a section cannot be of "${kind}": only of vars or children`)
  reading.state = { group, kind }
  if (kind === 'vars') reading.pending.push({ group, offset, message: `[${group}:vars] stands for a group that has no section` })
  else {
    reading.sections.add(group)
    bodyOf(reading, group, offset)
  }
}

function readHost(line: string, offset: number, reading: Reading): void {
  const words = splitLine(line)
  if (words === undefined) return void reading.refuse(offset, 'a quote is never closed')
  const [name, ...settings] = words
  if (name === undefined) return
  const { group } = reading.state
  const { hosts } = bodyOf(reading, group, offset)
  const vars = (hosts[name] ?? Object.create(null)) as Record<string, unknown>
  for (const setting of settings) {
    const at = setting.indexOf('=')
    if (at < 0) return void reading.refuse(offset, `${JSON.stringify(setting)} is no variable: write key=value`)
    vars[setting.slice(0, at)] = pythonLiteral(setting.slice(at + 1))
  }
  hosts[name] = vars
  reading.place([group, 'hosts', name], offset)
}

function readVariable(line: string, offset: number, reading: Reading): void {
  const at = line.indexOf('=')
  if (at < 0) return void reading.refuse(offset, `${JSON.stringify(line)} is no variable: write key=value`)
  const { group } = reading.state
  const name = line.slice(0, at).trim()
  bodyOf(reading, group, offset).vars[name] = pythonLiteral(line.slice(at + 1).trim())
  reading.place([group, 'vars', name], offset)
}

/** Python's shlex.split with comments: undefined where a quote is not closed. */
function splitLine(line: string): readonly string[] | undefined {
  const words: string[] = []
  let word: string | undefined
  for (let at = 0; at < line.length; at++) {
    const char = line.charAt(at)
    if (/\s/.test(char)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (char === '#') break
    else if (char === '\\') word = (word ?? '') + line.charAt(++at)
    else if (char === "'" || char === '"') {
      const inside = (char === "'" ? /^'([^']*)'/ : /^"((?:[^"\\]|\\[\s\S])*)"/).exec(line.slice(at))
      if (!inside) return undefined
      word = (word ?? '') + (char === '"' ? inside[1]!.replace(/\\(["\\])/g, '$1') : inside[1]!)
      at += inside[0].length - 1
    } else word = (word ?? '') + char
  }
  return word === undefined ? words : [...words, word]
}
