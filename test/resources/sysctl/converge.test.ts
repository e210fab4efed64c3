import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { setOwn } from '../../../src/resources/sysctl/edit.js'
import { sysctlResource } from '../../../src/resources/sysctl/index.js'
import { applied, type Files, wantOf, world } from './world.js'

interface Row {
  readonly name: string
  readonly readers: readonly string[]
  readonly files: Files
  readonly want: number
  readonly becomes: Readonly<Record<string, string | null>>
  readonly holds?: number
  readonly warns?: string
}

const key = 'net.ipv4.tcp_rfc1337'
const path = '/proc/sys/net/ipv4/tcp_rfc1337'
const header = setOwn(undefined, 'x', '/proc/sys/a', '1').replace(/# playbook x\n.*/s, '')
const spell = (text: string): string => text.replace(/^HEAD/, header).replace(/\bK\b/g, key)
const spellAll = <T extends string | null>(files: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(files).map(([file, text]) => [file, (text === null ? null : spell(text)) as T]))

const rows = (parse(readFileSync(new URL('converge.yaml', import.meta.url), 'utf8')) as Row[]).flatMap((row) =>
  row.readers.map((reader) => ({ ...row, reader, files: spellAll(row.files), becomes: spellAll(row.becomes) })),
)

describe('the boot layer converges', () => {
  it.each(rows)('$reader: $name', ({ reader, files, want, becomes, holds, warns }) => {
    const keys = [{ key, value: String(want) }]
    const first = world(reader, files, keys)
    const plan = sysctlResource.plan(wantOf(keys), first.seen, first.host)
    const effects = plan.steps.map((step) => step.effect).filter((effect) => effect.kind === 'file')
    const after = applied(files, effects)
    expect(Object.fromEntries(effects.map((effect) => [effect.path, effect.after]))).toEqual(becomes)
    expect(plan.refused).toEqual([])
    if (warns === undefined) expect(plan.warnings.filter((line) => line.includes('boot'))).toEqual([])
    else expect(plan.warnings.join('\n')).toContain(warns)

    const second = world(reader, after, keys)
    expect(second.booted.get(path)).toBe(String(holds ?? want))
    const again = sysctlResource.plan(wantOf(keys), second.seen, second.host)
    expect(again.steps.filter((step) => step.effect.kind === 'file')).toEqual([])
  })
})
