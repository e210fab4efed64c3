import { resources } from '../resources/index.js'
import { lookBody } from '../script/look.js'
import { bodyOf } from '../script/sections.js'
import type { HostWant, Section } from '../types.js'

/** The body of a look at what a host holds: its files, its rules in both layers, and its kernel parameters of the network beside those of a fresh namespace. */
export function surveyBody(want: HostWant): string {
  const nothing = { sysctl: { keys: [], reage: false }, iptables: { rules: [], absent: [], chains: [] } }
  // Without a want a family is read only where it must be swept.
  return [lookBody({ ...want, resources: nothing, prune: true }, resources), settings].join('\n')
}

// Interfaces come and go, and a thousand of them are 60,000 keys; none of them is asked for.
const settings = `hf_held='find /proc/sys/net \\( -path "/proc/sys/net/ipv[46]/neigh/[!d]*" -o -path "/proc/sys/net/ipv[46]/conf/[!ad]*" \\) -prune -o -type f -print |
  xargs grep -H "" 2>/dev/null'
hf_s held live; sh -c "$hf_held" 2>/dev/null
if hf_have unshare; then hf_s held fresh; unshare -n sh -c "$hf_held" 2>/dev/null; fi`

/** Values by path, as the host showed them live or in a fresh namespace; empty where it could not. */
export function heldValues(sections: readonly Section[], which: 'live' | 'fresh'): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (const line of (bodyOf(sections, 'held', which) ?? '').split('\n')) {
    const colon = line.indexOf(':')
    if (!line.startsWith('/proc/sys/') || colon < 0) continue
    const path = line.slice(0, colon)
    const before = values.get(path)
    values.set(path, before === undefined ? line.slice(colon + 1) : `${before}\n${line.slice(colon + 1)}`)
  }
  return values
}
