import { type Document, readDocument } from '../load/document.js'
import { type Files, piped } from '../load/files.js'
import { hole } from '../load/hole.js'
import type { Problem } from '../types.js'
import { type Fields, isFields, shortName, type Task } from './tasks.js'

/** Who is told, in the order in which Ansible runs things. */
export interface Visitor {
  readonly task: (task: Task, fields: Fields) => void
  /** Something that holds tasks and cannot be opened. */
  readonly left: (problem: Problem, module: string) => void
  readonly note: (text: string) => void
  /** The text of a file has mistakes. */
  readonly broken: (problems: readonly Problem[]) => void
}

/** Reads a file of YAML as Ansible does; undefined: it is not there, or locked, which is told. */
export function open(path: string, files: Files, visitor: Visitor): Document | undefined {
  const text = files.read(path)
  if (text === undefined) return undefined
  if (text.startsWith('$ANSIBLE_VAULT;')) {
    visitor.broken([
      {
        file: path,
        line: 1,
        column: 1,
        path: '',
        message: 'is encrypted with ansible-vault: what stands in it would be written out in clear',
      },
    ])
    return undefined
  }
  const document = readDocument(path === '-' ? piped : path, text, 'pyyaml', files.unvault)
  if (document.value === hole) visitor.broken(document.problems)
  else for (const problem of document.problems) visitor.left(problem, 'yaml')
  return document
}

/** A value that may be a list, or `a, b`, as a list. */
export function listOf(value: unknown): readonly unknown[] {
  return value === undefined || value === null
    ? []
    : Array.isArray(value)
      ? value
      : typeof value === 'string'
        ? value.split(/\s*,\s*/)
        : [value]
}

/** The module defaults that are for one module, by its short name. */
export function standingOf(standing: Fields, short: string): Fields {
  const own = Object.entries(standing).filter(([name, args]) => shortName(name) === short && isFields(args))
  return Object.assign({}, ...own.map(([, args]) => args)) as Fields
}
