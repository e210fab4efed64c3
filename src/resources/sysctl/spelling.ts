const root = '/proc/sys/'

/**
 * The /proc path of a key in any spelling, by sysctl.d(5): a first separator `/` leaves the rest as it is, a first `.` swaps `.` and `/`.
 * `net.ipv4.conf.eth0/7.rp_filter` -> `/proc/sys/net/ipv4/conf/eth0.7/rp_filter`.
 */
export function keyPath(key: string): string {
  const first = key.search(/[./]/)
  return plainPath(key[first] === '.' ? swap(key) : key)
}

/** A path below /proc/sys without doubled or leading separators, as the kernel resolves it. */
export function plainPath(key: string): string {
  return root + key.split('/').filter(Boolean).join('/')
}

/** The key of a /proc path as people read it: `net.ipv4.conf.eth0/7.rp_filter`. */
export function pathKey(path: string): string {
  return swap(path.slice(root.length))
}

/**
 * The key of a /proc path in the one spelling that every boot reader takes: dots, but slashes where a name holds a dot itself
 * (measured: systemd 252, procps 4.0.2, busybox 1.35).
 */
export function fileKey(path: string): string {
  const key = path.slice(root.length)
  return key.includes('.') ? key : key.replaceAll('/', '.')
}

function swap(key: string): string {
  return key.replace(/[./]/g, (c) => (c === '.' ? '/' : '.'))
}
