import { gunzipSync } from 'node:zlib'
import { decodeBytes } from '../text.js'
import type { Section } from '../types.js'

/** The word that starts every mark line of one script's output; it carries the run, so that no file of a host can hold it. */
export function markOf(run: string): string {
  return `@holdfast-${run}`
}

/**
 * Cuts a script's output at its marks. Whatever came before the first mark (a banner, a noisy .bashrc) is left out.
 * `undefined`: the end mark is missing, so the script did not run to its end; or texts of files that came in one piece are not as long as was said; or
 * what the host had remembered cannot be unpacked.
 */
export function parseSections(stdout: Buffer, mark: string): readonly Section[] | undefined {
  const sections = partialSections(stdout, mark)
  return sections.at(-1)?.kind === 'end' && !sections.some(({ kind }) => kind === 'files' || kind === 'packed')
    ? sections.slice(0, -1)
    : undefined
}

/** The sections of output that may have been cut: for saying what a host had got to. */
export function partialSections(stdout: Buffer, mark: string): readonly Section[] {
  return cut(stdout, mark, unpack)
}

function cut(stdout: Buffer, mark: string, unpackFirst: (part: Buffer) => readonly Section[] | undefined): readonly Section[] {
  const head = Buffer.from(`\n${mark} `)
  const sections: Section[] = []
  let files = 0
  let mayUnpack = true
  for (let at = stdout.indexOf(head); at >= 0; ) {
    const next = stdout.indexOf(head, at + head.length)
    const part = stdout.subarray(at + head.length, next < 0 ? stdout.length : next)
    const [kind = ''] = headOf(part).split(' ', 1)
    // A file that changed while it was read: each comes again, by itself
    if (kind === 'torn') sections.splice(-files, files)
    const isPacked = kind === 'packed' && mayUnpack
    if (isPacked) mayUnpack = false
    const parts = (kind === 'files' ? cutTexts(bodyBytes(part)) : isPacked ? unpackFirst(part) : undefined) ?? [section(part)]
    sections.push(...parts)
    files = kind === 'files' ? parts.length : 0
    at = next
  }
  return sections
}

const mostUnpacked = 32 * 1024 * 1024

/**
 * What a host remembers of an earlier look, under that look's mark. A host may say what it likes: once, no deeper and no more than it could
 * print; undefined where it is not what it should be.
 */
function unpack(part: Buffer): readonly Section[] | undefined {
  const [, form, mark] = /^packed (gzip|plain) (@holdfast-\w+)$/.exec(headOf(part)) ?? []
  if (mark === undefined) return undefined
  try {
    const bytes = form === 'gzip' ? gunzipSync(bodyBytes(part), { maxOutputLength: mostUnpacked }) : bodyBytes(part)
    const sections = cut(bytes, mark, () => undefined)
    return sections.some(({ kind }) => kind === 'still') ? sections : undefined
  } catch {
    return undefined
  }
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

const headOf = (part: Buffer): string => {
  const lineEnd = part.indexOf(10)
  return decodeBytes(lineEnd < 0 ? part : part.subarray(0, lineEnd))
}

const bodyBytes = (part: Buffer): Buffer => {
  const lineEnd = part.indexOf(10)
  return part.subarray(lineEnd < 0 ? part.length : lineEnd + 1)
}

/** Each part is decoded for itself: a part of a longer string would keep all of it in memory, for as long as a name of a file is kept. */
function section(part: Buffer): Section {
  const head = headOf(part)
  const blank = head.indexOf(' ')
  return {
    kind: blank < 0 ? head : head.slice(0, blank),
    name: blank < 0 ? '' : head.slice(blank + 1),
    body: decodeBytes(bodyBytes(part)),
  }
}

/** The body of the first section of that kind (and name), if it was printed. */
export function bodyOf(sections: readonly Section[], kind: string, name?: string): string | undefined {
  return sections.find((section) => section.kind === kind && (name === undefined || section.name === name))?.body
}
