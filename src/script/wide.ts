/** Bytes of either kind that are brought back: a host has some 600 such keys, 30 KB. */
const most = 262_144

/**
 * sh that prints what nobody asked for: the kernel parameters of the network (`wide values`, lines `PATH:VALUE`) and, by family, the rules
 * (`wide rules FAMILY`). It changes nothing: write-only keys are not opened, secrets are not read, and the rules are asked for only where the
 * kernel's part of that back end is there already, since a read would load it. Interfaces come and go, and have 60 keys each: left out.
 */
export const wideBody = `hf_s wide values
find /proc/sys/net \\( -path '/proc/sys/net/ipv[46]/neigh/[!d]*' -o -path '/proc/sys/net/ipv[46]/conf/[!ad]*' \\) -prune -o \\
  -type f -perm -400 ! -name stable_secret ! -name tcp_fastopen_key ! -name netdev_rss_key -print |
  xargs grep -s '' /dev/null | head -c ${most}
hf_wide() {
  hf_have "$1-save" || return 0
  case $("$1" -V 2>&1) in
    *nf_tables*) [ ! -e /proc/modules ] || [ -d /sys/module/nf_tables ] || grep -qs '/nf_tables[.]ko' "/lib/modules/$(uname -r)/modules.builtin" || return 0;;
    *) [ -n "$(cat "$2" 2>/dev/null)" ] || return 0;;
  esac
  hf_s wide rules "$3"; "$1-save" 2>/dev/null | head -c ${most}
}
hf_wide iptables /proc/net/ip_tables_names ipv4
hf_wide ip6tables /proc/net/ip6_tables_names ipv6`
