# The lab's first process: a bridge with the controller on it, and a tmpfs that holds every host's files. It lives as long as its stdin,
# or until it is killed where $2 is `keep`. $1 = the lab's folder. All of it (namespaces, mounts, hosts) ends with this process.
set -eu
read -r pid _ </proc/self/stat
mount -t tmpfs -o size=80%,mode=755 lab "$1/hosts"
ip -batch - <<'IP'
link set lo up
link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0
link set br0 addrgenmode none address 02:00:c6:12:00:01
link set br0 up
address add 198.18.0.1/16 dev br0
address add fd00:198:18::1/64 dev br0 nodad
address add fe80::1/64 dev br0 nodad
IP
echo "$pid"
[ "$2" != keep ] || exec sleep infinity </dev/null >/dev/null 2>&1
exec cat >/dev/null
