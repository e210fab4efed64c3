import type { Planned, Seen } from '../../types.js'
import type { Resource } from '../resource.js'
import type { PathsWant } from './want.js'

/** The paths of the inventory that a host stands on: nothing is changed for them, but what would let a connection die is said. */
export const pathsResource: Resource<PathsWant> = { name: 'paths', probe, plan, items: () => [], narrow: (want) => want }

const time = 'net.ipv4.tcp_keepalive_time'
const interval = 'net.ipv4.tcp_keepalive_intvl'
const remembers = 'net.netfilter.nf_conntrack_tcp_timeout_established'

function probe({ ends, boxes }: PathsWant): string {
  const keys = [...(ends.length > 0 ? [time, interval] : []), ...(boxes.length > 0 ? [remembers] : [])]
  return keys.map((key) => `hf_s on-path ${key}; cat /proc/sys/${key.replaceAll('.', '/')} 2>/dev/null`).join('\n')
}

function plan({ ends, boxes, wanted }: PathsWant, seen: Seen): Planned {
  const will = (key: string): number | undefined => {
    const text = wanted[key] ?? seen.sections.find((section) => section.kind === 'on-path' && section.name === key)?.body.trim() ?? ''
    return /^\d+$/.test(text) ? Number(text) : undefined
  }
  const late = ends.flatMap(({ path, hop, idle, limit }) =>
    [time, interval].flatMap((key) => {
      const value = will(key)
      return value === undefined || value <= limit
        ? []
        : [
            `path ${path}: ${hop} forgets a connection that is idle for ${idle} s, and ${key} is ${value} here: write ${key}: ${key === interval ? Math.min(75, limit) : limit}`,
          ]
    }),
  )
  const short = boxes.flatMap(({ path, keepalive, least }) => {
    const value = will(remembers)
    return value === undefined || value >= least
      ? []
      : [
          `path ${path}: this host forgets a connection after ${value} s (${remembers}), and its ends probe every ${keepalive} s: write ${remembers}: ${least} or more`,
        ]
  })
  return { steps: [], warnings: [...late, ...short], refused: [] }
}
