import { readdirSync, readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { jsonOf } from '../../src/report/json.js'
import { problemsJson } from '../../src/report/problems.js'
import { countOutcomes } from '../../src/shown.js'

const folder = new URL('cases/', import.meta.url)
const read = (url: URL): never => JSON.parse(readFileSync(url, 'utf8')) as never
const names = readdirSync(folder).filter((name) => name.endsWith('.json'))
const valid = new Ajv2020({ strict: false }).compile(read(new URL('../../schemas/report.schema.json', import.meta.url)))

describe('the JSON of a run', () => {
  it.each(names)('%s fits schemas/report.schema.json', (name) => {
    const { run } = read(new URL(name, folder)) as { run: never }
    const document = JSON.parse(jsonOf(run))
    expect(valid(document), JSON.stringify(valid.errors)).toBe(true)
    expect(document.hosts.flatMap(Object.keys)).not.toContain('plan')
    expect(document.hosts.flatMap(Object.keys)).not.toContain('previousVersion')
    expect(document.summary).toEqual(countOutcomes(document.hosts))
  })

  it('problems fit it too', () => {
    expect(valid(JSON.parse(problemsJson([{ file: 'a', line: 1, column: 1, path: '', message: 'x' }])))).toBe(true)
  })

  it('keeps bytes that are no UTF-8', () => {
    const run = { run: 'r', command: 'plan', hosts: [{ host: 'a\udc80', outcome: 'failed' as const, changes: [] }], summary: { failed: 1 } }
    expect(Buffer.from(jsonOf(run)).toString()).toContain('a\\udc80')
  })
})
