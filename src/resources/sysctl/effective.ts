import type { Reader } from './order.js'
import { type Assignment, parseFile } from './parse.js'

/** What a host will set at boot for one path: the line that wins, and the other lines that name it, which it masks. */
export interface BootValue {
  /** Absent where the winning line is an exclusion, so that nothing is set. */
  readonly value?: string
  readonly file: string
  readonly line: number
  readonly glob: boolean
  readonly masks: readonly Assignment[]
}

/** The boot value of a path by the rules of the host's own reader (sysctl.d(5), sysctl(8)); undefined where no line names it. */
export function bootValue(reader: Reader, path: string): BootValue | undefined {
  const runs = reader.runs.map((run) =>
    run.flatMap((file) => parseFile(file.path, file.text, reader.dialect)).filter((assignment) => names(assignment, path)),
  )
  const wins = runs.map((run) => winner(run, reader, path)).findLast((assignment) => assignment !== undefined)
  if (wins === undefined) return undefined
  const masks = runs.flat().filter((other) => other.kind !== 'exclude' && !(other.file === wins.file && other.line === wins.line))
  const place = { file: wins.file, line: wins.line, glob: wins.kind === 'glob', masks }
  return wins.kind === 'exclude' ? place : { ...place, value: wins.value }
}

/** Every line that names a path, in the reader's order. */
export function linesFor(reader: Reader, path: string): readonly Assignment[] {
  return reader.runs.flatMap((run) =>
    run.flatMap((file) => parseFile(file.path, file.text, reader.dialect)).filter((assignment) => names(assignment, path)),
  )
}

/** True where an assignment speaks of a path. */
export function names(assignment: Assignment, path: string): boolean {
  if (assignment.anyDot) return path.replaceAll('.', '/') === assignment.path
  return assignment.path === path || (assignment.kind !== 'set' && globPattern(assignment.path).test(path))
}

function winner(run: readonly Assignment[], reader: Reader, path: string): Assignment | undefined {
  if (reader.dialect === 'systemd') return systemdWinner(run, path)
  const set = run.findLast((assignment) => assignment.kind === 'set')
  if (set !== undefined) return set
  // An exclusion with wildcards excludes nothing: 4.0.2.
  if (run.some((assignment) => assignment.kind === 'exclude' && assignment.path === path)) return undefined
  return run.findLast((assignment) => assignment.kind === 'glob')
}

/** systemd keeps one entry per key or pattern: a later line takes the place at the end, but with the same value the place stays. */
function systemdWinner(run: readonly Assignment[], path: string): Assignment | undefined {
  const entries = new Map<string, Assignment>()
  for (const assignment of run) {
    const existing = entries.get(assignment.path)
    if (existing?.kind === assignment.kind && existing.value === assignment.value) continue
    entries.delete(assignment.path)
    entries.set(assignment.path, assignment)
  }
  return entries.get(path) ?? [...entries.values()].findLast((assignment) => assignment.kind === 'glob')
}

/** A pattern of glob(7) as an expression: `*` and `?` never match a slash. */
function globPattern(pattern: string): RegExp {
  const source = pattern.replace(/\[(!?)([^\]/]+)\]|[*?]|[.+^${}()|[\]\\]/g, (part, not: string | undefined, set: string | undefined) => {
    if (set !== undefined) return `[${not ? '^' : ''}${set.replaceAll('\\', '\\\\')}]`
    return part === '*' ? '[^/]*' : part === '?' ? '[^/]' : `\\${part}`
  })
  try {
    return new RegExp(`^${source}$`)
  } catch {
    return /(?!)/
  }
}
