import type { SeenFiles } from './files.js'
import { withText } from './files.js'

const own = /^\/etc\/sysctl\.d\/zz+-holdfast\.conf$/
const dirs = /^\/(etc|run|usr\/local\/lib|usr\/lib|lib)\/sysctl\.d\/([^/]+)$/

/** True for a drop-in of ours, under this or an earlier name. */
export function isOwn(path: string): boolean {
  return own.test(path)
}

/** The own drop-ins that are there, the one that sorts last first. */
export function ownPaths(seen: SeenFiles): readonly string[] {
  return [...seen.files.keys()].filter(isOwn).sort().reverse()
}

/** The name that sorts last among all directories: one that is there and does, else with as many z's as that takes. */
export function dropInPath(seen: SeenFiles): string {
  const others = [...seen.files.keys()].filter((path) => !isOwn(path)).flatMap((path) => dirs.exec(path)?.[2] ?? [])
  // No number of z's beats a name that goes on with a byte above z.
  const beatable = others.filter((name) => !/^z*[{-\uffff]/.test(name))
  const there = ownPaths(seen).find((path) => beatable.every((name) => name < path.slice('/etc/sysctl.d/'.length)))
  if (there !== undefined) return there
  const longest = Math.max(1, ...beatable.map((name) => /^z*/.exec(name)?.[0].length ?? 0))
  const names = Array.from({ length: longest }, (_, index) => `${'z'.repeat(index + 2)}-holdfast.conf`)
  return `/etc/sysctl.d/${names.find((name) => beatable.every((other) => other < name)) ?? names.at(-1)}`
}

/** The same files with all own lines in the one drop-in that sorts last; `text` is undefined where there is none yet. */
export function gathered(seen: SeenFiles): { readonly files: SeenFiles; readonly real: string; readonly text: string | undefined } {
  const path = dropInPath(seen)
  const real = seen.files.get(path)?.real ?? path
  const earlier = ownPaths(seen).filter((other) => other !== path)
  const texts = [...earlier.toReversed(), path].flatMap((other) => seen.files.get(other)?.text ?? [])
  if (earlier.length === 0) return { files: seen, real, text: texts[0] }
  const text = texts.map((part) => part.replace(/\n?$/, '\n')).join('')
  const without = earlier.reduce((files, other) => withText(files, seen.files.get(other)?.real ?? other, null), seen)
  return { files: withText(without, real, text), real, text }
}
