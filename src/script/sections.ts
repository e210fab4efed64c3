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
  const sections = partialSections(stdout, mark)
  return sections.at(-1)?.kind === 'end' ? sections.slice(0, -1) : undefined
}

/** The sections of output that may have been cut: for saying what a host had got to. */
export function partialSections(stdout: Buffer, mark: string): readonly Section[] {
  const head = Buffer.from(`\n${mark} `)
  const sections: Section[] = []
  for (let at = stdout.indexOf(head); at >= 0; ) {
    const next = stdout.indexOf(head, at + head.length)
    sections.push(cutHead(stdout.subarray(at + head.length, next < 0 ? stdout.length : next)))
    at = next
  }
  return sections
}

/** Each part is decoded for itself: a part of a longer string would keep all of it in memory, for as long as a name of a file is kept. */
function cutHead(part: Buffer): Section {
  const lineEnd = part.indexOf(10)
  const head = decodeBytes(lineEnd < 0 ? part : part.subarray(0, lineEnd))
  const blank = head.indexOf(' ')
  return {
    kind: blank < 0 ? head : head.slice(0, blank),
    name: blank < 0 ? '' : head.slice(blank + 1),
    body: lineEnd < 0 ? '' : decodeBytes(part.subarray(lineEnd + 1)),
  }
}

/** The body of the first section of that kind (and name), if it was printed. */
export function bodyOf(sections: readonly Section[], kind: string, name?: string): string | undefined {
  return sections.find((section) => section.kind === kind && (name === undefined || section.name === name))?.body
}
