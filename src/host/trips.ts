import { randomBytes } from 'node:crypto'
import { stateDir } from '../script/facts.js'
import { lookScript } from '../script/look.js'
import type { Remembering } from '../script/remembered.js'
import { markOf, parseSections, partialSections } from '../script/sections.js'
import { decodeBytes, printable } from '../text.js'
import type { Section, Target } from '../types.js'
import { looksLikeNoShell } from './no-shell.js'
import { ConnectionLost, NoShell, type Session } from './session.js'

/** A script did not run to its end, or could not begin there: what it did is told by `sections`, as far as they came. */
export class EndedEarly extends Error {
  constructor(
    message: string,
    readonly sections: readonly Section[],
  ) {
    super(message)
    this.name = 'EndedEarly'
  }
}

/** More than any ruleset needs; a host that answers for ever must not fill the controller. */
const maxOutput = 32 * 1024 * 1024

/** A script's output as sections; throws NoShell, ConnectionLost or EndedEarly with the host's words when it did not run to its end. */
export async function runScript(
  session: Session,
  target: Target,
  timeout: number,
  script: (mark: string) => string,
): Promise<readonly Section[]> {
  const mark = markOf(randomBytes(8).toString('hex'))
  const ran = await session.run(script(mark), { timeout, maxOutput }).catch((error: unknown) => {
    if (error instanceof ConnectionLost) lostSections.set(error, partialSections(error.stdout, mark))
    throw error
  })
  const sections = parseSections(ran.stdout, mark)
  if (sections !== undefined) return whole(sections)
  const partial = partialSections(ran.stdout, mark)
  if (partial.length === 0) {
    const sentence = looksLikeNoShell(ran, { user: target.user, becomeUser: target.becomeUser })
    if (sentence !== undefined) throw new NoShell(sentence)
  }
  if (cannotRecall(partial))
    throw new EndedEarly(`what the host remembers of an earlier look cannot be read: ${stateDir}/look there`, partial)
  const words = printable(decodeBytes(ran.stderr).trim().split('\n').slice(-3).join('; '))
  const how = ran.signal === undefined ? `with ${ran.code}` : `by ${ran.signal}`
  throw new EndedEarly(`the script ended early (${how})${words === '' ? '' : `: ${words.slice(0, 500)}`}`, partial)
}

const cannotRecall = (sections: readonly Section[]): boolean =>
  sections.at(-1)?.kind === 'end' && sections.some(({ kind }) => kind === 'packed')

/** A look; where what the host remembers of an earlier one cannot be read, another without it, which leaves a sound one if it may write. */
export function runLook(
  session: Session,
  target: Target,
  timeout: number,
  body: string,
  remembering?: Remembering,
): Promise<readonly Section[]> {
  const look = (how?: Remembering) => runScript(session, target, timeout, (mark) => lookScript(body, mark, how))
  return look(remembering).catch((error: unknown) => {
    if (!(error instanceof EndedEarly) || !cannotRecall(error.sections)) throw error
    return look(remembering === undefined ? 'never' : 'always')
  })
}

const lostSections = new WeakMap<ConnectionLost, readonly Section[]>()

/** What had come when a script's connection was lost or the script died: nothing in it is cut but the last section. */
export function sectionsOf(error: unknown): readonly Section[] {
  if (error instanceof EndedEarly) return error.sections
  return error instanceof ConnectionLost ? (lostSections.get(error) ?? []) : []
}

function whole(sections: readonly Section[]): readonly Section[] {
  const lacking = sectionOf(sections, 'lacking')
  if (lacking === undefined) return sections
  throw new EndedEarly(`the host lacks commands that no script can do without: ${printable(lacking)}; nothing was changed`, [])
}

/** The body of the first section of that kind, if there is one. */
export function sectionOf(sections: readonly Section[], kind: string): string | undefined {
  return sections.find((section) => section.kind === kind)?.body.trim()
}
