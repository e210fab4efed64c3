import type { Problem } from '../types.js'
import { type Locate, locator } from './locate.js'

/** An entry of a file in the form of Python's configparser, and where it stands. */
export interface Entry {
  readonly value: string
  readonly offset: number
}

export interface Config {
  readonly file: string
  readonly locate: Locate
  readonly problems: readonly Problem[]
  /** A section that is not there has no entries; one that is has those of [DEFAULT], too. */
  readonly entry: (section: string, key: string) => Entry | undefined
}

interface Open {
  readonly lines: string[]
  readonly offset: number
}

/** Reads `ansible.cfg` as Ansible does: Python's configparser with `;` behind a value as a comment, no interpolation, nothing twice. */
export function readConfig(file: string, text: string): Config {
  const locate = locator(file, text)
  const problems: Problem[] = []
  const sections = new Map<string, Map<string, Open>>()
  let section: Map<string, Open> | undefined
  let open: Open | undefined
  let indent = 0
  let offset = 0
  for (const line of text.split('\n')) {
    const start = offset
    offset += line.length + 1
    const value = withoutComment(line)
    if (value === undefined) continue
    const inward = line.search(/\S/)
    if (value === '') {
      open?.lines.push('')
      continue
    }
    if (open && inward > indent) {
      open.lines.push(value)
      continue
    }
    indent = inward
    open = undefined
    const refuse = (message: string): unknown => problems.push(locate(start + inward, [], message))
    const header = /^\[(.+)\]/.exec(value)?.[1]
    const option = /^(.*?)\s*[=:]\s*(.*)$/.exec(value)
    if (header !== undefined) {
      if (sections.has(header) && header !== 'DEFAULT') refuse(`the section [${header}] stands here twice`)
      section = sections.get(header) ?? new Map()
      sections.set(header, section)
    } else if (!section) refuse('an entry must stand in a [section]')
    else if (!option || option[1] === '') refuse('is no entry: write key = value')
    else {
      const key = option[1]!.toLowerCase()
      if (section.has(key)) refuse(`${key} stands here twice`)
      open = { lines: [option[2]!], offset: start + inward }
      section.set(key, open)
    }
  }
  return {
    file,
    locate,
    problems,
    entry: (name, key) => entryOf(sections.get(name) && (sections.get(name)?.get(key) ?? sections.get('DEFAULT')?.get(key))),
  }
}

/** A line without its comment, trimmed; undefined where it is nothing but a comment. */
function withoutComment(line: string): string | undefined {
  if (/^\s*[#;]/.test(line)) return undefined
  return line.replace(/\s;.*$/s, '').trim()
}

function entryOf(found: Open | undefined): Entry | undefined {
  return found && { value: found.lines.join('\n').trimEnd(), offset: found.offset }
}
