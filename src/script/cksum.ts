const table = new Uint32Array(256).map((_, byte) => {
  let crc = byte << 24
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1
  return crc >>> 0
})

/** What POSIX `cksum` prints for these bytes on stdin: `4294967295 0` for none. A digest that every host can make. */
export function cksum(bytes: Uint8Array): string {
  let crc = 0
  for (const byte of bytes) crc = (crc << 8) ^ table[(crc >>> 24) ^ byte]!
  for (let length = bytes.length; length > 0; length = Math.floor(length / 256)) crc = (crc << 8) ^ table[(crc >>> 24) ^ (length & 0xff)]!
  return `${~crc >>> 0} ${bytes.length}`
}
