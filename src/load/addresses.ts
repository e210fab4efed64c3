import type { Family } from '../types.js'

/** The family of an address without a mask; undefined: it is none, a name perhaps. */
export function familyOfAddress(text: string): Family | undefined {
  if (isIPv4(text)) return 'ipv4'
  return isIPv6(text) ? 'ipv6' : undefined
}

/** One element of -s or -d: an address or network, a name (with its mask, if any), or what is wrong with it. */
export type Element = { readonly family: Family } | { readonly name: string; readonly mask: string } | { readonly wrong: string }

/** What one element of -s or -d is; iptables takes `10/8`, `10.0.0.0/255.0.0.0`, `2001:db8::/32` and names. */
export function readElement(text: string): Element {
  const slash = text.indexOf('/')
  const head = slash < 0 ? text : text.slice(0, slash)
  const mask = slash < 0 ? '' : text.slice(slash)
  if (head.includes(':'))
    return isIPv6(head) && fitsMask(mask, 128, isIPv6) ? { family: 'ipv6' } : { wrong: `${JSON.stringify(text)} is not an IPv6 address` }
  if (/^[0-9.]+$/.test(head)) {
    const whole =
      isIPv4(head) || (mask !== '' && /^[0-9]{1,3}(\.[0-9]{1,3}){0,2}$/.test(head) && head.split('.').every((part) => Number(part) < 256))
    return whole && fitsMask(mask, 32, isIPv4) ? { family: 'ipv4' } : { wrong: `${JSON.stringify(text)} is not an IPv4 address` }
  }
  if (!isHostName(head)) return { wrong: `${JSON.stringify(text)} is neither an address nor a name` }
  return fitsMask(mask, 128, (each) => isIPv4(each) || isIPv6(each))
    ? { name: head, mask }
    : { wrong: `${JSON.stringify(text)} has no usable mask` }
}

/** Whether the text could be a host's name in DNS or /etc/hosts. */
export function isHostName(text: string): boolean {
  return text.length <= 253 && /^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$/.test(text)
}

function fitsMask(mask: string, bits: number, isAddress: (text: string) => boolean): boolean {
  if (mask === '') return true
  const text = mask.slice(1)
  return /^[0-9]{1,3}$/.test(text) ? Number(text) <= bits : isAddress(text)
}

function isIPv4(text: string): boolean {
  return /^[0-9]{1,3}(\.[0-9]{1,3}){3}$/.test(text) && text.split('.').every((part) => Number(part) < 256)
}

function isIPv6(text: string): boolean {
  if (!/^[0-9a-fA-F:.]+$/.test(text) || text.length > 45) return false
  const halves = text.split('::')
  if (halves.length > 2) return false
  const count = halves
    .flatMap((half) => (half === '' ? [] : half.split(':')))
    .map((part, at, all) =>
      at === all.length - 1 && part.includes('.') ? (isIPv4(part) ? 2 : 99) : /^[0-9a-fA-F]{1,4}$/.test(part) ? 1 : 99,
    )
  const groups = count.reduce((sum, each) => sum + each, 0)
  return halves.length === 2 ? groups < 8 : groups === 8
}
