import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { commentOut, dropOwn, ownEntries, replaceValue, setOwn } from '../../../src/resources/sysctl/edit.js'

const raw = fc.array(
  fc.oneof(fc.string(), fc.constantFrom('a.b = 1', 'net.x=2 # $(id)', '日本語 = é', '-a.b', '', '# playbook q', 'k = 3\r', 'i\\')),
  { maxLength: 8 },
)
const lines = raw.map((all) => all.map((line) => line.replaceAll('\n', '')))

describe('editing keeps all other lines byte for byte', () => {
  it('commentOut, replaceValue', () => {
    fc.assert(
      fc.property(lines, fc.nat(8), fc.stringMatching(/^[!-~]{1,9}$/), (all, at, value) => {
        const text = all.join('\n')
        for (const edited of [commentOut(text, at + 1), replaceValue(text, at + 1, value)].map((other) => other.split('\n')))
          expect(edited.toSpliced(at, 1)).toEqual(text.split('\n').toSpliced(at, 1))
        if (at < all.length) expect(commentOut(text, at + 1).split('\n')[at]).toBe(`# holdfast: ${all[at]}`)
      }),
    )
  })

  it('a key set in the own file is in it once, and the others are as they were', () => {
    const name = fc.constantFrom('p.yaml', 'q.yaml', 'it’s $(x).yaml')
    const key = fc.constantFrom('a/b', 'c/d', 'net/ipv4/conf/eth0.7/rp_filter')
    fc.assert(
      fc.property(fc.array(fc.record({ name, key, value: fc.stringMatching(/^[1-9]{1,3}$/) }), { minLength: 1 }), key, (sets, gone) => {
        const text =
          sets.reduce<string | undefined>((now, set) => setOwn(now, set.name, `/proc/sys/${set.key}`, set.value), undefined) ?? ''
        const last = new Map(sets.map((set) => [`/proc/sys/${set.key}`, { value: set.value, playbook: set.name }]))
        const entries = ownEntries(text)
        expect(entries.length).toBe(last.size)
        expect(new Map(entries.map(({ path, value, playbook }) => [path, { value, playbook }]))).toEqual(last)
        const path = `/proc/sys/${gone}`
        expect(ownEntries(dropOwn(text, path)).map((entry) => entry.path)).toEqual(
          entries.map((entry) => entry.path).filter((other) => other !== path),
        )
        expect(dropOwn(text, path).match(/^# playbook .*$/gm)?.length ?? 0).toBe(
          new Set(ownEntries(dropOwn(text, path)).map((entry) => entry.playbook)).size,
        )
      }),
    )
  })

  it('a line typed without its last newline', () => {
    expect(setOwn('# playbook p\na.b = 1', 'p', '/proc/sys/c/d', '2')).toBe('# playbook p\na.b = 1\nc.d = 2\n')
  })

  it('a dot in a name is spelled with slashes', () => {
    expect(setOwn('', 'p', '/proc/sys/net/ipv4/conf/eth0.7/rp_filter', '1')).toContain('\nnet/ipv4/conf/eth0.7/rp_filter = 1\n')
  })
})
