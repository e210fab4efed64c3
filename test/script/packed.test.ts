import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { parseSections, partialSections } from '../../src/script/sections.js'

const mark = '@holdfast-0123456789abcdef'
const old = '@holdfast-fedcba9876543210'
const said = (...parts: readonly (string | Buffer)[]): Buffer => Buffer.concat(parts.map((part) => Buffer.from(part as string)))
const still = `\n${old} file /etc/a\none\n\n${old} spell ipv4\n*filter\nCOMMIT\n\n${old} still\n`
const wanted = [
  { kind: 'file', name: '/etc/a', body: 'one\n' },
  { kind: 'spell', name: 'ipv4', body: '*filter\nCOMMIT\n' },
  { kind: 'still', name: '', body: '' },
]
const look = (...parts: readonly (string | Buffer)[]): Buffer => said(`\n${mark} begin\n`, ...parts, `\n${mark} end\n`)
const packed = (form: string, bytes: string | Buffer): Buffer => said(`\n${mark} packed ${form} ${old}\n`, bytes)
const begin = { kind: 'begin', name: '', body: '' }

describe('what a host remembers', () => {
  it.each([
    ['gzip', gzipSync(still)],
    ['plain', still],
  ])('comes back as it was printed: %s', (form, bytes) => {
    expect(parseSections(look(packed(form, bytes)), mark)).toEqual([begin, ...wanted])
    expect(partialSections(look(packed(form, bytes), `\n${mark} save nft ipv4\nx\n`), mark).at(-2)).toEqual({
      kind: 'save',
      name: 'nft ipv4',
      body: 'x\n',
    })
  })

  it('holds no marks of this run, whatever its bytes are', () => {
    const bytes = gzipSync(`${still}\n${old} file /etc/b\n\n${mark} end\n`)
    const sections = parseSections(look(packed('gzip', bytes)), mark)
    expect(sections?.at(-1)).toEqual({ kind: 'file', name: '/etc/b', body: `\n${mark} end\n` })
  })

  it.each([
    ['cut', packed('gzip', gzipSync(still).subarray(0, -9))],
    ['damaged', packed('gzip', said(gzipSync(still).subarray(0, -8), 'abcdefgh'))],
    ['empty', packed('gzip', '')],
    ['without its end', packed('plain', still.slice(0, still.lastIndexOf('\n\n')))],
    ['of another mark', packed('plain', still.replaceAll(old, '@holdfast-1'))],
    ['of an unknown form', packed('zip', gzipSync(still))],
    ['larger than any look', packed('gzip', gzipSync(said(still, Buffer.alloc(33 << 20))))],
    ['packed twice', packed('plain', `\n${old} packed plain @holdfast-2\n\n@holdfast-2 still\n`)],
    ['there twice', said(packed('plain', still), packed('plain', still))],
  ])('is refused where it is %s', (_, bytes) => {
    expect(parseSections(look(bytes), mark)).toBeUndefined()
    expect(partialSections(look(bytes), mark)[0]).toEqual(begin)
  })
})
