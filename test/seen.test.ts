import { describe, expect, it } from 'vitest'
import { toSeen } from '../src/seen.js'
import type { HostRecord } from '../src/types.js'

const item = { playbook: 'a.yaml', want: '1 2', corrected: [] }
const record = {
  format: 1,
  run: 'r1',
  at: '2026-01-01T00:00:00.000Z',
  bootId: 'b',
  items: { sysctl: { 'net.x': { ...item, where: ['a,"items":{}'] } }, iptables: {} },
}
const read = (body: string): HostRecord | undefined =>
  toSeen([{ kind: 'file', name: '/var/lib/holdfast/record.json', body }], undefined).facts.record

describe('the record of a host', () => {
  it.each([
    ['as settle writes it', `${JSON.stringify(record)}\n`, record],
    ['with a version of braces', `${JSON.stringify({ ...record, version: '{"items":{' })}\n`, undefined],
    ['in another order', `${JSON.stringify(Object.fromEntries(Object.entries(record).reverse()))}\n`, record],
    ['over several lines', `${JSON.stringify(record, null, 1)}\n`, record],
    ['with more behind the items', `${JSON.stringify({ ...record, more: { a: 1 } })}\n`, { ...record, more: { a: 1 } }],
  ])('is read %s', (_, text, wanted) => expect(read(text)).toEqual(wanted ?? { ...record, version: '{"items":{' }))

  it('shares its items with the record of a host that holds the same', () => {
    const [one, two] = ['r1', 'r2'].map((run) => read(`${JSON.stringify({ ...record, run })}\n`))
    expect([one?.run, two?.run, one?.items === two?.items]).toEqual(['r1', 'r2', true])
  })

  it.each([
    '',
    'null\n',
    '{}\n',
    '{"format":1,"run":"r1"\n',
    '{"format":1,"run":"r1","items":null}\n',
    '{"format":1,"run":"r1","items":{"sysctl":null}}\n',
    '{"format":1,"run":"r1","items":{"sysctl":{"k":{}}}}\n',
    '{"format":1,"run":"r1","items":{"sysctl":{}}\n',
    '{"format":2,"run":"r1","items":{}}\n',
    '{"format":1,"run":1,"items":{}}\n',
  ])('that is damaged is none: %j', (text) => expect(read(text)).toBeUndefined())
})
