import { decodeBytes } from '../text.js'
import type { Section } from '../types.js'

/** The word that starts every mark line of one script's output; it carries the run, so that no file of a host can hold it. */
export function markOf(run: string): string {
  return `@holdfast-${run}`
}

/**
 * Cuts a script's output at its marks. Whatever came before the first mark (a banner, a noisy .bashrc) is left out.
 * `undefined`: the end mark is missing, so the script did not run to its end.
 */
export function parseSections(stdout: Buffer, mark: string): readonly Section[] | undefined {
  const parts = decodeBytes(stdout).split(`\n${mark} `)
  const sections = parts.slice(1).map(cutHead)
  return sections.at(-1)?.kind === 'end' ? sections.slice(0, -1) : undefined
}

/** The sections of output that may have been cut: for saying what a host had got to. */
export function partialSections(stdout: Buffer, mark: string): readonly Section[] {
  return decodeBytes(stdout).split(`\n${mark} `).slice(1).map(cutHead)
}

function cutHead(part: string): Section {
  const lineEnd = part.indexOf('\n')
  const head = lineEnd < 0 ? part : part.slice(0, lineEnd)
  const blank = head.indexOf(' ')
  return {
    kind: blank < 0 ? head : head.slice(0, blank),
    name: blank < 0 ? '' : head.slice(blank + 1),
    body: lineEnd < 0 ? '' : part.slice(lineEnd + 1),
  }
}

/** The body of the first section of that kind (and name), if it was printed. */
export function bodyOf(sections: readonly Section[], kind: string, name?: string): string | undefined {
  return sections.find((section) => section.kind === kind && (name === undefined || section.name === name))?.body
}
