import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { placeOf, root, sources } from './sources.js'

/** The places of src/, from the top down: each may import what stands below it, and nothing beside it. */
const rows: readonly (readonly string[])[] = [
  ['index'],
  ['cli'],
  ['fleet', 'host'],
  ['report'],
  ['kept', 'rollback', 'diagnose', 'adopt', 'import', 'causes'],
  ['aim'],
  ['load', 'history', 'made-from', 'changed-plays', 'rivals'],
  ['plan', 'seen', 'wide'],
  ['held', 'alike'],
  ['script'],
  ['resources'],
  ['engine'],
  ['shown'],
  ['windows', 'shard'],
  ['vault'],
  ['types', 'text', 'quote', 'by-text', 'generated'],
]
/** The one file that each of these is imported in. */
const doors: Readonly<Record<string, string>> = {
  yaml: 'load/document.ts',
  listr2: 'report/progress.ts',
  'node-ssh': 'host/ssh.ts',
  picocolors: 'report/style.ts',
}
/** Places and files that may touch the machine. Bytes, their digests and their packed form are no machine. */
const edge = ['cli', 'host', 'fleet', 'history', 'kept/sign.ts', 'kept/trust.ts']
const pure = ['node:buffer', 'node:crypto', 'node:zlib']

const all = sources()
const rank = (place: string): number => rows.findIndex((row) => row.includes(place))
const found = (claim: (place: string, target: string, path: string) => boolean): readonly string[] =>
  all.flatMap(({ path, imports }) =>
    imports.filter(({ target }) => claim(placeOf(path), target, path)).map(({ target }) => `${path} imports ${target}`),
  )

describe('imports', () => {
  it('are all seen', () => {
    expect(all.length).toBeGreaterThan(100)
    expect(all.every(({ path, imports }) => imports.length > 0 || !readFileSync(join(root, 'src', path), 'utf8').includes("from '"))).toBe(
      true,
    )
  })

  it('know every place of src', () => {
    expect([...new Set(all.map(({ path }) => placeOf(path)))].filter((place) => rank(place) < 0)).toEqual([])
  })

  it('go down only', () => {
    const isUp = (place: string, target: string): boolean => {
      const other = placeOf(target)
      return target.endsWith('.ts') && other !== place && rank(other) <= rank(place)
    }
    expect(found((place, target) => isUp(place, target))).toEqual([])
  })

  it('of a resource name no other resource', () => {
    const resourceOf = (path: string): string | undefined => /^resources\/([^/]+)\//.exec(path)?.[1]
    expect(
      found((_, target, path) => {
        const [own, other] = [resourceOf(path), resourceOf(target)]
        return own !== undefined && other !== undefined && own !== other
      }),
    ).toEqual([])
  })

  it('of the machine stand at the edge', () => {
    expect(
      found((place, target, path) => target.startsWith('node:') && !pure.includes(target) && !edge.includes(place) && !edge.includes(path)),
    ).toEqual([])
  })

  it.each(Object.entries(doors))('of %s stand in one file', (name, door) => {
    expect(all.filter(({ imports }) => imports.some(({ target }) => target === name)).map(({ path }) => path)).toEqual([door])
  })

  it('name only what the package depends on', () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: Record<string, string> }
    expect(
      found((_, target) => !target.endsWith('.ts') && !target.endsWith('.js') && !target.startsWith('node:') && !(target in dependencies)),
    ).toEqual([])
    const used = new Set(all.flatMap(({ imports }) => imports.map(({ target }) => target)))
    expect(Object.keys(dependencies).filter((name) => !used.has(name))).toEqual([])
  })

  it('of values never go in a circle', () => {
    const values = new Map(all.map(({ path, imports }) => [path, imports.filter(({ typeOnly }) => !typeOnly).map(({ target }) => target)]))
    const circles: string[] = []
    const done = new Set<string>()
    const walk = (path: string, way: readonly string[]): void => {
      if (way.includes(path)) circles.push([...way.slice(way.indexOf(path)), path].join(' -> '))
      if (done.has(path) || way.includes(path)) return
      for (const next of values.get(path) ?? []) walk(next, [...way, path])
      done.add(path)
    }
    for (const path of values.keys()) walk(path, [])
    expect(circles).toEqual([])
  })
})
