import type { ProfileFile } from '../generated/profile.js'
import { readCondition } from '../resources/iptables/when.js'
import type { Problem, Profile } from '../types.js'
import { check, sortProblems, valueAt } from './check.js'
import { type Document, type Path, readDocument } from './document.js'
import { type Files, join } from './files.js'
import { didYouMean } from './nearest.js'
import { slowExpression } from './slow-expression.js'

/** A profile, or why there is none: a sentence for the place that names it, and the problems of its own file. */
export type FoundProfile =
  | { readonly profile: Profile; readonly problems: readonly [] }
  | { readonly wrong?: string; readonly problems: readonly Problem[] }

/** Finds a profile as a path, else `profiles/NAME.yaml` beside the playbook, else in the folder of those shipped. */
export function findProfile(name: string, folder: string, shipped: string, files: Files): FoundProfile {
  const isPath = name.includes('/') || /\.ya?ml$/.test(name)
  const places = isPath
    ? [join(folder, name), name]
    : [`${join(folder, 'profiles')}/${name}.yaml`, `${join(folder, 'profiles')}/${name}.yml`, `${shipped}/${name}.yaml`]
  for (const file of places) {
    const text = files.read(file)
    if (text !== undefined) return readProfile(file, text)
  }
  const known = [join(folder, 'profiles'), shipped].flatMap((each) => files.list(each) ?? []).map((each) => each.replace(/\.ya?ml$/, ''))
  return { wrong: `there is no profile ${JSON.stringify(name)}${didYouMean(name, known)}`, problems: [] }
}

/** Reads a profile's text; its expressions are tried, so that a bad one is told here and not on a host. */
export function readProfile(file: string, text: string): FoundProfile {
  const document = readDocument(file, text, 'core')
  const first = [...document.problems, ...check('profile', document)]
  const second = expressionProblems(document).filter(({ path }) => !first.some((problem) => problem.path === path))
  if (first.length + second.length > 0) return { problems: sortProblems([...first, ...second]) }
  return { profile: toProfile(file, document.value as ProfileFile), problems: [] }
}

/** What is wrong with the expressions and conditions, also of a document that has other problems. */
function expressionProblems(document: Document): readonly Problem[] {
  const problems: Problem[] = []
  const tell = (path: Path, message: string | undefined) => {
    if (message !== undefined) problems.push(document.problem(path, message))
  }
  const expression = (path: Path, groups: readonly string[]) => {
    const text = textAt(document, path)
    if (text) tell(path, expressionWrong(text, groups))
  }
  const display = textAt(document, ['version', 'display']) ?? ''
  const shown = [...display.matchAll(/\{(\w+)\}/g)].map((found) => found[1] ?? '')
  expression(['version', 'expression'], shown)
  expression(['iptables', 'read'], ['rule'])
  const commands = valueAt(document.value, ['iptables', 'reload', 'commands'])
  for (const at of Array.isArray(commands) ? commands.keys() : []) {
    const path = ['iptables', 'reload', 'commands', at, 'when']
    const when = textAt(document, path)
    if (when && !readCondition(when)) tell(path, `${JSON.stringify(when)} is no condition: write it as sp == 3 && build < 3312`)
  }
  return problems
}

function textAt(document: Document, path: Path): string | undefined {
  const value = valueAt(document.value, path)
  return typeof value === 'string' ? value : undefined
}

function expressionWrong(text: string, groups: readonly string[]): string | undefined {
  try {
    new RegExp(text)
  } catch (error) {
    return `is not a regular expression: ${error instanceof Error ? error.message.replace(/^Invalid regular expression: /, '') : ''}`
  }
  const slow = slowExpression(text, 8)
  if (slow) return slow
  const missing = groups.find((group) => !text.includes(`(?<${group}>`))
  return missing === undefined ? undefined : `has no group (?<${missing}>...)`
}

function toProfile(file: string, { name, version, iptables, sysctl }: ProfileFile): Profile {
  return {
    name,
    file,
    ...(version && { version }),
    ...(iptables && { iptables: { ...iptables, reload: reloadOf(iptables.reload) } }),
    ...(sysctl && { sysctl }),
  }
}

type WrittenReload = NonNullable<NonNullable<ProfileFile['iptables']>['reload']>
type Reload = NonNullable<Profile['iptables']>['reload']

function reloadOf(written: WrittenReload | undefined): Reload {
  return written ?? { wanted: false, commands: [] }
}
