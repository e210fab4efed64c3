import type { Family } from '../../types.js'
import { parseAddress, parseNetwork, prefixMask } from './address.js'

/** What a part of a rule is printed as: '' = nothing, undefined = not known here. */
export type Spelled = string | undefined

/** Parts that are printed one after the other; one that is not known makes the whole unknown. */
export const parts = (...all: readonly Spelled[]): Spelled => (all.includes(undefined) ? undefined : all.filter(Boolean).join(' '))

/** libxtables prints a plain word bare, any other in double quotes. */
export const savedString = (text: string): string => (/^[\w-]+$/.test(text) ? text : `"${text.replace(/["\\']/g, '\\$&')}"`)

/** A number as iptables reads it; one that begins with 0 would be octal and is not known here. */
export const number = (text: string | undefined, most: number): number | undefined => {
  if (text === undefined || !/^(0x[0-9a-f]{1,8}|0|[1-9]\d{0,9})$/i.test(text)) return undefined
  const value = Number(text)
  return value <= most ? value : undefined
}

/** A 32-bit number as iptables-save prints marks: `0xff`. */
export const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`

const v6Text = (bits: bigint): string => {
  const groups = Array.from({ length: 8 }, (_, n) => Number((bits >> BigInt(112 - 16 * n)) & 0xffffn))
  const lengthFrom = (at: number): number => groups.slice(at).findIndex((group, n) => group !== 0 || at + n === 8)
  const runs = groups.map((group, at) => (group !== 0 ? 0 : lengthFrom(at) < 0 ? 8 - at : lengthFrom(at)))
  const length = Math.max(...runs)
  const start = runs.indexOf(length)
  const text = (from: number, to?: number): string =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':')
  // glibc's inet_ntop writes mapped and compatible addresses dotted.
  if (length >= 5 && start === 0 && (length === 6 || (length === 5 && groups[5] === 0xffff))) {
    return `::${length === 5 ? 'ffff:' : ''}${v4Text(bits & 0xffffffffn)}`
  }
  return length < 2 ? text(0) : `${text(0, start)}::${text(start + length)}`
}

const v4Text = (bits: bigint): string => [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 255n).join('.')

const widthOf = (family: Family): 32 | 128 => (family === 'ipv4' ? 32 : 128)
const plainV4 = (text: string): boolean => !/(^|\.)0\d/.test(text)

/** One address of the family, in the host's spelling. */
export const address = (text: string, family: Family): Spelled => {
  const parsed = plainV4(text) ? parseAddress(text) : undefined
  if (parsed?.width !== widthOf(family)) return undefined
  return family === 'ipv4' ? v4Text(parsed.bits) : v6Text(parsed.bits)
}

/** `10/8` -> `10.0.0.0/8`; '' for every address. */
export const network = (given: string, family: Family): Spelled => {
  const short = /^(\d+(?:\.\d+){0,2})\/(\d+)$/.exec(given)
  const text = short && family === 'ipv4' ? `${[...short[1]!.split('.'), '0', '0', '0'].slice(0, 4).join('.')}/${short[2]}` : given
  const parsed = plainV4(text) ? parseNetwork(text) : undefined
  const width = widthOf(family)
  if (parsed?.width !== width) return undefined
  if (parsed.mask === 0n) return ''
  const length = parsed.mask.toString(2).replace(/0+$/, '').length
  const isPrefix = parsed.mask === prefixMask(length, width)
  if (family === 'ipv6') return isPrefix ? `${v6Text(parsed.bits)}/${length}` : undefined
  return `${v4Text(parsed.bits)}/${isPrefix ? length : v4Text(parsed.mask)}`
}

// Names that mean the same port in every /etc/services; others (http-alt) do not.
const services: Readonly<Record<string, number>> = {
  ftp: 21,
  ssh: 22,
  telnet: 23,
  smtp: 25,
  domain: 53,
  tftp: 69,
  http: 80,
  pop3: 110,
  ntp: 123,
  snmp: 161,
  ldap: 389,
  https: 443,
  imaps: 993,
}

/** A port by its number or its service's name; undefined for what is none, as hex is (libxt_udp 1.8.9 reads no hex). */
export const port = (text: string | undefined): number | undefined =>
  services[text ?? ''] ?? (text?.startsWith('0x') ? undefined : number(text, 65535))

/** `1024:` -> [1024, 65535]; undefined also for a range that falls. */
export const portRange = (text: string, separator = ':'): readonly [number, number] | undefined => {
  const [low, high = low, more] = text.split(separator)
  const from = low === '' && high !== '' ? 0 : port(low)
  const to = high === '' && low !== '' ? 65535 : port(high)
  return more !== undefined || from === undefined || to === undefined || from > to ? undefined : [from, to]
}

/** `v/m` as two numbers of 32 bits. */
export const marked = (text: string): readonly [number, number] | undefined => {
  const [value, mask, more] = text.split('/')
  const pair = [number(value, 0xffffffff), mask === undefined ? 0xffffffff : number(mask, 0xffffffff)] as const
  return more !== undefined || pair[0] === undefined || pair[1] === undefined ? undefined : [pair[0], pair[1]]
}

/** The names of a comma list in the order of `names`, upper case: `RELATED,ESTABLISHED`. */
export const ordered = (text: string, names: readonly string[]): Spelled => {
  const given = text.toUpperCase().split(',')
  return given.every((name) => names.includes(name)) ? names.filter((name) => given.includes(name)).join(',') : undefined
}
