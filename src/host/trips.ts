import { randomBytes } from 'node:crypto'
import { markOf, parseSections, partialSections } from '../script/sections.js'
import { decodeBytes, printable } from '../text.js'
import type { Section, Target } from '../types.js'
import { looksLikeNoShell } from './no-shell.js'
import { NoShell, type Session } from './session.js'

/** A script's output as sections; throws NoShell or an Error with the host's words when it did not run to its end. */
export async function runScript(
  session: Session,
  target: Target,
  timeout: number,
  script: (mark: string) => string,
): Promise<readonly Section[]> {
  const mark = markOf(randomBytes(8).toString('hex'))
  const ran = await session.run(script(mark), { timeout })
  const sections = parseSections(ran.stdout, mark)
  if (sections !== undefined) return sections
  if (partialSections(ran.stdout, mark).length === 0) {
    const sentence = looksLikeNoShell(ran, { user: target.user, becomeUser: target.becomeUser })
    if (sentence !== undefined) throw new NoShell(sentence)
  }
  const words = printable(decodeBytes(ran.stderr).trim().split('\n').slice(-3).join('; '))
  const how = ran.signal === undefined ? `with ${ran.code}` : `by ${ran.signal}`
  throw new Error(`the script ended early (${how})${words === '' ? '' : `: ${words}`}`)
}

/** The body of the first section of that kind, if there is one. */
export function sectionOf(sections: readonly Section[], kind: string): string | undefined {
  return sections.find((section) => section.kind === kind)?.body.trim()
}
