import type { ProfileFile } from '../generated/profile.js'
import type { Problem, Profile } from '../types.js'
import { check } from './check.js'
import { type Document, type Path, readDocument } from './document.js'
import { type Files, join } from './files.js'
import { didYouMean } from './nearest.js'
import { readCondition } from './when.js'

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
  const problems = [...document.problems, ...check('profile', document)]
  if (problems.length > 0) return { problems }
  const written = document.value as ProfileFile
  const wrong = expressionProblems(written, document)
  return wrong.length > 0 ? { problems: wrong } : { profile: toProfile(file, written), problems: [] }
}

function expressionProblems({ version, iptables }: ProfileFile, document: Document): readonly Problem[] {
  const problems: Problem[] = []
  const expression = (text: string, path: Path, groups: readonly string[]) => {
    const message = expressionWrong(text, groups)
    if (message !== undefined) problems.push(document.problem(path, message))
  }
  if (version) {
    const shown = [...version.display.matchAll(/\{(\w+)\}/g)].map((found) => found[1] ?? '')
    expression(version.expression, ['version', 'expression'], shown)
  }
  if (iptables) expression(iptables.read, ['iptables', 'read'], ['rule'])
  for (const [at, { when }] of (iptables?.reload?.commands ?? []).entries()) {
    if (when === undefined || readCondition(when)) continue
    problems.push(
      document.problem(
        ['iptables', 'reload', 'commands', at, 'when'],
        `${JSON.stringify(when)} is no condition: write it as sp == 3 && build < 3312`,
      ),
    )
  }
  return problems
}

function expressionWrong(text: string, groups: readonly string[]): string | undefined {
  try {
    new RegExp(text)
  } catch (error) {
    return `is not a regular expression: ${error instanceof Error ? error.message.replace(/^Invalid regular expression: /, '') : ''}`
  }
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
