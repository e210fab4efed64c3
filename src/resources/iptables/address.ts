/** A set of addresses: those that equal `bits` where `mask` is set. */
export interface Network {
  readonly width: 32 | 128
  readonly bits: bigint
  readonly mask: bigint
}

const v4 = (text: string): bigint | undefined => {
  const parts = text.split('.')
  if (parts.length !== 4 || parts.some((part) => !/^\d{1,3}$/.test(part) || Number(part) > 255)) return undefined
  return parts.reduce((all, part) => (all << 8n) | BigInt(part), 0n)
}

const groups = (text: string): readonly bigint[] | undefined => {
  if (text === '') return []
  const parts = text.split(':')
  const last = parts.at(-1)!
  const dotted = last.includes('.') ? v4(last) : undefined
  if (last.includes('.') && dotted === undefined) return undefined
  const hex = dotted === undefined ? parts : parts.slice(0, -1)
  if (hex.some((part) => !/^[0-9a-f]{1,4}$/i.test(part))) return undefined
  const values = hex.map((part) => BigInt(`0x${part}`))
  return dotted === undefined ? values : [...values, dotted >> 16n, dotted & 0xffffn]
}

const v6 = (text: string): bigint | undefined => {
  const halves = text.split('::')
  const [head, tail] = [groups(halves[0]!), halves.length === 2 ? groups(halves[1]!) : []]
  if (halves.length > 2 || !head || !tail) return undefined
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 0 : missing !== 0) return undefined
  return [...head, ...Array<bigint>(missing).fill(0n), ...tail].reduce((all, group) => (all << 16n) | group, 0n)
}

/** An address as a number; undefined where the text is none: `192.0.2.1`, `2001:db8::1`. */
export const parseAddress = (text: string): { readonly width: 32 | 128; readonly bits: bigint } | undefined => {
  const width = text.includes(':') ? 128 : 32
  const bits = width === 32 ? v4(text) : v6(text)
  return bits === undefined ? undefined : { width, bits }
}

/** The mask of a prefix length. */
export const prefixMask = (length: number, width: 32 | 128): bigint => ((1n << BigInt(length)) - 1n) << BigInt(width - length)

/** `192.0.2.0/24`, `10.0.0.1/255.0.0.255`, `fe80::/10`, or an address alone; host bits are cleared. */
export const parseNetwork = (text: string): Network | undefined => {
  const [address = '', mask, more] = text.split('/')
  const base = parseAddress(address)
  if (!base || more !== undefined) return undefined
  const { width } = base
  if (mask === undefined) return { ...base, mask: prefixMask(width, width) }
  const length = /^\d{1,3}$/.test(mask) ? Number(mask) : undefined
  const wide = length === undefined ? parseAddress(mask) : undefined
  if (length === undefined ? wide?.width !== width : length > width) return undefined
  const bits = length === undefined ? wide!.bits : prefixMask(length, width)
  return { width, bits: base.bits & bits, mask: bits }
}

/** Is every address of `inner` also one of `outer`? */
export const contains = (outer: Network, inner: Network): boolean =>
  outer.width === inner.width && (inner.mask & outer.mask) === outer.mask && (inner.bits & outer.mask) === outer.bits
