import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseDocument } from 'yaml'

type Schema = Readonly<Record<string, unknown>>
const root = join(import.meta.dirname, '../..')
const folder = join(root, 'schemas')
const names = readdirSync(folder).filter((name) => name.endsWith('.schema.json'))
const read = (file: string): Schema => JSON.parse(readFileSync(file, 'utf8')) as Schema

/** What a reference of a file points to, as an editor finds it: the file beside it, then the path in it. */
function follow(schema: Schema, file: string): { readonly schema: Schema; readonly file: string } {
  if (typeof schema.$ref !== 'string') return { schema, file }
  const [name = '', path = ''] = schema.$ref.split('#')
  const other = name === '' ? file : resolve(dirname(file), name)
  const found = path
    .split('/')
    .filter(Boolean)
    .reduce<unknown>((value, key) => (value as Schema | undefined)?.[key], read(other))
  if (found === undefined) throw new Error(`${file}: ${schema.$ref} points to nothing`)
  return follow(found as Schema, other)
}

/** Every key of a schema that says nothing when somebody points at it. */
function silent(value: unknown, file: string, path: string): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value.flatMap((each, at) => silent(each, file, `${path}/${at}`))
  const schema = value as Schema
  // under `properties` stand names, not schemas; one of them may be called properties
  const keys = path.endsWith('/properties') && !path.endsWith('/properties/properties') ? Object.entries(schema) : []
  const bare = keys.flatMap(([name, each]) =>
    typeof (each as Schema).description === 'string' || typeof follow(each as Schema, file).schema.description === 'string'
      ? []
      : [`${path}/${name}`],
  )
  return [...bare, ...Object.entries(schema).flatMap(([name, each]) => silent(each, file, `${path}/${name}`))]
}

describe('hover texts', () => {
  it.each(names)('stand on every key of %s', (name) => {
    const file = join(folder, name)
    expect(silent(read(file), file, '')).toEqual([])
  })

  it('would be missed', () => {
    expect(silent({ properties: { a: { type: 'string' }, b: { description: 'B.', properties: { c: {} } } } }, 'x', '')).toEqual([
      '/properties/a',
      '/properties/b/properties/c',
    ])
  })

  it.each(names)('are sentences in %s', (name) => {
    const texts = [...readFileSync(join(folder, name), 'utf8').matchAll(/"description": "(.*?[^\\])"[,\s}]/g)].map(([, text]) => text!)
    expect(texts.length).toBeGreaterThan(0)
    expect(texts.filter((text) => !/[.:?`)]$/.test(text) || text.length < 2)).toEqual([])
  })
})

const yaml = ['playbooks', 'playbooks/profiles'].flatMap((path) =>
  readdirSync(join(root, path))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => `${path}/${name}`),
)

describe('the modeline', () => {
  it.each([...yaml, 'inventory.example.yaml'])('of %s names a schema that knows its keys', (path) => {
    const file = join(root, path)
    const text = readFileSync(file, 'utf8')
    // the line as yaml-language-server looks for it: a comment of its own
    const [, said] = /^# yaml-language-server: \$schema=(\S+)$/m.exec(text) ?? []
    const schemaFile = resolve(dirname(file), said ?? '')
    expect(said !== undefined && existsSync(schemaFile), said).toBe(true)
    const { type } = read(schemaFile)
    expect(type).toBe(Array.isArray(parseDocument(text).toJS()) ? 'array' : 'object')
  })

  it.each(names)('leads to references of %s that all resolve', (name) => {
    const file = join(folder, name)
    const refs = [...readFileSync(file, 'utf8').matchAll(/"\$ref": "(.*?)"/g)].map(([, ref]) => ref!)
    for (const $ref of refs) expect(follow({ $ref }, file).schema).toBeTypeOf('object')
  })
})
