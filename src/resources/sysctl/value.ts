/** Keys whose text is compared byte by byte, although it may look like numbers. */
const strings: readonly RegExp[] = [
  /^kernel\/(core_pattern|hostname|domainname|modprobe|hotplug|poweroff_cmd|seccomp\/actions_logged)$/,
  /^net\/ipv4\/tcp_(congestion_control|available_ulp)$/,
  /^net\/core\/(default_qdisc|rps_default_mask|flow_limit_cpu_bitmap)$/,
  /^net\/ipv6\/conf\/[^/]+\/stable_secret$/,
]

/** Keys whose text the kernel spells anew, with what it makes of them. */
const respelled: readonly (readonly [RegExp, (text: string) => string])[] = [
  [/^net\/ipv4\/ip_local_reserved_ports$/, ports],
  [/^net\/ipv4\/tcp_fastopen_key$/, fastopenKeys],
  [/^net\/ipv4\/tcp_allowed_congestion_control$/, (text) => words(text).join(' ')],
]

/** True where the kernel makes the same of two texts; `shape` is what the key prints now, without its last newline. */
export function sameValue(path: string, a: string, b: string, shape: string): boolean {
  return kernelForm(path, a, shape) === kernelForm(path, b, shape)
}

/** A value as the kernel spells it, told by what the key prints now: `0x1e` -> `30`, `030` -> `24`, `4096\t87380` -> `4096 87380`. */
export function kernelForm(path: string, text: string, live: string): string {
  const key = path.slice('/proc/sys/'.length)
  const respell = respelled.find(([pattern]) => pattern.test(key))
  if (respell !== undefined) return respell[1](text)
  if (strings.some((pattern) => pattern.test(key)) || !isVector(live)) return text
  // More words than fields, and what follows them (`11 # c`), are dropped: 6.18.
  const fields = words(text).slice(0, words(live).length).map(integer)
  return fields.includes(undefined) ? text : fields.join(' ')
}

/** Why a wanted value cannot be written as it stands: too few or too many words for a vector; undefined where it can. */
export function wrongLength(path: string, live: string, want: string): string | undefined {
  if (respelled.some(([pattern]) => pattern.test(path.slice('/proc/sys/'.length))) || !isVector(live)) return undefined
  const [has, given] = [words(live).length, words(want).length]
  if (has === given || !words(want).every((word) => integer(word) !== undefined)) return undefined
  const full = [...words(want), ...words(live).slice(given)].slice(0, has).join(' ')
  return `write all ${has} ${has === 1 ? 'word' : 'words'}: ${full} (a kernel that is given ${given} changes or drops the others in silence)`
}

function words(text: string): string[] {
  return text.split(/[ \t\n]+/).filter(Boolean)
}

function isVector(live: string): boolean {
  return words(live).length > 0 && words(live).every((word) => integer(word) !== undefined)
}

/** A number by the kernel's rule (base 0): octal after a 0, hexadecimal after 0x; no plus sign. */
function integer(word: string): string | undefined {
  const [, sign = '', digits = ''] = /^(-?)(0x[0-9a-f]+|0[0-7]*|[1-9][0-9]*)$/i.exec(word) ?? []
  if (digits === '') return undefined
  const number = BigInt(/^0[0-7]/.test(digits) ? `0o${digits.slice(1)}` : digits)
  return String(sign === '-' ? -number : number)
}

/** `8080,1024-1030,1031` -> `1024-1031,8080`. */
function ports(text: string): string {
  const ranges = text
    .split(/[,\s]+/)
    .filter(Boolean)
    .map((range) => range.split('-').map(Number))
    .map(([from = Number.NaN, to = from]) => [from, to] as const)
  if (ranges.some(([from, to]) => Number.isNaN(from) || Number.isNaN(to))) return text
  const merged: [number, number][] = []
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1)
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to)
    else merged.push([from, to])
  }
  return merged.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',')
}

/** `1-2-3-4` -> `00000001-00000002-00000003-00000004`. */
function fastopenKeys(text: string): string {
  const pad = (group: string): string => group.toLowerCase().padStart(8, '0')
  return text
    .split(',')
    .map((key) => key.trim().split('-').map(pad).join('-'))
    .join(',')
}
