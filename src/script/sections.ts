import { decodeBytes } from '../text.js'
import type { Section } from '../types.js'

/** The word that starts every mark line of one script's output; it carries the run, so that no file of a host can hold it. */
export function markOf(run: string): string {
  return `@holdfast-${run}`
}

/**
 * Cuts a script's output at its marks. Whatever came before the first mark (a banner, a noisy .bashrc) is left out.
 * `undefined`: the end mark is missing, so the script did not run to its end; or texts of files that came in one piece are not as long as was said.
 */
export function parseSections(stdout: Buffer, mark: string): readonly Section[] | undefined {
  const sections = partialSections(stdout, mark)
  return sections.at(-1)?.kind === 'end' && !sections.some(({ kind }) => kind === 'files') ? sections.slice(0, -1) : undefined
}

/** The sections of output that may have been cut: for saying what a host had got to. */
export function partialSections(stdout: Buffer, mark: string): readonly Section[] {
  const head = Buffer.from(`\n${mark} `)
  const sections: Section[] = []
  let files = 0
  for (let at = stdout.indexOf(head); at >= 0; ) {
    const next = stdout.indexOf(head, at + head.length)
    const part = stdout.subarray(at + head.length, next < 0 ? stdout.length : next)
    const section = cutHead(part)
    const texts = section.kind === 'files' ? cutTexts(part.subarray(part.indexOf(10) + 1)) : undefined
    // A file that changed while it was read: each comes again, by itself
    if (section.kind === 'torn') sections.splice(-files, files)
    sections.push(...(texts ?? [section]))
    files = texts?.length ?? (section.kind === 'files' ? 1 : 0)
    at = next
  }
  return sections
}

/** `SIZE PATH` by line, an empty line, then the texts one behind the other; undefined where they are not of these sizes together. */
function cutTexts(part: Buffer): readonly Section[] | undefined {
  const end = part.indexOf('\n\n')
  let from = end + 2
  const sections = decodeBytes(part.subarray(0, Math.max(end, 0)))
    .split('\n')
    .map((line) => {
      const [size = '', name = ''] = /^(\d+) (.*)$/.exec(line)?.slice(1) ?? []
      const body = decodeBytes(part.subarray(from, from + Number(size)))
      from += Number(size)
      return { kind: 'file', name, body }
    })
  return from === part.length ? sections : undefined
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
