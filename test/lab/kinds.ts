/** What tells one kind of host from another. Its files are the trees below kinds/, laid over the machine's root in the order named. */
export interface KindFacts {
  /** Who reads the boot files: see boot.sh. */
  readonly init: 'systemd' | 'el6' | 'openrc'
  readonly backend: 'nft' | 'legacy'
  readonly trees: readonly string[]
  /** Takes Debian's netfilter-persistent, too. */
  readonly netfilterPersistent?: true
  /** Paths of the machine that this kind has not (below /usr where the machine's /lib and /sbin are links). */
  readonly hide: readonly string[]
  /** Empty folders that git does not keep. */
  readonly folders: readonly string[]
  /** Symbolic links of the trees, path -> target. */
  readonly links: Readonly<Record<string, string>>
  /** Commands that are busybox's there, by their folder. */
  readonly busybox?: Readonly<Record<string, string>>
  /** Modes that git does not keep. */
  readonly modes: Readonly<Record<string, number>>
  readonly rootShell: string
}

/** The kinds of hosts that the lab can start. */
export type Kind = 'web' | 'proxy' | 'appliance' | 'alpine' | 'bare'

// The machine's own settings, which no host has.
const always = [
  '/root',
  '/etc/environment',
  '/etc/iptables',
  '/etc/modules-load.d',
  '/etc/resolv.conf',
  '/etc/ssh',
  '/etc/sudoers.d',
  '/etc/sysctl.conf',
  '/etc/sysctl.d',
  '/etc/systemd/system',
  '/var/lib/holdfast',
]
const systemd = ['/usr/lib/systemd', '/usr/bin/systemctl', '/etc/systemd', '/usr/lib/sysctl.d']
const debian = ['/etc/debian_version', '/etc/init.d', ...[0, 1, 2, 3, 4, 5, 6, 'S'].map((level) => `/etc/rc${level}.d`)]
const debianLinks = { '/usr/sbin/init': '/lib/systemd/systemd', '/etc/sysctl.d/99-sysctl.conf': '../sysctl.conf' }
const nft = ['/usr/sbin/nft', '/usr/sbin/xtables-nft-multi', '/etc/nftables.conf']

/** The facts of each kind. */
export const kinds: Readonly<Record<Kind, KindFacts>> = {
  web: {
    init: 'systemd',
    backend: 'nft',
    trees: ['common', 'debian', 'web'],
    folders: ['/etc/modules-load.d', '/etc/systemd/system'],

    netfilterPersistent: true,
    links: {
      ...debianLinks,
      '/etc/systemd/system/multi-user.target.wants/netfilter-persistent.service': '/lib/systemd/system/netfilter-persistent.service',
    },
    hide: always,
    modes: { '/etc/iptables/rules.v4': 0o640, '/etc/iptables/rules.v6': 0o640 },
    rootShell: '/bin/bash',
  },
  bare: {
    init: 'systemd',
    backend: 'nft',
    trees: ['common', 'debian'],
    folders: ['/etc/modules-load.d', '/etc/systemd/system'],
    links: debianLinks,
    hide: always,
    modes: {},
    rootShell: '/bin/bash',
  },
  proxy: {
    init: 'systemd',
    backend: 'nft',
    trees: ['common', 'proxy'],
    folders: ['/etc/modules-load.d', '/etc/systemd/system'],

    links: {
      ...debianLinks,
      '/usr/bin/sh': 'bash',
      '/usr/libexec/iptables/ip6tables.init': 'iptables.init',
      '/etc/systemd/system/basic.target.wants/iptables.service': '/usr/lib/systemd/system/iptables.service',
      '/etc/systemd/system/basic.target.wants/ip6tables.service': '/usr/lib/systemd/system/ip6tables.service',
    },
    hide: [...always, ...debian, '/usr/lib/sysctl.d'],
    modes: {
      '/etc/sysconfig/iptables': 0o600,
      '/etc/sysconfig/ip6tables': 0o600,
      '/etc/sysconfig/iptables-config': 0o600,
      '/etc/sysconfig/ip6tables-config': 0o600,
    },
    rootShell: '/bin/bash',
  },
  appliance: {
    init: 'el6',
    backend: 'legacy',
    trees: ['common', 'appliance'],
    folders: [],

    links: {
      '/usr/bin/sh': 'bash',
      '/etc/init.d': 'rc.d/init.d',
      '/etc/rc3.d': 'rc.d/rc3.d',
      '/etc/rc.sysinit': 'rc.d/rc.sysinit',
      '/etc/rc.local': 'rc.d/rc.local',
      '/etc/rc.d/rc3.d/S08iptables': '../init.d/iptables',
      '/etc/rc.d/rc3.d/S10network': '../init.d/network',
      '/etc/rc.d/rc3.d/S99local': '../rc.local',
    },
    hide: [...always, ...debian, ...systemd, ...nft, '/etc/os-release', '/usr/lib/os-release'],
    modes: {},
    rootShell: '/bin/bash',
  },
  alpine: {
    init: 'openrc',
    backend: 'nft',
    trees: ['common', 'alpine'],
    folders: ['/etc/modules-load.d'],

    links: {
      '/usr/sbin/init': '/bin/busybox',
      '/etc/init.d/ip6tables': 'iptables',
      '/etc/runlevels/boot/sysctl': '/etc/init.d/sysctl',
      '/etc/runlevels/default/iptables': '/etc/init.d/iptables',
      '/etc/runlevels/default/ip6tables': '/etc/init.d/ip6tables',
      '/etc/runlevels/default/sshd': '/etc/init.d/sshd',
    },
    // Debian's busybox has no cksum and no nohup; ip is left, as if iproute2 were installed.
    busybox: {
      '/usr/bin':
        'sh ash awk base64 basename cat chmod chown cmp cp cut date dd df diff dirname echo egrep env expr false fgrep find grep head hostname id kill ' +
        'ln logger ls md5sum mkdir mknod mktemp mount mv nproc od pidof printf ps pwd readlink realpath rm rmdir sed seq setsid sha1sum sha256sum ' +
        'sleep sort stat sync tail tar tee test timeout touch tr true umount uname uniq unshare uptime wc which whoami xargs yes',
      '/usr/sbin': 'chroot modprobe lsmod sysctl',
    },
    hide: [...always, ...debian, ...systemd, '/usr/bin/bash', '/etc/os-release'],
    modes: { '/etc/iptables/rules-save': 0o600, '/etc/iptables/rules6-save': 0o600 },
    rootShell: '/bin/ash',
  },
}
