import { createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { Client } from 'ssh2'

/** ssh2 1.17's exchange of keys over Curve25519, as far as it is reached. */
interface Exchange {
  readonly type?: string
  _keys?: { readonly privateKey: KeyObject; readonly publicKey: { export(): Buffer } } | null
  computeSecret?(theirs: Buffer): Buffer | Error
}

/**
 * Lets a Curve25519 exchange take its keys in and out as what they are, 32 bytes: ssh2 goes by DER each time, which costs twice what the
 * exchange itself does. Where ssh2 has no such exchange, all stays as it is.
 */
export function withPlainKeys(client: Client): void {
  const { _protocol: protocol } = client as unknown as { readonly _protocol?: object }
  if (!protocol || !('_kex' in protocol)) return
  let current = protocol._kex as Exchange | undefined
  Object.defineProperty(protocol, '_kex', {
    get: () => current,
    set: (exchange: Exchange | undefined) => {
      current = exchange
      if (exchange?.type === '25519' && exchange._keys === null && exchange.computeSecret) plain(exchange)
    },
  })
}

function plain(exchange: Exchange): void {
  const { publicKey, privateKey } = generateKeyPairSync('x25519')
  const ours = Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url')
  exchange._keys = { privateKey, publicKey: { export: () => ours } }
  exchange.computeSecret = (theirs) => {
    try {
      const key = { kty: 'OKP', crv: 'X25519', x: theirs.toString('base64url') }
      return asNumber(diffieHellman({ privateKey, publicKey: createPublicKey({ key, format: 'jwk' }) }))
    } catch (error) {
      return error as Error
    }
  }
}

/** As SSH writes a number: without leading zeros, but for one before a first bit that is set. */
function asNumber(bytes: Buffer): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0)
  const digits = bytes.subarray(start)
  return digits[0]! & 0x80 ? Buffer.concat([Buffer.alloc(1), digits]) : digits
}
