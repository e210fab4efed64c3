import { describe, expect, it } from 'vitest'
import { cutBatches, readSerial } from '../../src/fleet/batches.js'

const sizesOf = (hosts: number, serial: string): number[] => {
  const sizes = readSerial(serial)
  if (typeof sizes === 'string') throw new Error(sizes)
  return cutBatches(Array.from({ length: hosts }), sizes).map((batch) => batch.length)
}

describe('batches, as ansible-core 2.14 cuts them (pct_to_int, _get_serialized_batches)', () => {
  it.each([
    [10, '3', [3, 3, 3, 1]],
    [10, '10', [10]],
    [10, '11', [10]],
    [10, '0', [10]],
    [10, '1,0', [1, 9]],
    [10, '1,5,10', [1, 5, 4]],
    [10, '1,2', [1, 2, 2, 2, 2, 1]],
    [10, '30%', [3, 3, 3, 1]],
    [10, '35%', [3, 3, 3, 1]],
    [3, '30%', [1, 1, 1]],
    [10, '0%', Array(10).fill(1)],
    [10, '100%', [10]],
    [10, '200%', [10]],
    [20, '1, 10%, 50%', [1, 2, 10, 7]],
    [1, '50%', [1]],
    [0, '5', []],
  ])('%i hosts, --serial %s', (hosts, serial, expected) => expect(sizesOf(hosts, serial)).toEqual(expected))

  it('is one batch without --serial', () => expect(cutBatches([1, 2, 3], [])).toEqual([[1, 2, 3]]))
  it('keeps the order', () => expect(cutBatches(['c', 'a', 'b'], [{ hosts: 2 }])).toEqual([['c', 'a'], ['b']]))
  it.each(['', 'x', '-1', '1,', '5 %', '1.5', '1;2'])('refuses %j with a sentence', (text) => {
    expect(readSerial(text)).toMatch(/is no batch size; write 5, 20% or a list/)
  })
})
