import { resources } from '../resources/index.js'
import type { SysctlKey, SysctlWant } from '../resources/sysctl/want.js'
import { lookBody } from '../script/look.js'
import { asFunction, prelude } from '../script/prelude.js'
import type { HostWant } from '../types.js'

/** The kernel parameters that the known failures turn on. */
export const telling = [
  'net.ipv4.tcp_rfc1337',
  'net.ipv4.tcp_timestamps',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.ip_local_port_range',
  'net.netfilter.nf_conntrack_tcp_timeout_established',
  'net.netfilter.nf_conntrack_tcp_be_liberal',
] as const

const established = '/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established'

/** sh that reads a host, and changes nothing: what a look brings back, and what the failures leave behind. One exec. */
export function diagnoseScript(want: HostWant, mark: string): string {
  const sysctl = want.resources.sysctl as SysctlWant | undefined
  const wanted = sysctl?.keys ?? []
  const more = telling.filter((key) => !wanted.some((one) => one.key === key)).map(asKey)
  const looked = { ...want, resources: { ...want.resources, sysctl: { keys: [...wanted, ...more], reage: sysctl?.reage ?? false } } }
  const limit = wanted.find((key) => key.path === established)?.value ?? `$(cat ${established} 2>/dev/null)`
  return asFunction(
    [prelude(mark), lookBody(looked, resources), samples, `hf_conntrack "${/^[\w$()/ >.]+$/.test(limit) ? limit : ''}"`, 'hf_s end'].join(
      '\n',
    ),
  )
}

/** sh that reads the counters alone, for a second look some time after the first. */
export function sampleScript(mark: string): string {
  return asFunction([prelude(mark), samples, 'hf_s end'].join('\n'))
}

const asKey = (key: string): SysctlKey => ({
  key,
  path: `/proc/sys/${key.replaceAll('.', '/')}`,
  value: '0',
  origin: { playbook: '', play: '' },
})

const samples = `hf_s counters; cat /proc/net/snmp /proc/net/netstat 2>/dev/null
for hf_x in iptables ip6tables; do
  if hf_have $hf_x-save; then hf_s packets $hf_x; $hf_x-save -c -t filter 2>/dev/null; fi
done
hf_s invalid
if [ -r /proc/net/stat/nf_conntrack ]; then tail -n +2 /proc/net/stat/nf_conntrack | while read -r hf_a hf_b hf_c hf_d hf_e hf_f; do printf '%s\\n' "$hf_e"; done; fi
hf_s timewait
cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4 == "06" { split($3, a, ":"); c[a[1]]++ } END { for (k in c) print c[k], k }' | sort -rn | head -n 20
hf_s sockets; hf_have ss && ss -Htnop state established 2>/dev/null | head -n 5000
hf_conntrack() { # how long the tracked connections still have: in steps, and how many have more than $1
  hf_s tracked-for; hf_n=; { read -r hf_n < /proc/sys/net/netfilter/nf_conntrack_count; } 2>/dev/null
  hf_n=$(cat /proc/sys/net/netfilter/nf_conntrack_count 2>/dev/null)
  [ "\${hf_n:-0}" != 0 ] || return 0
  if [ -r /proc/net/nf_conntrack ]; then awk '$3 == "tcp" && $6 == "ESTABLISHED" { print $5 }' /proc/net/nf_conntrack
  elif hf_have conntrack && { ! grep -qs '^nf_conntrack ' /proc/modules || grep -qs '^nf_conntrack_netlink ' /proc/modules; }; then
    for hf_f in ipv4 ipv6; do conntrack -L -f $hf_f -p tcp --state ESTABLISHED 2>/dev/null; done | awk '{ print $3 }'
  fi | awk -v w="$1" '{ n = $1 + 0; if (w != "" && n > w + 0) above++; b = n <= 60 ? 60 : n <= 300 ? 300 : n <= 3600 ? 3600 : n <= 43200 ? 43200 : n <= 86400 ? 86400 : 432000; c[b]++ } END { print "above", above + 0; for (b in c) print b, c[b] }'
}`
