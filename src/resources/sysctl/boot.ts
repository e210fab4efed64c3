import type { Change } from '../../types.js'
import { gathered, isOwn } from './dropin.js'
import { appendLine, commentOut, dropOwn, ownEntries, replaceValue, setOwn } from './edit.js'
import { type BootValue, bootValue, linesFor } from './effective.js'
import { type SeenFiles, withText } from './files.js'
import { bootReader, type Reader, type ReaderFacts } from './order.js'
import type { Assignment } from './parse.js'
import { sameValue } from './value.js'
import type { SysctlKey } from './want.js'

/** What a plan of the boot layer works on: the files as they will be, and what has been said of them so far. */
export interface Draft {
  readonly files: SeenFiles
  /** Changes by the file (its real path) whose effect carries them. */
  readonly changes: ReadonlyMap<string, readonly Change[]>
  readonly warnings: readonly string[]
}

/** What is known of a host beside its files. `shape` is how a key looks live, `constant` what it holds without a line. */
export interface BootFacts extends ReaderFacts {
  shape(path: string): string | undefined
  constant(path: string): string | undefined
}

/** A draft in which one wanted key is what the host will hold after a boot; the draft itself where it is so already. */
export function holdAtBoot(draft: Draft, key: SysctlKey, facts: BootFacts): Draft {
  const reader = bootReader(draft.files, facts)
  const before = bootValue(reader, key.path)
  if (holds(before, key, facts)) return draft
  const set = reader.own.kind === 'file' ? setInPlace(draft.files, reader, reader.own.path, key) : setInDropIn(draft.files, key)
  const silenced = silence(set.files, set.path, key, facts)
  if (typeof silenced === 'string') return { ...draft, warnings: [...draft.warnings, `${key.key} cannot be held at boot: ${silenced}`] }
  const change: Change = {
    resource: 'sysctl',
    layer: 'boot',
    at: key.key,
    ...textOf(before?.value ?? facts.constant(key.path)),
    after: key.value,
    cause: 'new',
    note: [...explain(reader, before), ...silenced.lines.map((line) => `${line} is commented out`)].join('; '),
  }
  return { ...draft, files: silenced.files, changes: added(draft.changes, set.path, change) }
}

/** A draft without the own line of a key; what the host will then hold is `bootValue` of the new files. */
export function letGo(draft: Draft, path: string, key: string, facts: BootFacts): Draft {
  const file = [...draft.files.files.values()].find((one) => isOwn(one.path) && ownEntries(one.text).some((entry) => entry.path === path))
  if (file === undefined) return draft
  const before = bootValue(bootReader(draft.files, facts), path)
  const text = dropOwn(file.text, path)
  const note = `its line goes from ${file.path}`
  const change: Change = { resource: 'sysctl', layer: 'boot', at: key, ...textOf(before?.value), cause: 'intent', note }
  const files = withText(draft.files, file.real, ownEntries(text).length === 0 ? null : text)
  return letGo({ ...draft, files, changes: added(draft.changes, file.real, change) }, path, key, facts)
}

/** `wins: file:line` and `masks: file:line`, as far as they apply; the reader's name where no line does. */
export function explain(reader: Reader, value: BootValue | undefined): readonly string[] {
  if (value === undefined) return [`no line that ${reader.name} reads names it`]
  const masks = value.masks.map((line) => `${line.file}:${line.line}`)
  return [`wins: ${value.file}:${value.line}`, ...(masks.length === 0 ? [] : [`masks: ${masks.join(', ')}`])]
}

function holds(value: BootValue | undefined, key: SysctlKey, facts: BootFacts): boolean {
  const text = value === undefined || value.value === undefined ? facts.constant(key.path) : value.value
  return text !== undefined && agrees(text, key, facts)
}

function agrees(text: string, key: SysctlKey, facts: BootFacts): boolean {
  return sameValue(key.path, text, key.value, facts.shape(key.path) ?? key.value)
}

function setInDropIn(seen: SeenFiles, key: SysctlKey): { readonly files: SeenFiles; readonly path: string } {
  const own = gathered(seen)
  return { files: withText(own.files, own.real, setOwn(own.text, key.origin.playbook, key.path, key.value)), path: own.real }
}

/** Where only one file is read: its last line of the key is set, earlier ones are put out of force, a missing one is added at the end. */
function setInPlace(seen: SeenFiles, reader: Reader, path: string, key: SysctlKey): { readonly files: SeenFiles; readonly path: string } {
  const file = seen.files.get(path) ?? { path, real: path, text: '' }
  const lines = linesFor(reader, key.path).filter((line) => line.kind === 'set')
  const last = lines.at(-1)
  const text =
    last === undefined
      ? appendLine(file.text, key.origin.playbook, key.path, key.value)
      : replaceValue(without(file.text, lines.slice(0, -1)), last.line, key.value)
  return { files: withText(seen, file.real, text), path: file.real }
}

function without(text: string, lines: readonly Assignment[]): string {
  return lines.reduce((kept, line) => commentOut(kept, line.line), text)
}

/** Puts out of force, in /etc, what contradicts in sysctl.conf and whatever would still win; a text says which line cannot be beaten. */
function silence(
  seen: SeenFiles,
  own: string,
  key: SysctlKey,
  facts: BootFacts,
): { readonly files: SeenFiles; readonly lines: readonly string[] } | string {
  const done: string[] = []
  let files = seen
  for (;;) {
    const reader = bootReader(files, facts)
    const wins = bootValue(reader, key.path)
    const loud = contradiction(files, own, key, facts) ?? (holds(wins, key, facts) ? undefined : wins)
    if (loud === undefined) return holds(wins, key, facts) ? { files, lines: done } : `${reader.name} would not read ${own}`
    const file = files.files.get(loud.file)
    if (file === undefined || file.real === own || !file.real.startsWith('/etc/') || loud.glob)
      return `${loud.file}:${loud.line} wins over ${own} (${reader.name})`
    done.push(`${file.real}:${loud.line}`)
    files = withText(files, file.real, commentOut(file.text, loud.line))
  }
}

/** `sysctl -p` and `sysctl --system` would apply /etc/sysctl.conf again, whoever reads at boot: no line there may say otherwise. */
function contradiction(
  seen: SeenFiles,
  own: string,
  key: SysctlKey,
  facts: BootFacts,
): { readonly file: string; readonly line: number; readonly glob: boolean } | undefined {
  const file = seen.files.get('/etc/sysctl.conf')
  if (file === undefined || file.real === own || !file.real.startsWith('/etc/')) return undefined
  const reader: Reader = { name: '', dialect: 'procps', runs: [[file]], own: { kind: 'file', path: file.path } }
  const line = linesFor(reader, key.path).find((one) => one.kind === 'set' && !agrees(one.value, key, facts))
  return line === undefined ? undefined : { file: line.file, line: line.line, glob: false }
}

function textOf(before: string | undefined): { readonly before?: string } {
  return before === undefined ? {} : { before }
}

function added(changes: Draft['changes'], path: string, change: Change): Draft['changes'] {
  return new Map([...changes, [path, [...(changes.get(path) ?? []), change]]])
}
