import { stringify } from 'yaml'

/** How much every host of a case should hold. */
export interface Things {
  readonly keys: number
  readonly rules: number
}

// Each network namespace has its own; none moves another key, none needs a module, and no value is the kernel's default.
const values: readonly (readonly [string, number])[] = [
  ['net.ipv4.tcp_rfc1337', 1],
  ['net.ipv4.tcp_keepalive_time', 600],
  ['net.ipv4.tcp_fin_timeout', 30],
  ['net.ipv4.tcp_keepalive_intvl', 15],
  ['net.ipv4.tcp_keepalive_probes', 5],
  ['net.ipv4.tcp_syn_retries', 4],
  ['net.ipv4.tcp_synack_retries', 3],
  ['net.ipv4.tcp_retries2', 8],
  ['net.ipv4.tcp_orphan_retries', 2],
  ['net.ipv4.tcp_mtu_probing', 1],
  ['net.ipv4.tcp_slow_start_after_idle', 0],
  ['net.ipv4.tcp_tw_reuse', 1],
  ['net.ipv4.tcp_ecn', 1],
  ['net.ipv4.tcp_notsent_lowat', 131072],
  ['net.ipv4.tcp_max_syn_backlog', 4096],
  ['net.ipv4.tcp_reordering', 5],
  ['net.ipv4.tcp_no_metrics_save', 1],
  ['net.ipv4.icmp_ratelimit', 500],
  ['net.ipv4.ip_default_ttl', 63],
  ['net.core.somaxconn', 8192],
]

/** Every key that some case sets. */
export const allKeys: readonly string[] = values.map(([key]) => key)

/** The wanted values: at most 20 keys. */
export const wantedValues = ({ keys }: Things): ReadonlyMap<string, number> => new Map(values.slice(0, keys))

const source = '192.0.2.0/24'
const portOf = (index: number): number => 10_001 + index
const idOf = (index: number): string => `bench-${portOf(index)}`
const each = <T>({ rules }: Things, make: (index: number) => T): readonly T[] => Array.from({ length: rules }, (_, index) => make(index))

/** The wanted rules as iptables-save prints them, without their comment. */
export const ruleLines = (things: Things): readonly string[] =>
  each(things, (index) => `-A INPUT -s ${source} -p tcp -m tcp --dport ${portOf(index)} -j ACCEPT`)

/** A rule as iptables-save prints it, comment and all. */
export const ownLine = (index: number): string =>
  `-A INPUT -s ${source} -p tcp -m tcp --dport ${portOf(index)} -m comment --comment "holdfast:${idOf(index)}" -j ACCEPT`

/** The things as a playbook of holdfast. */
export const holdfastPlaybook = (things: Things): string =>
  stringify([
    {
      hosts: 'all',
      sysctl: Object.fromEntries(wantedValues(things)),
      iptables: each(things, (index) => ({
        id: idOf(index),
        chain: 'INPUT',
        rule: `-p tcp -s ${source} --dport ${portOf(index)} -j ACCEPT`,
      })),
    },
  ])

/**
 * The same as a playbook of Ansible: the same values, live and in the same drop-in; the same rules with the same comments, appended; the
 * rules saved by Debian's netfilter-persistent as soon as one was new.
 */
export const ansiblePlaybook = (things: Things): string =>
  stringify([
    {
      hosts: 'all',
      gather_facts: false,
      tasks: [
        {
          name: 'Values, live and in a drop-in',
          'ansible.posix.sysctl': {
            name: '{{ item.name }}',
            value: '{{ item.value }}',
            sysctl_file: '/etc/sysctl.d/zz-holdfast.conf',
            sysctl_set: true,
            reload: false,
          },
          loop: [...wantedValues(things)].map(([name, value]) => ({ name, value: String(value) })),
        },
        {
          name: 'Rules',
          'ansible.builtin.iptables': {
            action: 'append',
            chain: 'INPUT',
            protocol: 'tcp',
            source,
            destination_port: '{{ item.port }}',
            jump: 'ACCEPT',
            comment: '{{ item.comment }}',
          },
          loop: each(things, (index) => ({ port: String(portOf(index)), comment: `holdfast:${idOf(index)}` })),
          notify: 'Save the rules',
        },
      ],
      handlers: [{ name: 'Save the rules', 'ansible.builtin.command': '/usr/sbin/netfilter-persistent save' }],
    },
  ])

/** What a plan rests on, read by plain commands: the values, the boot files and the rules of both families. */
export const readCommand = (things: Things): string =>
  [
    `sysctl ${[...wantedValues(things).keys()].join(' ')}`,
    'cat /etc/sysctl.conf /etc/sysctl.d/*.conf /run/sysctl.d/*.conf /usr/lib/sysctl.d/*.conf 2>/dev/null',
    'iptables-save',
    'ip6tables-save',
    'cat /etc/iptables/rules.v4 /etc/iptables/rules.v6',
  ].join('; ')
