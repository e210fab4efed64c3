/** A kernel parameter's place and its name for people; or what is wrong with the name. */
export type KeyName = { readonly path: string; readonly key: string } | { readonly wrong: string }

/**
 * Reads a key as sysctl(8) does: the first separator says which of `.` and `/` parts names, the other then stands inside one
 * (`net.ipv4.conf.eth0/7.rp_filter` = `net/ipv4/conf/eth0.7/rp_filter`). In dots alone the middle of `conf` and `neigh` may hold dots too.
 */
export function readKey(text: string): KeyName {
  if (/[*?[\]]/.test(text)) return { wrong: 'a key with * or ? names several parameters: write each' }
  if (!/^[A-Za-z0-9_/][A-Za-z0-9_.:@/+-]*$/.test(text)) return { wrong: `${JSON.stringify(text)} cannot be the name of a kernel parameter` }
  const parts = joinInterface(split(text.replace(/^\/?proc\/sys\//, '')))
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return { wrong: 'a part of the key is empty' }
  if (parts.length < 2) return { wrong: 'a key has at least two parts, as net.ipv4.ip_forward' }
  return { path: `/proc/sys/${parts.join('/')}`, key: parts.map((part) => part.replaceAll('.', '/')).join('.') }
}

function split(text: string): readonly string[] {
  const separator = /[./]/.exec(text)?.[0]
  if (separator === '/') return text.split('/')
  return text.split('.').map((part) => part.replaceAll('/', '.'))
}

/** `net.ipv4.conf.eth0.7.rp_filter`: what lies between `conf` and the last name is one interface. */
function joinInterface(parts: readonly string[]): readonly string[] {
  const [net, family, kind] = parts
  const dotted = net === 'net' && (family === 'ipv4' || family === 'ipv6') && (kind === 'conf' || kind === 'neigh') && parts.length > 5
  return dotted ? ['net', family, kind, parts.slice(3, -1).join('.'), parts.at(-1) ?? ''] : parts
}

/** The wanted value as one line of words, or what is wrong with it: booleans, fractions, line breaks, and what the kernel would store without a word. */
export function readValue(key: string, value: unknown): { readonly value: string } | { readonly wrong: string } {
  if (typeof value === 'boolean') return { wrong: `the kernel takes no ${value}: write ${value ? 1 : 0}` }
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return { wrong: `must be a whole number or text (is ${value})` }
  if (typeof value !== 'string' && typeof value !== 'number') return { wrong: 'must be a whole number or text' }
  const text = String(value).trim()
  if (/[\0-\x08\x0a-\x1f\x7f]/.test(text)) return { wrong: 'the value holds a line break or a control character' }
  if (text === '') return { wrong: 'the value is empty' }
  const octal = text.split(/\s+/).find((word) => /^[-+]?0[0-9]+$/.test(word))
  if (octal !== undefined) return { wrong: `the kernel reads ${octal} as octal: write it without the leading 0` }
  const least = leastOf(key)
  if (least !== undefined && /^[-+]?[0-9]+$/.test(text) && Number(text) < least)
    return { wrong: `must be at least ${least} (is ${text}): the kernel would take it and misbehave` }
  return { value: text.replaceAll(/[ \t]+/g, ' ') }
}

// Linux 6.18 stores 0, -1 and the like for these without an error.
function leastOf(key: string): number | undefined {
  if (/^net\.ipv4\.tcp_keepalive_(time|intvl|probes)$/.test(key)) return 1
  return /^net\.netfilter\.nf_conntrack_.*timeout/.test(key) ? 0 : undefined
}
