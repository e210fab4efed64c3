# Boots one host of the lab in the namespaces that it was started in, and becomes its sshd. The settings come by the environment:
# LAB_HOME (the host's folder), LAB_LOWER (its read-only layers), LAB_NAME, LAB_MAC, LAB_ADDRESS, LAB_ADDRESS6, LAB_LOCAL6
# (all three with prefix length), LAB_GATEWAY, LAB_GATEWAY6, LAB_PEER (the other end's namespace), LAB_PORT (name of the other end),
# LAB_BRIDGE, LAB_IP (ip -batch lines), LAB_INIT (systemd, el6, openrc), LAB_FORWARD and LAB_OLD_KERNEL (set or empty).
set -eu
read -r pid _ </proc/self/stat # of the machine: /proc is still the machine's
echo "$pid"
exec </dev/null >>"$LAB_HOME/boot.log" 2>&1

wire() {
	hostname "$LAB_NAME"
	[ -z "$LAB_FORWARD" ] || echo 1 | tee /proc/sys/net/ipv4/ip_forward >/proc/sys/net/ipv6/conf/all/forwarding
	ip -batch - <<-IP
		link set lo up
		link add eth0 address $LAB_MAC type veth peer name $LAB_PORT netns $LAB_PEER
		link set eth0 addrgenmode none
		link set eth0 up
		address add $LAB_ADDRESS dev eth0
		address add $LAB_ADDRESS6 dev eth0 nodad
		address add $LAB_LOCAL6 dev eth0 nodad
		$LAB_IP
	IP
	nsenter --net="$LAB_PEER" ip link set "$LAB_PORT" addrgenmode none master "$LAB_BRIDGE" up
	# Only now: a route needs a carrier.
	ip -batch - <<-IP
		route add default via $LAB_GATEWAY
		route add default via $LAB_GATEWAY6
	IP
}

root() {
	new=$LAB_HOME/root
	mount -t overlay -o "lowerdir=$LAB_LOWER:/,upperdir=$LAB_HOME/upper,workdir=$LAB_HOME/work" lab "$new"
	if [ ! -e "$LAB_HOME/upper/etc/hostname" ]; then
		echo "$LAB_NAME" >"$new/etc/hostname"
		printf '127.0.0.1 localhost\n::1 localhost\n127.0.1.1 %s\n' "$LAB_NAME" >"$new/etc/hosts"
	fi
	mount -t proc proc "$new/proc"
	read -r boot_id </proc/sys/kernel/random/uuid
	echo "$boot_id" >"$LAB_HOME/boot_id"
	# These keys are the machine's, not the host's.
	for part in kernel vm fs; do mount -o bind,ro "$new/proc/sys/$part" "$new/proc/sys/$part"; done
	mount --bind "$LAB_HOME/boot_id" "$new/proc/sys/kernel/random/boot_id"
	[ ! -e "$new/proc/sysrq-trigger" ] || mount --bind /dev/null "$new/proc/sysrq-trigger"
	mount -t sysfs -o ro sysfs "$new/sys"
	mount -t tmpfs -o mode=755 run "$new/run"
	mount -t tmpfs tmp "$new/tmp"
	mount -t tmpfs -o mode=755 dev "$new/dev"
	mkdir -m 755 "$new/run/sshd" "$new/run/lock" "$new/dev/pts" "$new/dev/shm" "$new/dev/net"
	cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty "$new/dev/"
	[ ! -e /dev/net/tun ] || cp -a /dev/net/tun "$new/dev/net/"
	mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$new/dev/pts"
	ln -s pts/ptmx "$new/dev/ptmx"
	ln -s /proc/self/fd "$new/dev/fd"
	cd "$new"
	pivot_root . mnt
	cd /
	umount -l /mnt
}

# Every enabled oneshot unit, once what it names in After= has run (and what names it in Before=), otherwise early targets first.
units() {
	waiting=
	for target in sysinit local-fs network-pre basic network multi-user; do
		for unit in "/etc/systemd/system/$target.target.wants"/*.service "/etc/systemd/system/$target.target.requires"/*.service; do
			[ ! -f "$unit" ] || ! grep -q '^Type=oneshot' "$unit" || waiting="$waiting $unit"
		done
	done
	while [ -n "$waiting" ]; do
		next=
		for unit in $waiting; do may_run "$unit" && next=$unit && break; done
		next=${next:-${waiting#"${waiting%%[! ]*}"}} # a circle: the first
		next=${next%% *}
		unit "$next"
		rest=
		for unit in $waiting; do [ "$unit" = "$next" ] || rest="$rest $unit"; done
		waiting=$rest
	done
}

may_run() {
	for other in $waiting; do
		[ "$other" = "$1" ] && continue
		! grep -Eq "^After=(.* )?${other##*/}( |\$)" "$1" || return 1
		! grep -Eq "^Before=(.* )?${1##*/}( |\$)" "$other" || return 1
	done
}

unit() (
	value() { sed -n "s/^$1=//p" "$2"; }
	for path in $(value ConditionPathExists "$1") $(value AssertPathExists "$1"); do
		case $path in !*) [ ! -e "${path#!}" ] ;; *) [ -e "$path" ] ;; esac || exit 0
	done
	value ExecStart "$1" | while read -r command; do
		case $command in [-@:+!]*) command=${command#?} ;; esac
		echo "${1##*/}: $command"
		/bin/sh -c "$command" </dev/null || echo "${1##*/}: exit $?"
	done
)

readers() {
	case $LAB_INIT in
	systemd)
		/lib/systemd/systemd-sysctl || true
		units
		;;
	el6)
		/etc/rc.d/rc.sysinit
		/etc/rc.d/rc 3
		;;
	openrc)
		for level in sysinit boot default; do
			for service in "/etc/runlevels/$level"/*; do
				[ ! -x "$service" ] || "/etc/init.d/${service##*/}" start || echo "$service: exit $?"
			done
		done
		;;
	esac
}

wire
root
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C
readers </dev/null || echo "boot: exit $?"
echo 'boot: sshd'
[ -z "$LAB_OLD_KERNEL" ] || exec setarch --uname-2.6 /usr/sbin/sshd -D -e
exec /usr/sbin/sshd -D -e
