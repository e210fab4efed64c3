import type { Section } from '../../types.js'

/** A file as its reader opens it. `real` is what a change has to be written to: a link is followed. */
export interface SeenFile {
  readonly path: string
  readonly real: string
  readonly text: string
}

/** The files that look brought back, by path; a link to /dev/null is an empty file, a link to nothing has `dangling`. */
export interface SeenFiles {
  readonly files: ReadonlyMap<string, SeenFile>
  readonly dangling: ReadonlySet<string>
}

/** Reads the `file`, `link` and `real` sections. */
export function seenFiles(sections: readonly Section[]): SeenFiles {
  const of = (kind: string): Map<string, string> =>
    new Map(sections.filter((section) => section.kind === kind).map((section) => [section.name, section.body]))
  const [texts, links, reals] = [of('file'), of('link'), of('real')]
  const files = new Map([...texts].map(([path, text]) => [path, { path, real: firstLine(reals.get(path)) || path, text }]))
  const dangling = new Set<string>()
  for (const [path, target] of links) {
    if (files.has(path)) continue
    if ([firstLine(target), firstLine(reals.get(path))].includes('/dev/null')) files.set(path, { path, real: '/dev/null', text: '' })
    else dangling.add(path)
  }
  return { files, dangling }
}

/** The same files with another text in one; null takes it away. Every path that leads there shows it. */
export function withText(seen: SeenFiles, real: string, text: string | null): SeenFiles {
  const others = [...seen.files].filter(([, file]) => file.real !== real)
  if (text === null) return { ...seen, files: new Map(others) }
  const known = [...seen.files.values()].filter((file) => file.real === real)
  const changed = (known.length === 0 ? [{ path: real, real, text }] : known.map((file) => ({ ...file, text }))).map(
    (file) => [file.path, file] as const,
  )
  return { ...seen, files: new Map([...others, ...changed]) }
}

function firstLine(text: string | undefined): string {
  return text?.split('\n', 1)[0] ?? ''
}
