/** Modules that bring keys, by what the path below /proc/sys begins with. */
const modules: readonly (readonly [string, string])[] = [
  ['net/netfilter/nf_conntrack_', 'nf_conntrack'],
  ['net/nf_conntrack_max', 'nf_conntrack'],
  ['net/ipv4/netfilter/ip_conntrack_', 'nf_conntrack_ipv4'],
  ['net/netfilter/nf_flowtable_', 'nf_flow_table'],
  ['net/bridge/bridge-nf-', 'br_netfilter'],
  ['net/ipv4/vs/', 'ip_vs'],
  ['net/sctp/', 'sctp'],
  ['net/mpls/', 'mpls_router'],
  ['net/ipv6/', 'ipv6'],
  ['sunrpc/', 'sunrpc'],
]

/**
 * Keys that move others, with patterns of those they move; `*` is one name. Measured on 6.18 in a namespace of its own;
 * ipv4 `conf.default.KEY` moves every interface on which KEY was never written.
 */
const movers: readonly (readonly [RegExp, readonly string[]])[] = [
  [
    /^net\/ipv4\/(ip_forward|conf\/all\/forwarding)$/,
    ['net/ipv4/ip_forward', 'net/ipv4/conf/*/forwarding', 'net/ipv4/conf/all/accept_redirects'],
  ],
  [/^net\/ipv4\/conf\/default\/(?!forwarding$)([^/]+)$/, ['net/ipv4/conf/*/$1']],
  [/^net\/ipv6\/conf\/all\/(forwarding|force_forwarding|disable_ipv6|addr_gen_mode|ignore_routes_with_linkdown)$/, ['net/ipv6/conf/*/$1']],
]

/**
 * What a key holds after a boot where no file names it. A text is the kernel's constant in every version; `null` is a constant of the running
 * kernel, which a fresh network namespace shows from 4.15 on (before, some of these keys were not per namespace, and it would show the live value).
 */
const constants: Readonly<Record<string, string | null>> = {
  'net/ipv4/tcp_rfc1337': '0',
  'net/ipv4/tcp_keepalive_time': '7200',
  'net/ipv4/tcp_keepalive_intvl': '75',
  'net/ipv4/tcp_keepalive_probes': '9',
  'net/ipv4/tcp_fin_timeout': '60',
  'net/ipv4/tcp_retries1': '3',
  'net/ipv4/tcp_retries2': '15',
  'net/ipv4/tcp_synack_retries': '5',
  'net/ipv4/tcp_orphan_retries': '0',
  'net/ipv4/tcp_abort_on_overflow': '0',
  'net/ipv4/tcp_stdurg': '0',
  'net/ipv4/tcp_sack': '1',
  'net/ipv4/tcp_window_scaling': '1',
  'net/ipv4/tcp_slow_start_after_idle': '1',
  'net/netfilter/nf_conntrack_tcp_loose': '1',
  'net/netfilter/nf_conntrack_tcp_be_liberal': '0',
  'net/netfilter/nf_conntrack_tcp_max_retrans': '3',
  'net/netfilter/nf_conntrack_tcp_timeout_close': '10',
  'net/netfilter/nf_conntrack_tcp_timeout_close_wait': '60',
  'net/netfilter/nf_conntrack_tcp_timeout_established': '432000',
  'net/netfilter/nf_conntrack_tcp_timeout_fin_wait': '120',
  'net/netfilter/nf_conntrack_tcp_timeout_last_ack': '30',
  'net/netfilter/nf_conntrack_tcp_timeout_max_retrans': '300',
  'net/netfilter/nf_conntrack_tcp_timeout_syn_recv': '60',
  'net/netfilter/nf_conntrack_tcp_timeout_syn_sent': '120',
  'net/netfilter/nf_conntrack_tcp_timeout_time_wait': '120',
  'net/netfilter/nf_conntrack_tcp_timeout_unacknowledged': '300',
  'net/netfilter/nf_conntrack_udp_timeout': '30',
  'net/netfilter/nf_conntrack_icmp_timeout': '30',
  'net/netfilter/nf_conntrack_generic_timeout': '600',
  'net/netfilter/nf_conntrack_udp_timeout_stream': null,
  'net/netfilter/nf_conntrack_log_invalid': null,
  'net/netfilter/nf_conntrack_checksum': null,
  'net/ipv4/ip_local_port_range': null,
  'net/ipv4/tcp_timestamps': null,
  'net/ipv4/tcp_syncookies': null,
  'net/ipv4/tcp_tw_reuse': null,
  'net/ipv4/tcp_syn_retries': null,
  'net/ipv4/tcp_ecn': null,
  'net/ipv4/tcp_mtu_probing': null,
  'net/ipv4/tcp_early_retrans': null,
  'net/ipv4/ip_default_ttl': null,
  'net/ipv4/ip_no_pmtu_disc': null,
  'net/ipv4/icmp_echo_ignore_all': null,
  'net/ipv4/icmp_echo_ignore_broadcasts': null,
}

/** The module that brings a path, where one is known. */
export function moduleOf(path: string): string | undefined {
  return modules.find(([prefix]) => below(path).startsWith(prefix))?.[1]
}

/** Patterns (`*` = one name) of the paths that the kernel moves when this one is written. */
export function movedBy(path: string): readonly string[] {
  const key = below(path)
  const mover = movers.find(([pattern]) => pattern.test(key))
  return mover === undefined ? [] : mover[1].map((moved) => `/proc/sys/${key.replace(mover[0], moved)}`)
}

/** Why a write cannot be taken back; undefined where it can. */
export function whyNoUndo(path: string, value: string): string | undefined {
  if (/^net\/ipv[46]\/route\/flush$/.test(below(path))) return 'no undo: the flushed routes are gone'
  if (/^net\/ipv6\/conf\/[^/]+\/disable_ipv6$/.test(below(path)) && value !== '0')
    return 'no undo: the addresses and routes of IPv6 are dropped, and writing 0 again does not bring back those that were set by hand'
  return undefined
}

/** Where a write stands among others: keys that move all others first, then those of `default`, the rest, and what cannot be undone last. */
export function rank(path: string, value: string): number {
  if (whyNoUndo(path, value) !== undefined) return 3
  if (movedBy(path).length === 0) return 2
  return path.includes('/conf/default/') ? 1 : 0
}

/** The paths whose default only the host itself can tell, in a fresh network namespace. */
export const measuredDefaults: readonly string[] = Object.keys(constants)
  .filter((key) => constants[key] === null)
  .map((key) => `/proc/sys/${key}`)

/** The value after a boot without a line; `measured` is what a fresh network namespace printed, `kernel` its release. */
export function constantDefault(path: string, measured: string | undefined, kernel: string): string | undefined {
  const constant = constants[below(path)]
  if (constant !== null) return constant
  const [major = 0, minor = 0] = kernel.split('.').map((part) => Number.parseInt(part, 10))
  return major > 4 || (major === 4 && minor >= 15) ? measured : undefined
}

function below(path: string): string {
  return path.slice('/proc/sys/'.length)
}
