import { quote } from '../quote.js'
import { otherTables } from '../resources/iptables/probe-live.js'
import type { Reach } from '../types.js'
import type { Batch } from './batches.js'

export interface RehearsalInput {
  readonly batches: readonly Batch[]
  readonly reach: readonly Reach[]
}

/**
 * sh that defines hf_rehearse_all: the candidate ruleset in a throw-away namespace behind a veth that bears the real interface's name and
 * address; a SYN from the controller's address must reach TCP there. It is let in when TCP's own counter of segments moves, so no listener
 * is needed. Prints a section `rehearsal LABEL` each: ok, refused, none (it cannot be done here), inconclusive (it fails today too).
 * Returns 1 when the plan must not run.
 */
export function rehearsal(input: RehearsalInput): string {
  if (input.batches.length === 0) return 'hf_rehearse_all() { :; }'
  const probes = input.reach.map(
    (reach, index) =>
      `hf_probe ${index} ${quote(reach.from)} '' ${reach.port} ${reach.protocol} ${reach.allowed ? 'reach' : 'shut'} || return 1`,
  )
  return `${library}
hf_sets=${input.batches.some(({ text }) => text.includes('-set ')) ? "'-set '" : ''}
hf_tools='${[...toolsOf(input)].join(' ')}'
case $SSH_CONNECTION in ::ffff:*) hf_x=iptables;; *:*) hf_x=ip6tables;; *) hf_x=iptables;; esac
case " $hf_tools " in *" $hf_x "*) ;; *) hf_tools="$hf_tools $hf_x";; esac
hf_candidate() {
${input.batches.map(({ tool, text }, index) => `  hf_batch_part ${index} ${tool} ${quote(text)} || return 1\n`).join('')}  for hf_x in iptables ip6tables; do eval "hf_part play.both.$hf_x \\"\\\${hf_both_$hf_x-}\\"" || return 1; done
}
hf_rehearse_all() {
  hf_can_rehearse || { hf_s rehearsal ssh; printf 'none %s\\n' "$hf_why"; return 0; }
  if [ -n "\${hf_lock:-}" ] && ! { hf_present && hf_candidate; } 2>/dev/null; then
    hf_s rehearsal ssh; printf 'none %s\\n' "there is no room in $hf_lock"; return 0
  fi
  set -f; set -- $SSH_CONNECTION; set +f
  if [ $# = 4 ]; then hf_probe ssh "$1" "$3" "$4" tcp ssh || return 1
  else hf_s rehearsal ssh; printf 'none %s\\n' 'the host does not say where the connection comes from (no SSH_CONNECTION)'; fi
  ${[...probes, ':'].join('\n  ')}
}`
}

/** The commands whose rules the rehearsal needs: those that change, and those that decide who is let in. */
export function toolsOf(input: RehearsalInput): ReadonlySet<string> {
  return new Set([
    ...input.batches.map(({ tool }) => tool),
    ...input.reach.map(({ from }) => (from.includes(':') ? 'ip6tables' : 'iptables')),
  ])
}

