import { createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { Client } from 'ssh2'
import { describe, expect, it } from 'vitest'
import { withPlainKeys } from '../../src/host/x25519.js'

interface Exchange {
  type: string
  _keys: { readonly privateKey: KeyObject; readonly publicKey: { export(): Buffer } } | null
  computeSecret(theirs: Buffer): Buffer | Error
}

/** An exchange as ssh2 sets it up, after it went through a client. */
const exchanged = (type = '25519'): Exchange => {
  const protocol = { _kex: undefined as Exchange | undefined }
  withPlainKeys({ _protocol: protocol } as unknown as Client)
  protocol._kex = { type, _keys: null, computeSecret: () => Buffer.from("ssh2's own") }
  return protocol._kex
}

const raw = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' }).subarray(-32)

const spki = (bytes: Buffer): KeyObject =>
  createPublicKey({ key: Buffer.concat([Buffer.from('302a300506032b656e032100', 'hex'), bytes]), type: 'spki', format: 'der' })

/** RFC 4251 (5): the shortest form of a number that is not negative. */
const isNumber = (bytes: Buffer): boolean => (bytes[0] === 0 ? (bytes[1] ?? 0) >= 0x80 : bytes[0]! < 0x80)

describe('an exchange of keys over Curve25519', () => {
  it('comes to the secret that the other side has, as SSH writes a number', () => {
    for (let round = 0; round < 1500; round++) {
      const exchange = exchanged()
      const theirs = generateKeyPairSync('x25519')
      const secret = exchange.computeSecret(raw(theirs.publicKey)) as Buffer
      const ours = spki(exchange._keys!.publicKey.export().subarray(-32))
      const expected = diffieHellman({ privateKey: theirs.privateKey, publicKey: ours })
      expect(BigInt(`0x${secret.toString('hex')}`)).toBe(BigInt(`0x${expected.toString('hex')}`))
      expect(isNumber(secret), secret.toString('hex')).toBe(true)
    }
  })

  it('has keys of its own each time', () => {
    const shown = Array.from({ length: 3 }, () => exchanged()._keys!.publicKey.export().toString('hex'))
    expect(new Set(shown).size).toBe(3)
  })

  it.each([
    ['that is too short', Buffer.alloc(31, 9)],
    ['that is too long', Buffer.alloc(33, 9)],
    ['that makes every secret the same', Buffer.alloc(32)],
  ])('fails with a key %s', (_, theirs) => {
    expect(exchanged().computeSecret(theirs)).toBeInstanceOf(Error)
  })

  it('leaves other exchanges alone', () => {
    expect(exchanged('ecdh').computeSecret(Buffer.alloc(32)).toString()).toBe("ssh2's own")
  })

  it.each([{}, { _protocol: {} }])('does nothing where ssh2 is another: %j', (client) => {
    expect(() => withPlainKeys(client as unknown as Client)).not.toThrow()
  })
})
