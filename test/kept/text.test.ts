import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { canonical } from '../../src/kept/canonical.js'
import type { KeptPlan } from '../../src/kept/plan.js'
import { readKept, writeKept } from '../../src/kept/text.js'
import { sample } from './sample.js'

const now = Date.parse('2026-01-12T05:59:59Z')
const read = (text: string): KeptPlan | string => readKept(text, '1.2.3', now)

/** The text with a digest that fits: by somebody who knows how it is made. */
const forged = (plan: object): string => {
  const digest = `sha256:${createHash('sha256').update(canonical(plan)).digest('hex')}`
  return `${JSON.stringify({ ...plan, digest }, null, 2)}\n`
}

type Path = readonly (string | number)[]

/** Every place of a document. */
const places = (value: unknown, path: Path = []): readonly Path[] =>
  typeof value !== 'object' || value === null
    ? [path]
    : [path, ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...path, Array.isArray(value) ? Number(key) : key]))]

const valueAt = (root: unknown, path: Path): unknown => path.reduce((value, key) => (value as Record<string | number, unknown>)[key], root)

const replaced = (root: unknown, [key, ...rest]: Path, change: (value: unknown) => unknown): unknown => {
  if (key === undefined) return change(root)
  const copy = (Array.isArray(root) ? [...root] : { ...(root as object) }) as Record<string | number, unknown>
  copy[key] = replaced(copy[key], rest, change)
  return copy
}

const other = (value: unknown): unknown =>
  typeof value === 'string' ? `${value}!` : typeof value === 'number' ? value + 1 : typeof value === 'boolean' ? !value : 'other'

describe('a kept plan', () => {
  it('is read back as it was written, and twice written is the same', () => {
    const text = writeKept(sample)
    const plan = read(text)
    expect(plan).toMatchObject(sample)
    expect(writeKept(sample)).toBe(text)
  })

  it('is refused with any one value of it altered', () => {
    const whole = JSON.parse(writeKept(sample)) as object
    const leaves = places(whole).filter((path) => path.length > 0 && typeof valueAt(whole, path) !== 'object')
    expect(leaves.length).toBeGreaterThan(150)
    for (const path of leaves) {
      const text = `${JSON.stringify(replaced(whole, path, other), null, 2)}\n`
      expect([path.join('.'), typeof read(text)]).toEqual([path.join('.'), 'string'])
    }
  })

  it('is refused with anything more in it, at every place, also with a digest that fits', () => {
    const objects = places(sample).filter((path) => {
      const value = valueAt(sample, path)
      return typeof value === 'object' && value !== null && !Array.isArray(value) && path.at(-1) !== 'parts'
    })
    expect(objects.length).toBeGreaterThan(40)
    for (const path of objects) {
      const more = replaced(sample, path, (value) => ({ ...(value as object), extra: 'rm -rf /' })) as object
      expect([path.join('.'), read(forged(more))]).toEqual([path.join('.'), expect.stringMatching(/schema/)])
    }
  })

  it('is refused with a value of another type, at every place, also with a digest that fits', () => {
    for (const path of places(sample).filter((each) => each.length > 0)) {
      const wrong = replaced(sample, path, (value) => (Array.isArray(value) ? {} : typeof value === 'number' ? 'x' : 7)) as object
      expect([path.join('.'), typeof read(forged(wrong))]).toEqual([path.join('.'), 'string'])
    }
  })

  it.each([
    ['no JSON', () => 'hosts: []', /no kept plan/],
    ['nothing', () => '', /no kept plan/],
    ['null', () => 'null', /no kept plan/],
    ['a report', () => '{"run":"x","hosts":[]}', /no kept plan/],
    ['another format', () => forged({ ...sample, format: 2 }), /format is 2/],
    ['cut', () => writeKept(sample).slice(0, -3), /no kept plan/],
    ['blanks added', () => `${writeKept(sample)} `, /not as it was written/],
    ['a key twice', () => writeKept(sample).replace('"run":', '"run": "harmless",\n  "run":'), /not as it was written/],
    ['another version', () => writeKept({ ...sample, tool: '1.2.4' }), /holdfast 1\.2\.4 made it and this is 1\.2\.3; plan again/],
    ['expired', () => writeKept({ ...sample, validUntil: '2026-01-12T05:59:59.000Z' }), /was valid until 2026-01-12T05:59:59\.000Z/],
    ['a moment that is none', () => writeKept({ ...sample, validUntil: '2026-13-12T05:59:59.000Z' }), /was valid until/],
    ['a host twice', () => writeKept({ ...sample, hosts: [sample.hosts[1]!, sample.hosts[1]!] }), /names "web1" twice/],
    [
      'a host under another name',
      () => writeKept({ ...sample, hosts: [{ ...sample.hosts[1]!, target: { ...sample.hosts[1]!.target, host: 'web9' } }] }),
      /about another host/,
    ],
    [
      'a path outside /proc/sys',
      () => forged(replaced(sample, ['hosts', 0, 'steps', 0, 'effect', 'path'], () => '/etc/passwd') as object),
      /schema/,
    ],
    ['__proto__', () => writeKept(sample).replace('"groups"', '"__proto__": {"x": 1},\n      "groups"'), /damaged|schema/],
  ])('is refused when it is %s', (_, text, why) => {
    expect(read(text())).toMatch(why)
  })

  it('holds no password', () => {
    expect(writeKept(sample)).not.toMatch(/"password"/)
  })
})
