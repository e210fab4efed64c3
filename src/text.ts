import { isUtf8 } from 'node:buffer'

const escapeBase = 0xdc00

/** Bytes of a host as a string: UTF-8 as it is, each byte 0xNN that is no UTF-8 as the lone surrogate U+DCNN (Python's surrogateescape, PEP 383). */
export function decodeBytes(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString('utf8') : decodeMixed(bytes)
}

/** The bytes that `decodeBytes` made the string from, exactly; throws a RangeError on a lone surrogate that stands for no byte. */
export function encodeBytes(text: string): Buffer {
  if (!/\p{Cs}/u.test(text)) return Buffer.from(text, 'utf8')
  return Buffer.concat(text.split(/(\p{Cs}+)/u).map((part, at) => (at % 2 === 0 ? Buffer.from(part, 'utf8') : escapedBytes(part))))
}

/**
 * Text of a host made harmless for a terminal, and visible: `\x1b[31m` is printed as backslash, x, 1, b.
 * Controls, bidi and other invisible marks, line separators, lone surrogates; a newline is kept only if asked.
 */
export function printable(text: string, options: { readonly newlines?: boolean } = {}): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (mark) => (mark === '\n' && options.newlines ? mark : visible(mark)))
}

const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function visible(mark: string): string {
  const code = mark.codePointAt(0)!
  if (code < 0x100) return named[mark] ?? `\\x${hex(code, 2)}`
  if (isEscapedByte(code)) return `\\x${hex(code - escapeBase, 2)}`
  return code > 0xffff ? `\\u{${hex(code, 1)}}` : `\\u${hex(code, 4)}`
}

const hex = (code: number, digits: number): string => code.toString(16).padStart(digits, '0')

const isEscapedByte = (code: number): boolean => code >= escapeBase + 0x80 && code <= escapeBase + 0xff

function escapedBytes(surrogates: string): Buffer {
  return Buffer.from(
    Array.from(surrogates, (surrogate) => {
      const code = surrogate.codePointAt(0)!
      if (!isEscapedByte(code)) throw new RangeError(`no byte is meant by the lone surrogate U+${hex(code, 4).toUpperCase()}`)
      return code - escapeBase
    }),
  )
}

function decodeMixed(bytes: Buffer): string {
  const parts: string[] = []
  let start = 0
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at)
    if (length > 0) at += length
    else {
      parts.push(bytes.toString('utf8', start, at), String.fromCharCode(escapeBase + bytes[at]!))
      start = ++at
    }
  }
  parts.push(bytes.toString('utf8', start))
  return parts.join('')
}

/** Length of the UTF-8 sequence that begins at `at` (Unicode 15, table 3-7); 0 where none does. */
function sequenceLength(bytes: Buffer, at: number): number {
  const lead = bytes[at]!
  if (lead < 0x80) return 1
  const length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0
  return length > 0 && isUtf8(bytes.subarray(at, at + length)) ? length : 0
}

/** `1 host`, `2 hosts`. */
export const plural = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? '' : 's'}`
