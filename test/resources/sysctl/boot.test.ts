import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { bootValue } from '../../../src/resources/sysctl/effective.js'
import { seenFiles } from '../../../src/resources/sysctl/files.js'
import { bootReader } from '../../../src/resources/sysctl/order.js'
import { kernelForm } from '../../../src/resources/sysctl/value.js'
import { type Files, type World, world } from './world.js'

interface Row {
  readonly name: string
  readonly files: Files
  readonly is: Readonly<Record<string, number>>
}

const keys = [{ key: 'net.ipv4.tcp_keepalive_time', value: '7200' }]
const path = '/proc/sys/net/ipv4/tcp_keepalive_time'

const spell = (text: string): string =>
  text.replace(/\bT\b/g, 'net.ipv4.tcp_keepalive_time').replace(/\bI\b/g, 'net.ipv4.tcp_keepalive_intvl')
const spellAll = (files: Files): Files => Object.fromEntries(Object.entries(files).map(([file, text]) => [file, spell(text)]))

const rows = (parse(readFileSync(new URL('boot.yaml', import.meta.url), 'utf8')) as Row[]).flatMap((row) =>
  Object.entries(row.is).map(([reader, is]) => ({ ...row, files: spellAll(row.files), reader, is: String(is) })),
)

function supposed({ seen, host }: World): string {
  const reader = bootReader(seenFiles(seen.sections), { init: seen.facts.init, sections: seen.sections, profile: host.profile })
  return kernelForm(path, bootValue(reader, path)?.value ?? '7200', '7200')
}

describe('the boot value is what the real reader sets', () => {
  it.each(rows)('$reader: $name', ({ reader, files, is }) => {
    const made = world(reader, files, keys)
    expect({ real: made.booted.get(path), supposed: supposed(made) }).toEqual({ real: is, supposed: is })
  })

  const line = fc.oneof(
    fc.integer({ min: 1, max: 9 }).map((n) => `T = ${n}`),
    fc.integer({ min: 11, max: 19 }).map((n) => `net.ipv4.tcp_keepalive_t* = ${n}`),
    fc.integer({ min: 21, max: 29 }).map((n) => `net/ipv4/tcp_keepalive_* = ${n}`),
    fc.constantFrom('-T', '-T = 31', '# T = 32', ';T=33', ' T=34\r', 'T', 'I = 35', '', '-net.ipv4.tcp_keepalive_*', '-net.ipv4.*.x = 3'),
  )
  const text = fc.array(line, { maxLength: 4 }).map((lines) => lines.join('\n'))
  const names = [
    '/etc/sysctl.conf',
    ...['/etc', '/run', '/usr/local/lib', '/usr/lib'].flatMap((dir) => ['1', '2'].map((name) => `${dir}/sysctl.d/${name}.conf`)),
  ]
  const files = fc.dictionary(fc.constantFrom(...names), fc.oneof(text, fc.constant('-> /dev/null'), fc.constant('-> ../sysctl.conf')), {
    maxKeys: 5,
  })

  it.each(['systemd', 'procps', 'alpine'])('%s: any files', (reader) => {
    fc.assert(
      fc.property(files, (some) => {
        const made = world(
          reader,
          { ...spellAll(some), '/etc/sysctl.conf': spell(some['/etc/sysctl.conf']?.replace(/^-> .*/, '') ?? '') },
          keys,
        )
        expect(supposed(made)).toBe(made.booted.get(path))
      }),
      { numRuns: 40 },
    )
  })
})
