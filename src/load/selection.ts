import type { Problem } from '../types.js'
import type { Files } from './files.js'
import type { Inventory } from './inventory.js'
import { didYouMean } from './nearest.js'
import { matchPattern } from './patterns.js'
import { type Play, tagsOf } from './playbook.js'

/** The hosts that --limit leaves (`@FILE` stands for the patterns in a file, one a line), and what is wrong with it. */
export function limitHosts(
  limit: string,
  inventory: Inventory,
  files: Files,
): { readonly hosts: ReadonlySet<string>; readonly problems: readonly Problem[] } {
  const problems: Problem[] = []
  const refuse = (message: string) => problems.push(argumentProblem('--limit', limit, message))
  const parts = limit.split(',').flatMap((part) => {
    if (!part.trim().startsWith('@')) return [part]
    const file = part.trim().slice(1)
    const text = files.read(file)
    if (text === undefined) refuse(`there is no file ${file}`)
    return (text ?? '').split(/\r?\n/)
  })
  const match = matchPattern(parts, inventory)
  for (const { message } of problems.length > 0 ? [] : match.wrong) refuse(message)
  return { hosts: match.hosts, problems }
}

const special = new Set(['all', 'tagged', 'untagged', 'always', 'never'])

/** A tag of --tags that no play has would pick nothing and look like success; one that may stand in a text that was not read whole is not told. */
export function unknownTags(asked: readonly string[], plays: readonly Play[], unsound: readonly string[]): readonly Problem[] {
  const known = new Set(plays.flatMap(tagsOf))
  return asked
    .filter((tag) => !known.has(tag) && !special.has(tag) && !unsound.some((text) => text.includes(tag)))
    .map((tag) => argumentProblem('--tags', asked.join(','), `no play has the tag "${tag}"${didYouMean(tag, known)}`))
}

function argumentProblem(option: string, value: string, message: string): Problem {
  return { file: option, line: 1, column: 1, path: '', message, excerpt: value }
}
