import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { widthOf } from '../../src/report/columns.js'
import { type TextOptions, textOf } from '../../src/report/text.js'
import type { ShownRun } from '../../src/shown.js'

const folder = new URL('cases/', import.meta.url)
const names = readdirSync(folder).filter((name) => name.endsWith('.json'))
const read = (name: string): { run: ShownRun; options: Partial<TextOptions> } => JSON.parse(readFileSync(new URL(name, folder), 'utf8'))

const plain: TextOptions = { width: 80, unicode: true, colour: false, diff: false, verbose: false }

describe("people's text, against test/report/cases", () => {
  it.each(names.flatMap((name) => [60, 80, 120].map((width) => [name, width] as const)))('%s at %i columns', async (name, width) => {
    const { run, options } = read(name)
    await expect(textOf(run, { ...plain, ...options, width })).toMatchFileSnapshot(`cases/${name.replace('.json', '')}.${width}.txt`)
  })

  it.each(names.flatMap((name) => [60, 80, 120, 200].map((width) => [name, width] as const)))(
    '%s: no line is wider than %i',
    (name, width) => {
      const { run } = read(name)
      for (const line of textOf(run, { ...plain, width }).split('\n')) expect(widthOf(line), line).toBeLessThanOrEqual(width)
    },
  )

  it.each(names)('%s: without UTF-8 only ASCII, and nothing but lines', (name) => {
    const { run } = read(name)
    expect(textOf(run, { ...plain, unicode: false, diff: true, verbose: true })).toMatch(/^[ -~\n]*$/)
  })

  it.each(names)('%s: no control, bidi mark or lone surrogate comes through', (name) => {
    const { run } = read(name)
    expect(textOf(run, { ...plain, diff: true, verbose: true }).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
  })

  it.each(names)('%s: colours change nothing but the colours', (name) => {
    const { run } = read(name)
    const bare = textOf(run, { ...plain, colour: true, diff: true }).replace(/\u001b\[\d+m/g, '')
    expect(bare).toBe(textOf(run, { ...plain, diff: true }))
  })

  it('says so when there are no hosts', () => {
    expect(textOf({ run: 'r', command: 'plan', hosts: [], summary: {} }, plain)).toBe('no hosts: the plays and --limit name none\n')
  })
})