const library = `hf_can_rehearse() {
  for hf_x in unshare ip mkfifo mount; do hf_have $hf_x || { hf_why="there is no $hf_x"; return 1; }; done
  case $hf_be in nft) hf_us='unshare -n';; *) hf_us='unshare -n -m';; esac
  hf_dial=
  for hf_x in bash nc busybox python3 perl curl; do hf_have $hf_x && { hf_dial=$hf_x; break; }; done
  [ -n "$hf_dial" ] || { hf_why='nothing here can open a connection (bash, nc, python3, perl, curl)'; return 1; }
  if hf_have modprobe && [ -e /proc/modules ] && [ ! -e /sys/module/veth ] && ! ip -o link show type veth 2>/dev/null | grep -q .; then
    hf_why='the module of veth is not loaded'; return 1
  fi
}
hf_split='/^#@/{f=substr($0,3);next}{print > f}'
hf_part() { # NAME TEXT: a file of the rehearsal
  if [ -z "$2" ]; then :
  elif [ -n "\${hf_lock:-}" ]; then printf '%s\\n' "$2" > "$hf_lock/$1"
  else printf '#@%s\\n%s\\n' "$1" "$2"; fi
}
hf_batch_part() { # NUMBER TOOL TEXT; and with the rules as they are, so that both load at once
  eval "hf_r=\\\${hf_both_$2-\\$hf_now_$2}"
  eval "hf_both_$2=\\$hf_r\\$hf_nl\\$3"
  hf_part "play.batch.$1.$2" "$3"
}
hf_nl='
'
hf_native() {
  ${otherTables}
}
hf_present() { # the rules as they are, of the families that something goes by
  for hf_x in $hf_tools; do
    eval "hf_r=\\\${hf_now_$hf_x-}"
    [ -n "$hf_r" ] || { hf_r=$($hf_x-save 2>/dev/null); eval "hf_now_$hf_x=\\$hf_r"; }
    hf_sets=$hf_sets$hf_r
    hf_part play.$hf_x "$hf_r" || return 1
  done
  case $hf_sets in *-set\\ *) ! hf_have ipset || hf_part play.sets "$(ipset save)" || return 1;; esac
  ! hf_have nft || hf_part play.native "$(hf_native)"
}
# act has the lock's folder for the texts, and reaches it as the current one, also where /run is hidden: a legacy iptables has its lock there,
# and gets one of its own. plan leaves nothing on a host: its texts are in memory that goes with the namespace.
hf_unpack='mount --make-rprivate / && mount -t tmpfs tmpfs /run && mkdir /run/hf && cd /run/hf && awk "\${10}" || exit 3
'
# The two ends talk through pipes, so that neither waits longer than it must, and both end when the other does.
hf_stage_play='hf_dev=$1; hf_from=$2; hf_to=$3; hf_port=$4; hf_proto=$5; hf_dial=$6; hf_with=$7; hf_peer_sh=$8
[ $9 = nft ] || { mount --make-rprivate / && mount -t tmpfs tmpfs /run; } || exit 3
case $hf_from in *:*) hf_bits=128; hf_6="-6"; hf_dad=nodad;; *) hf_bits=32; hf_6="-4"; hf_dad=;; esac
mkfifo play.to.$$ play.from.$$ || exit 3
unshare -n sh -c "$hf_peer_sh" peer "$hf_from" "$hf_to" "$hf_port" "$hf_proto" "$hf_dial" "$hf_bits" "$hf_6" "$hf_dad" < play.to.$$ > play.from.$$ & hf_peer=$!
trap "kill $hf_peer 2>/dev/null" EXIT
exec 3> play.to.$$ 4< play.from.$$
read -r hf_x <&4 || { echo "none a second namespace could not be made"; exit 0; }
for hf_x in all default; do
  { echo 0 > /proc/sys/net/ipv4/conf/$hf_x/rp_filter; echo 0 > /proc/sys/net/ipv6/conf/$hf_x/disable_ipv6; } 2>/dev/null
done
if printf "%s\\n" "link set lo up" "link add name $hf_dev type veth peer name hfp" "link set hfp netns $hf_peer" "addr add $hf_to/$hf_bits dev $hf_dev $hf_dad" "link set $hf_dev up" "route add $hf_from/$hf_bits dev $hf_dev" | ip $hf_6 -batch - 2>/dev/null; then
  echo hfp >&3
else # busybox ip has no batch, and gives the far end a name of its own
  ip link set lo up
  ip link add name "$hf_dev" type veth peer name hfp || { echo "none the link could not be made"; exit 0; }
  hf_far=hfp; grep -q "^ *hfp:" /proc/net/dev || hf_far=veth0
  ip link set "$hf_far" netns $hf_peer && echo "$hf_far" >&3 || { echo "none the far end of the link could not be moved"; exit 0; }
  ip $hf_6 addr add "$hf_to/$hf_bits" dev "$hf_dev" $hf_dad && ip link set "$hf_dev" up && ip $hf_6 route add "$hf_from/$hf_bits" dev "$hf_dev" || { echo "none the addresses could not be set"; exit 0; }
fi
{ echo 0 > "/proc/sys/net/ipv4/conf/$hf_dev/rp_filter"; } 2>/dev/null
[ ! -s play.sets ] || ipset restore < play.sets 2>/dev/null
[ ! -s play.native ] || nft -f play.native || { echo "none the native nft tables could not be loaded"; exit 0; }
for hf_t in iptables ip6tables; do
  [ $hf_with != candidate ] || [ ! -s play.both.$hf_t ] || ! $hf_t-restore --noflush < play.both.$hf_t || continue
  # one after the other, from empty tables: which of them is it?
  for hf_x in play.batch.*.$hf_t; do
    [ ! -s $hf_x ] || { read -r hf_l < $hf_x; printf "%s\\nCOMMIT\\n" "$hf_l" | $hf_t-restore; }
  done
  [ ! -s play.$hf_t ] || $hf_t-restore < play.$hf_t || { echo "none the present $hf_t rules could not be loaded"; exit 0; }
  [ $hf_with = candidate ] || continue
  for hf_x in play.batch.*.$hf_t; do
    [ ! -s $hf_x ] || hf_o=$($hf_t-restore --noflush < $hf_x 2>&1) || { printf "broken %s: %s\\n" "$hf_t" "$hf_o"; exit 0; }
  done
done
read -r hf_x <&4 || { echo "none the far end of the link could not be set"; exit 0; }
hf_count() {
  while read -r a b c d e f g h i j k l; do case $hf_proto$a in tcpTcp:) hf_c=$k;; udpUdp:) hf_c=$b.$c;; esac; done < /proc/net/snmp
  [ $hf_proto = tcp ] || while read -r a b; do case $a in Udp6InDatagrams|Udp6NoPorts) hf_c=$hf_c.$b;; esac; done < /proc/net/snmp6
}
hf_count; hf_base=$hf_c; echo go >&3; hf_n=0; hf_result=dropped
[ $hf_proto != tcp ] || [ "$hf_x" = unbounded ] || { read -r hf_x <&4; hf_n=139; } # answered, refused or given up: it has been seen by now
while [ $hf_n -lt 140 ]; do
  hf_count; [ "$hf_c" = "$hf_base" ] || { hf_result=reached; break; }
  sleep 0.02 2>/dev/null || { sleep 1; hf_n=$((hf_n + 40)); }; hf_n=$((hf_n + 1))
done
echo $hf_result
if [ $hf_result = dropped ]; then
  case $hf_6 in -6) hf_t=ip6tables;; *) hf_t=iptables;; esac
  $hf_t-save -c 2>/dev/null | grep -v -e "^\\[0:0\\]" -e "^#"
fi'
hf_peer_sh='echo ready; read -r hf_far || exit
for hf_x in all default; do { echo 0 > /proc/sys/net/ipv6/conf/$hf_x/disable_ipv6; } 2>/dev/null; done
printf "%s\\n" "link set lo up" "addr add $1/$6 dev $hf_far $8" "link set $hf_far up" "route add $2/$6 dev $hf_far" | ip $7 -batch - 2>/dev/null || {
  ip link set lo up; ip $7 addr add "$1/$6" dev "$hf_far" $8; ip link set "$hf_far" up; ip $7 route add "$2/$6" dev "$hf_far"
}
hf_t=; command -v timeout >/dev/null 2>&1 && hf_t="timeout 3"
case $5/$hf_t in bash/) echo unbounded;; *) echo up;; esac
read -r hf_x || exit
case $4-$5 in
  tcp-bash) $hf_t bash -c ": > /dev/tcp/$2/$3";;
  udp-bash) bash -c "echo > /dev/udp/$2/$3";;
  tcp-nc) nc -w 3 "$2" "$3";;
  udp-nc) echo | nc -u -w 1 "$2" "$3";;
  tcp-busybox) busybox nc -w 3 "$2" "$3";;
  *-python3) $hf_t python3 -c "import socket,sys
a=socket.getaddrinfo(sys.argv[1],int(sys.argv[2]))[0]
s=socket.socket(a[0],socket.SOCK_DGRAM if sys.argv[3]==\\"udp\\" else socket.SOCK_STREAM);s.settimeout(3);s.connect(a[4]);s.send(b\\"x\\")" "$2" "$3" "$4";;
  tcp-perl) $hf_t perl -MIO::Socket::INET6 -e "IO::Socket::INET6->new(PeerAddr=>shift,PeerPort=>shift,Timeout=>3)" "$2" "$3" || $hf_t perl -MIO::Socket::INET -e "IO::Socket::INET->new(PeerAddr=>shift,PeerPort=>shift,Timeout=>3)" "$2" "$3";;
  tcp-curl) curl -m 3 -s "telnet://$2:$3";;
esac </dev/null >/dev/null 2>&1
echo done'
hf_play() { # present|candidate
  set -- play "$hf_dev" "$hf_from" "$hf_to" "$hf_port" "$hf_proto" "$hf_dial" "$1" "$hf_peer_sh"
  if [ -n "\${hf_lock:-}" ]; then cd "$hf_lock" && $hf_us sh -c "$hf_stage_play" "$@" $hf_be
  else { hf_present; hf_candidate; } | unshare -n -m sh -c "$hf_unpack$hf_stage_play" "$@" nft "$hf_split"; fi 2>/dev/null
}
hf_probe() { # label from to port protocol ssh|reach|shut
  hf_from=\${2#::ffff:}; hf_to=\${3#::ffff:}; hf_port=$4; hf_proto=$5
  case $hf_from in *:*) hf_6=-6;; *) hf_6=-4;; esac
  hf_dev=
  if [ -n "$hf_to" ]; then
    hf_x=$(ip -o $hf_6 addr show 2>/dev/null)
    case $hf_x in *" $hf_to/"*) hf_x=\${hf_x%%" $hf_to/"*}; hf_x=\${hf_x##*"$hf_nl"}; hf_x=\${hf_x#*: }; hf_dev=\${hf_x%% *};; esac
  else
    hf_dev=$(ip -o $hf_6 route get "$hf_from" 2>/dev/null | sed -n 's/.* dev \\([^ ]*\\).*/\\1/p')
    [ -z "$hf_dev" ] || hf_to=$(ip -o $hf_6 addr show dev "$hf_dev" scope global 2>/dev/null | awk '{ sub(/\\/.*/, "", $4); print $4; exit }')
  fi
  hf_dev=\${hf_dev%%@*}
  case $hf_dev in ''|lo) hf_s rehearsal "$1"; printf 'none %s\\n' "no interface of this host leads to $hf_from"; return 0;; esac
  hf_out=$(hf_play candidate); hf_verdict=\${hf_out%%
*}
  case $6:$hf_verdict in
    ssh:reached|reach:reached|shut:dropped) hf_s rehearsal "$1"; echo ok;;
    *:none*) hf_s rehearsal "$1"; printf '%s\\n' "$hf_verdict";;
    *:broken*) hf_s failed; printf '%s\\n' "\${hf_out#broken }"; return 1;;
    ssh:dropped)
      hf_base=$(hf_play present)
      case $hf_base in
        dropped*) hf_s rehearsal "$1"; printf 'inconclusive\\n%s\\n' "$hf_base";;
        *) hf_s rehearsal "$1"; printf 'refused\\n%s\\n' "$hf_out"; return 1;;
      esac;;
    *:dropped|*:reached) hf_s rehearsal "$1"; printf 'refused\\n%s\\n' "$hf_out"; return 1;;
    *) hf_s rehearsal "$1"; hf_x=$($hf_us true 2>&1) && hf_x='the rehearsal did not come to an end' || hf_x="$hf_us: $hf_x"
      printf 'none %s\\n' "$hf_x";;
  esac
}`
