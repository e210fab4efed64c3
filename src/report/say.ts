import type { Change } from '../types.js'

/** A change in one line: `live sysctl net.ipv4.tcp_rfc1337: 1 -> 0 (drift)`. */
export function sayChange({ resource, layer, at, before, after, from, to, cause, note }: Change): string {
  const side = (text: string | undefined, place: number | undefined): string =>
    `${place === undefined ? '' : `${place}: `}${text ?? '(absent)'}`
  return `${layer} ${resource} ${at}: ${side(before, from)} -> ${side(after, to)} (${cause})${note === undefined ? '' : `; ${note}`}`
}
