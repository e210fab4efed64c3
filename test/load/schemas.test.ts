import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { report } from '../../src/generated/validators.js'

const folder = new URL('../../schemas/', import.meta.url)
/** Files that people write or read; the kept plan and the run on the host are written for the program itself. */
const names = ['inventory', 'playbook', 'profile', 'sysctl', 'iptables', 'report'].map((name) => `${name}.schema.json`)

type Schema = { readonly [key: string]: unknown; readonly properties?: Readonly<Record<string, Schema>>; readonly $ref?: string }

function load(name: string): Schema {
  return JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Schema
}

/** Keys of a schema that a person who hovers over them is told nothing about. */
function mute(schema: unknown, root: Schema, way: string): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return []
  const keys = Object.entries((schema as Schema).properties ?? {}).filter(
    ([, value]) => typeof value === 'object' && !describedIn(value, root),
  )
  const deeper = Object.entries(schema).flatMap(([key, value]) => mute(value, root, `${way}/${key}`))
  return [...keys.map(([key]) => `${way}/${key}`), ...deeper]
}

function describedIn({ description, $ref }: Schema, root: Schema): boolean {
  if (description !== undefined) return true
  if ($ref === undefined) return false
  const [file = '', pointer = ''] = $ref.split('#')
  const start = file === '' ? root : load(file)
  const target = pointer
    .split('/')
    .slice(1)
    .reduce<unknown>((here, step) => (here as Record<string, unknown>)[step], start)
  return (target as Schema).description !== undefined
}

describe('schemas', () => {
  it.each(names)('%s tells what every key is for', (name) => {
    const schema = load(name)
    expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema')
    expect(mute(schema, schema, '')).toEqual([])
  })

  const change = { resource: 'sysctl', layer: 'boot', at: 'net.ipv4.tcp_rfc1337', before: '1', after: '0', cause: 'new' }
  const host = { host: 'w1', outcome: 'pending', changes: [change] }
  it.each<[string, unknown, boolean]>([
    ['a plan', { run: 'r', command: 'plan', hosts: [host], summary: { pending: 1 } }, true],
    [
      'warnings, seconds and notes',
      {
        run: 'r',
        command: 'plan',
        hosts: [{ ...host, warnings: ['w'], seconds: 1.5, changes: [{ ...change, note: 'n', from: 1, to: 2 }] }],
        summary: {},
      },
      true,
    ],
    ['an outcome that is none', { run: 'r', command: 'plan', hosts: [{ ...host, outcome: 'ok' }], summary: {} }, false],
    ['a summary of none', { run: 'r', command: 'plan', hosts: [], summary: { ok: 1 } }, false],
    [
      'a change without a cause',
      { run: 'r', command: 'plan', hosts: [{ ...host, changes: [{ resource: 'x', layer: 'live', at: 'y' }] }], summary: {} },
      false,
    ],
    [
      'a diagnosis',
      { hosts: [{ host: 'w1', findings: [{ id: 'idle-path-timeout', certainty: 'open', evidence: ['e'], cure: 'c' }] }] },
      true,
    ],
    ['a finding that is unknown', { hosts: [{ host: 'w1', findings: [{ id: 'x', certainty: 'open', evidence: [], cure: 'c' }] }] }, false],
    ['problems', { problems: [{ file: 'f', line: 1, column: 1, path: '', message: 'm' }] }, true],
    ['a problem without a place', { problems: [{ file: 'f', line: 0, column: 1, path: '', message: 'm' }] }, false],
  ])('report: %s', (_, document, valid) => {
    expect(report(document)).toBe(valid)
  })
})
