/** Keys below /proc/sys/net that show a difference and yet are no setting of anybody's, with the reason. A file of /etc that names one makes it a setting. */
const rows: readonly (readonly [RegExp, string])[] = [
  [/\/nf_conntrack_count$/, 'a counter'],
  [/\/(flush|gc_min_interval_ms|igmp_link_local_mcast_reports)$/, 'an action, or another spelling of a key beside it'],
  [/\/tcp_available_|\/tcp_allowed_congestion_control$/, 'what the kernel offers'],
  [/\/(tcp_mem|udp_mem|sctp_mem|sctp_[rw]mem|tcp_[rw]mem)$/, 'sized by the memory, and handed on to a fresh namespace'],
  [/\/(nf_conntrack_(max|buckets|expect_max)|nf_conntrack_max|nf_flowtable_.*)$/, 'sized by the memory'],
  [/\/(tcp_max_orphans|tcp_max_tw_buckets|tcp_max_syn_backlog|inet_peer_threshold|tcp_challenge_ack_limit)$/, 'sized by the memory'],
  [/\/route\/(max_size|gc_thresh)$|\/xfrm\d?_gc_thresh$|high_thresh$|low_thresh$/, 'sized by the memory'],
  [/\/(tcp|udp)_(child_)?(ehash|hash)_entries$|_hash|_buckets$/, 'sized by the memory'],
  [/\/(stable_secret|tcp_fastopen_key|netdev_rss_key|ipfrag_secret_interval)$/, 'random, or a secret'],
  [/^net\/ipv[46]\/(conf|neigh)\/(?!(all|default)\/)/, 'of one interface: it follows conf.all, conf.default or whoever made the interface'],
  [/\/neigh\/[^/]+\/(gc_.*|retrans_time|base_reachable_time)$/, 'another spelling of a key beside it'],
  [/^net\/ipv6\/conf\/[^/]+\/(mtu|addr_gen_mode|temp_.*)$/, 'follows the link and its manager'],
  [/^net\/ipv4\/conf\/[^/]+\/(forwarding|mc_forwarding|bc_forwarding)$/, 'moved by net.ipv4.ip_forward or a routing daemon'],
  [/^net\/ipv6\/conf\/(default\/forwarding|[^/]+\/mc_forwarding)$/, 'moved by net.ipv6.conf.all.forwarding or a routing daemon'],
  [/^net\/netfilter\/nf_log\//, 'bound by whoever loads the logger'],
  [/^net\/core\/(warnings|bpf_jit_limit|optmem_max)$/, 'differs between kernels, not between hosts'],
]

/** Why a key is no setting although it differs from a fresh network namespace; undefined where it is one. */
export function whyNoSetting(path: string): string | undefined {
  const key = path.slice('/proc/sys/'.length)
  return rows.find(([pattern]) => pattern.test(key))?.[1]
}

/** What IPv4 keys hold by themselves that a fresh namespace copies from the first one (Linux, devconf_inherit_init_net in admin-guide/sysctl/net.rst; defaults of net/ipv4/devinet.c). */
const inherited: Readonly<Record<string, string>> = {
  accept_redirects: '1',
  send_redirects: '1',
  secure_redirects: '1',
  shared_media: '1',
  igmpv2_unsolicited_report_interval: '10000',
  igmpv3_unsolicited_report_interval: '1000',
  arp_evict_nocarrier: '1',
}

/** A key's value on a host where nobody has set it; `fresh` is what a fresh network namespace shows, `live` what the host does. */
export function untouched(path: string, fresh: ReadonlyMap<string, string>, live: ReadonlyMap<string, string>): string | undefined {
  const key = path.slice('/proc/sys/'.length)
  if (key === 'net/ipv4/ip_forward') return '0'
  const [, which, name] = /^net\/ipv4\/conf\/(all|default)\/([^/]+)$/.exec(key) ?? []
  if (which === undefined || name === undefined) return fresh.get(path)
  // A router does not take redirects: the kernel moves this key along.
  if (which === 'all' && name === 'accept_redirects') return live.get('/proc/sys/net/ipv4/ip_forward') === '1' ? '0' : '1'
  if (name === 'accept_source_route') return which === 'default' ? '1' : '0'
  return inherited[name] ?? '0'
}
