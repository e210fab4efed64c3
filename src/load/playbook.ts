import type { Playbook, Play as WrittenPlay } from '../generated/playbook.js'
import type { Problem } from '../types.js'
import { check } from './check.js'
import { type Document, readDocument } from './document.js'
import type { Files } from './files.js'
import { hasTemplate } from './template.js'

/** A play as it is written, and where. */
export interface Play {
  readonly written: WrittenPlay
  readonly document: Document
  /** Its place in the playbook, from 0. */
  readonly index: number
  /** What people know it by: its name, or its number. */
  readonly name: string
  /** Path of the playbook as seen from the inventory's folder. */
  readonly playbook: string
}

/** Reads playbooks into their plays, in order. */
export function readPlaybooks(
  paths: readonly string[],
  originOf: (path: string) => string,
  files: Files,
): { readonly plays: readonly Play[]; readonly problems: readonly Problem[] } {
  const problems: Problem[] = []
  const plays = paths.flatMap((path) => {
    const text = files.read(path)
    const document = readDocument(path, text ?? '', 'core')
    const found =
      text === undefined ? [document.problem([], 'there is no such playbook')] : [...document.problems, ...check('playbook', document)]
    problems.push(...found)
    return found.length > 0 ? [] : playsOf(document, originOf(path), problems)
  })
  return { plays, problems }
}

function playsOf(document: Document, playbook: string, problems: Problem[]): readonly Play[] {
  return (document.value as Playbook).map((written, index) => {
    for (const key of ['name', 'hosts', 'profile'] as const) {
      if ([written[key] ?? ''].flat().some(hasTemplate)) problems.push(document.problem([index, key], `${key}: takes no templates`))
    }
    return { written, document, index, name: written.name ?? `play ${index + 1}`, playbook }
  })
}

/** Whether --tags picks the play (no tags asked for: always; `always` and `never` as Ansible has them). */
export function isPicked(play: Play, asked: readonly string[]): boolean {
  const own = tagsOf(play)
  if (own.includes('never') && !own.some((tag) => asked.includes(tag))) return false
  if (asked.length === 0 || asked.includes('all') || own.includes('always')) return true
  if (asked.includes('untagged') && own.length === 0) return true
  return own.some((tag) => asked.includes(tag)) || (asked.includes('tagged') && own.length > 0)
}

/** The tags of a play, a list or `a,b`. */
export function tagsOf(play: Play): readonly string[] {
  return splitTags([play.written.tags ?? []].flat())
}

/** Tags one by one, from words that may hold several with commas. */
export function splitTags(words: readonly string[]): readonly string[] {
  return words
    .flatMap((word) => word.split(','))
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '')
}
