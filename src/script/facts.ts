import { quote } from '../quote.js'
import type { Profile } from '../types.js'

/** Where the tool keeps its memory on a host, and its lock and undo folder until the next reboot. */
export const stateDir = '/var/lib/holdfast'
/** What the last settled run left there. */
export const recordFile = `${stateDir}/record.json`
/** Where a host keeps its lock and its undo: /run is empty after a boot. */
export const lockRoot = '/run/holdfast'

/**
 * sh that prints what the host is: kernel, what will be PID 1 at the next boot, what is enabled there by that init's own links,
 * the product's version, the record. Builtins wherever they do.
 */
export function factsScript(profile: Profile | undefined): string {
  return `hf_s facts
read -r hf_k < /proc/sys/kernel/osrelease; printf 'kernel %s\\n' "$hf_k"
read -r hf_k < /proc/sys/kernel/random/boot_id; printf 'boot %s\\n' "$hf_k"
read -r hf_k < /proc/uptime; printf 'uptime %s\\n' "\${hf_k%% *}"
hf_init=; if [ /sbin/init -ef /lib/systemd/systemd ]; then hf_init=/lib/systemd/systemd; elif [ -L /sbin/init ]; then hf_init=$(readlink /sbin/init); fi
printf 'init %s\\n' "$hf_init"
for hf_k in /sbin/init /run/systemd/system /sbin/openrc /sbin/openrc-run /etc/inittab /etc/init /sbin/initctl /etc/rc.d/rc.sysinit /etc/rc.sysinit /etc/rcS.d /etc/rc3.d; do
  [ -e "$hf_k" ] && printf 'has %s\\n' "$hf_k"
done
printf 'ssh %s\\n' "$SSH_CONNECTION"
for hf_k in unshare ip nft ipset conntrack bash nc python3 modprobe systemctl nsenter; do hf_have $hf_k && printf 'tool %s\\n' $hf_k; done
hf_s enabled
for hf_k in /etc/systemd/system/*.wants/* /etc/systemd/system/*.requires/* /lib/systemd/system/*.target.wants/*; do
  if [ -L "$hf_k" ] || [ -e "$hf_k" ]; then printf 'systemd %s\\n' "\${hf_k##*/}"; fi
done
for hf_k in /etc/systemd/system/*.service; do
  if [ "$hf_k" -ef /dev/null ]; then printf 'masked %s\\n' "\${hf_k##*/}"; fi
done
for hf_k in netfilter-persistent iptables ip6tables nftables ufw firewalld; do
  for hf_d in /lib/systemd/system /usr/lib/systemd/system /etc/systemd/system; do
    [ -f "$hf_d/$hf_k.service" ] && { printf 'native %s\\n' "$hf_k.service"; break; }
  done
done
for hf_k in /etc/rc[S2345].d/S[0-9]* /etc/rc.d/rc[2345].d/S[0-9]*; do
  if [ -e "$hf_k" ]; then hf_k=\${hf_k##*/S}; printf 'sysv %s\\n' "\${hf_k#[0-9][0-9]}"; fi
done
for hf_k in /etc/runlevels/*/*; do [ -e "$hf_k" ] && printf 'openrc %s\\n' "\${hf_k##*/}"; done
${profile?.version === undefined ? '' : versionScript(profile.version.command)}
hf_n ${recordFile}`
}

/** The product's own command; a time limit where the host has one, and its complaint kept for people. */
function versionScript(command: string): string {
  return `hf_s version
if hf_have timeout; then timeout 10 sh -c ${quote(command)} 2>&1; else sh -c ${quote(command)} 2>&1; fi`
}
