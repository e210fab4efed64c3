import type { LabHost } from '../lab/lab.js'
import { allKeys, ruleLines, type Things, wantedValues } from './things.js'

const saved = '/var/tmp/bench'
const paths = [
  '/etc/iptables',
  '/etc/sysctl.conf',
  '/etc/sysctl.d',
  '/etc/modules-load.d',
  '/etc/systemd/system',
  '/var/lib/holdfast',
  '/root/.ansible',
  '/run/holdfast',
]

/** Keeps a host's state under a name, on the host: live values and rules, and the files that a run may write. */
export const keep = (host: LabHost, name: string): Promise<string> =>
  host.must(`set -e
mkdir -p ${saved}/${name} && cd ${saved}/${name}
iptables-save -c > v4; ip6tables-save -c > v6
for key in ${allKeys.join(' ')}; do printf '%s=%s\\n' "$key" "$(sysctl -n "$key")"; done > values
set --
for path in ${paths.join(' ')}; do [ ! -e "$path" ] || set -- "$@" "$path"; done
tar -P -cf files.tar "$@"
(${digest}) > digest`)

/** Puts a kept state back; rejects where the host is then not byte for byte what it was. */
export const putBack = (host: LabHost, name: string): Promise<string> =>
  host.must(`set -e
cd ${saved}/${name}
rm -rf ${paths.join(' ')}
tar -P -xf files.tar
iptables-restore -c < v4; ip6tables-restore -c < v6
sysctl -q -p values
(${digest}) > ../digest
cmp digest ../digest || { diff digest ../digest; exit 1; } >&2`)

// Names, modes, owners, sizes and sums of the files, and what is live; times and counters aside.
const digest = `
find /etc /root /run /tmp /usr/local /var/lib /var/spool -xdev ! -name '.' ! -path '/var/lib/apt/*' ! -path '/var/lib/dpkg/*' \\( -type d -printf '%p %m %u\\n' -o -printf '%p %m %u %s %l\\n' \\) | sort
cat ${allKeys.map((key) => `/proc/sys/${key.replaceAll('.', '/')}`).join(' ')}
find /etc /var/lib/holdfast /root -xdev -type f -exec cksum {} + 2>/dev/null | sort
for save in iptables-save ip6tables-save; do $save | sed '/^#/d; s/\\[[0-9:]*\\]$//'; done`

/** What a host does, in lines: its values and its rules, without counters and without the comments that holdfast's rules bear. */
export const effectOf = (host: LabHost): Promise<string> =>
  host.must(`sysctl ${allKeys.join(' ')}
for save in iptables-save ip6tables-save; do
  $save | sed '/^#/d; s/ \\[[0-9:]*\\]$//; s/ -m comment --comment "\\{0,1\\}holdfast:[^" ]*"\\{0,1\\}//'
done`)

/** What a host that did `fresh` should do once it holds the things: other values, and the rules at the end of INPUT. */
export const withThings = (fresh: string, things: Things): string => {
  const wanted = wantedValues(things)
  const lines = fresh.split('\n').map((line) => {
    const key = line.split(' = ')[0]!
    return wanted.has(key) ? `${key} = ${wanted.get(key)}` : line
  })
  // IPv4's comes first
  const end = lines.indexOf('COMMIT', lines.indexOf('*filter'))
  const last = lines.findLastIndex((line, index) => index < end && line.startsWith('-A INPUT '))
  return lines.toSpliced(last + 1, 0, ...ruleLines(things)).join('\n')
}

/** The first line that differs, said for a person; undefined where all is equal. */
export const firstDifference = (wanted: string, seen: string): string | undefined => {
  if (wanted === seen) return undefined
  const [one, other] = [wanted.split('\n'), seen.split('\n')]
  const found = one.findIndex((line, index) => line !== other[index])
  const at = found < 0 ? one.length : found
  return `line ${at + 1}: wanted "${one[at] ?? '(end)'}", is "${other[at] ?? '(end)'}"`
}

/** Runs for every host, a few at a time. */
export const onEach = async <T>(hosts: readonly LabHost[], act: (host: LabHost) => Promise<T>): Promise<readonly T[]> => {
  const results: T[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    for (let index = next++; index < hosts.length; index = next++) results[index] = await act(hosts[index]!)
  }
  await Promise.all(Array.from({ length: 4 }, worker))
  return results
}
