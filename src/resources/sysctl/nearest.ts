import type { Seen } from '../../types.js'
import { pathKey } from './spelling.js'

/** `; nearest: net.ipv4.tcp_rfc1337`, from the names that stand in the folder where a missing key would be; nothing where none is near. */
export function nearest(path: string, seen: Seen): string {
  const cut = path.lastIndexOf('/')
  const [folder, name] = [path.slice(0, cut), path.slice(cut + 1)]
  const names = seen.sections.find((section) => section.kind === 'siblings' && section.name === folder)?.body.split('\n') ?? []
  const [best] = names
    .filter((other) => other !== '')
    .map((other) => ({ other, far: distance(name, other) }))
    .sort((a, b) => a.far - b.far)
  return best !== undefined && best.far <= 3 ? `; nearest: ${pathKey(`${folder}/${best.other}`)}` : ''
}

/** Letters to insert, delete or replace to make one name of the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (b[j - 1] === letter ? 0 : 1)))
    row = next
  }
  return row.at(-1) ?? 0
}
