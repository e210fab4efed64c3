import { describe, expect, it } from 'vitest'
import { readDocument } from '../../src/load/document.js'
import { type KnownTexts, readPlaybookText } from '../../src/load/known-text.js'

const long = `# ${'x'.repeat(20_000)}\n`
const store = () => {
  const kept = new Map<string, string>()
  const known: KnownTexts = { get: (text) => kept.get(text), put: (text, value) => void kept.set(text, value) }
  return { kept, known }
}

describe('a long playbook', () => {
  it.each([
    '- hosts: all\n  sysctl: { net.a: 1, net.b: "1", net.c: 1.5, net.d: true, net.e: null, net.f: [1, a] }\n',
    '- { hosts: web, __proto__: { a: 1 }, constructor: 2, 10: a, 9: b }\n- []\n',
    '- &a { hosts: all }\n- *a\n',
    '',
  ])('is the same value, with the same places, when it is known: %j', (text) => {
    const { kept, known } = store()
    const whole = long + text
    const [fresh, first, second] = [readDocument('a.yaml', whole, 'core'), ...[1, 2].map(() => readPlaybookText('a.yaml', whole, known))]
    expect(kept.size).toBe(1)
    for (const read of [first!, second!]) {
      expect(read.value).toStrictEqual(fresh.value)
      expect(JSON.stringify(read.value)).toBe(JSON.stringify(fresh.value))
      expect(read.problems).toEqual([])
      expect(read.problem([0, 'hosts'], 'no', { at: 'key' })).toEqual(fresh.problem([0, 'hosts'], 'no', { at: 'key' }))
    }
  })

  it.each([
    ['that has problems', `${long}- { hosts: all, hosts: web }\n`, 'a.yaml'],
    ['of what JSON cannot hold', `${long}- { hosts: all, a: .inf }\n`, 'a.yaml'],
    ['that came by a pipe', `${long}- { hosts: all }\n`, '<stdin>'],
    ['that names a vault', `${long}- { hosts: all, a: "$ANSIBLE_VAULT;1.1" , b: vault }\n`, 'a.yaml'],
    ['that is short', '- { hosts: all }\n', 'a.yaml'],
  ])('%s is not kept', (_, text, file) => {
    const { kept, known } = store()
    expect(readPlaybookText(file, text, known).problems).toEqual(readDocument(file, text, 'core').problems)
    expect(kept.size).toBe(0)
  })

  it('is read anew where what was kept is damaged', () => {
    const { kept, known } = store()
    const text = `${long}- { hosts: all }\n`
    kept.set(text, '[{"hosts":')
    expect(readPlaybookText('a.yaml', text, known).value).toEqual(readDocument('a.yaml', text, 'core').value)
    expect(kept.get(text)).toBe('[{"hosts":"all"}]')
  })
})
