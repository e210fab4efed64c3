import type { Play as WrittenPlay } from '../generated/playbook.js'
import type { Problem } from '../types.js'
import { ansiblePlaybook } from './ansible-playbook.js'
import { faultsOf } from './check.js'
import type { Document } from './document.js'
import { type Files, piped } from './files.js'
import { readPlaybookText } from './known-text.js'
import { soundPlay } from './sound-play.js'
import { hasTemplate } from './template.js'

/** A play as it is written, without the parts that have problems already, and where. */
export interface Play {
  readonly written: WrittenPlay
  /** Variables that it uses may stand in a part that has a problem. */
  readonly lenient: boolean
  readonly document: Document
  /** Its place in the playbook, from 0. */
  readonly index: number
  /** What people know it by: its name, or its number. */
  readonly name: string
  /** Path of the playbook as seen from the inventory's folder. */
  readonly playbook: string
}

/** Reads playbooks into their plays, in order; `unsound` are the texts of those that have problems. */
export function readPlaybooks(
  paths: readonly string[],
  originOf: (path: string) => string,
  files: Files,
): { readonly plays: readonly Play[]; readonly problems: readonly Problem[]; readonly unsound: readonly string[] } {
  const problems: Problem[] = []
  const unsound: string[] = []
  const plays = paths.flatMap((path) => {
    const text = files.read(path)
    const document = readPlaybookText(path === '-' ? piped : path, text ?? '', files.known)
    const before = problems.length
    if (text === undefined) problems.push(document.problem([], 'there is no such playbook'))
    const alien = ansiblePlaybook(document)
    if (alien) problems.push(alien)
    const read = text === undefined || alien ? [] : playsOf(document, originOf(path), problems)
    if (problems.length > before) unsound.push(text ?? '')
    return read
  })
  return { plays, problems, unsound }
}

function playsOf(document: Document, playbook: string, problems: Problem[]): readonly Play[] {
  const faults = faultsOf('playbook', document)
  problems.push(...document.problems, ...faults.map(({ problem }) => problem))
  if (!Array.isArray(document.value)) return []
  return document.value.flatMap((value: unknown, index): readonly Play[] => {
    const sound = soundPlay(value, index, faults)
    if (!sound) return []
    const { written } = sound
    const templates = (['name', 'hosts', 'profile'] as const).filter((key) => [written[key] ?? ''].flat().some(hasTemplate))
    for (const key of templates) problems.push(document.problem([index, key], `${key}: takes no templates`))
    const plain = Object.fromEntries(Object.entries(written).filter(([key]) => !templates.some((each) => each === key)))
    return [
      {
        ...sound,
        written: { ...plain, hosts: plain.hosts ?? [] } as WrittenPlay,
        document,
        index,
        name: nameOf(document.value as readonly unknown[], index, written.name),
        playbook,
      },
    ]
  })
}

/** Two plays of one name are told apart by their number: what is done for one is not done for the other. */
function nameOf(plays: readonly unknown[], index: number, name: string | undefined): string {
  if (name === undefined) return `play ${index + 1}`
  const before = plays.slice(0, index).some((other) => (other as { readonly name?: unknown } | null)?.name === name)
  return before ? `${name} (play ${index + 1})` : name
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
