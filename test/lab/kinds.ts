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
  /** Modes that git does not keep. */
  readonly modes: Readonly<Record<string, string>>
  readonly rootShell: string
}

/** The kinds of hosts that the lab can start. */
export type Kind = 'web' | 'proxy' | 'appliance' | 'alpine' | 'bare'

// Of no host: the machine's own settings.
const always = [
  '/root',
  '/etc/environment',
  '/etc/iptables',
  '/etc/modules-load.d',
  '/etc/ssh',
  '/etc/sudoers.d',
  '/etc/sysctl.conf',
  '/etc/sysctl.d',
  '/etc/systemd/system',
  '/var/lib/holdfast',
]
const systemd = ['/usr/lib/systemd', '/usr/bin/systemctl', '/etc/systemd', '/usr/lib/sysctl.d']
const debian = ['/etc/debian_version', '/etc/init.d', ...[0, 1, 2, 3, 4, 5, 6, 'S'].map((level) => `/etc/rc${level}.d`)]
const nft = ['/usr/sbin/nft', '/usr/sbin/xtables-nft-multi', '/etc/nftables.conf']

/** The facts of each kind. */
export const kinds: Readonly<Record<Kind, KindFacts>> = {
  web: {
    init: 'systemd',
    backend: 'nft',
    trees: ['common', 'debian', 'web'],
    netfilterPersistent: true,
    hide: always,
    modes: { '/etc/iptables/rules.v4': '640', '/etc/iptables/rules.v6': '640' },
    rootShell: '/bin/bash',
  },
  bare: { init: 'systemd', backend: 'nft', trees: ['common', 'debian'], hide: always, modes: {}, rootShell: '/bin/bash' },
  proxy: {
    init: 'systemd',
    backend: 'nft',
    trees: ['common', 'proxy'],
    hide: [...always, ...debian, '/usr/lib/sysctl.d'],
    modes: {
      '/etc/sysconfig/iptables': '600',
      '/etc/sysconfig/ip6tables': '600',
      '/etc/sysconfig/iptables-config': '600',
      '/etc/sysconfig/ip6tables-config': '600',
    },
    rootShell: '/bin/bash',
  },
  appliance: {
    init: 'el6',
    backend: 'legacy',
    trees: ['common', 'appliance'],
    hide: [...always, ...debian, ...systemd, ...nft, '/etc/os-release', '/usr/lib/os-release'],
    modes: {},
    rootShell: '/bin/bash',
  },
  alpine: {
    init: 'openrc',
    backend: 'nft',
    trees: ['common', 'alpine'],
    hide: [...always, ...debian, ...systemd, '/usr/bin/bash', '/etc/os-release'],
    modes: { '/etc/iptables/rules-save': '600', '/etc/iptables/rules6-save': '600' },
    rootShell: '/bin/sh',
  },
}
