/**
 * The nouns of holdfast. Plain, readonly data: everything here can be written as JSON and read back.
 * Text that came from a host is a string in which a byte that is no UTF-8 stands as U+DC80..U+DCFF (see text.ts).
 */

export type Family = 'ipv4' | 'ipv6'
export type Backend = 'nft' | 'legacy'
export type Layer = 'live' | 'boot'
export type Cause = 'new' | 'intent' | 'drift' | 'upgrade' | 'contested'

export type Outcome = 'in-sync' | 'changed' | 'pending' | 'unsettled' | 'rolled-back' | 'stale' | 'failed' | 'unreachable' | 'skipped'

/** A mistake in a file; `line` and `column` count from 1, `path` is the place in the document: `0.iptables.2.rule`. */
export interface Problem {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly path: string
  readonly message: string
  /** The offending line of the file, for people. */
  readonly excerpt?: string
}

/** One difference between want and a host, as a person reads it. `before`/`after` absent = not there; `from`/`to` = positions (from 1) of a move. */
export interface Change {
  readonly resource: string
  readonly layer: Layer
  /** The key (`net.ipv4.tcp_rfc1337`), or `family table chain id` (`ipv4 filter INPUT downstream-proxy`). */
  readonly at: string
  readonly before?: string
  readonly after?: string
  readonly from?: number
  readonly to?: number
  readonly cause: Cause
  /** What a person needs beside the values: where the old one comes from, what it masks: `/etc/sysctl.conf:12 wins over /etc/sysctl.d/10-x.conf:3`. */
  readonly note?: string
}

/** One rule as the host's iptables-save prints it, without its `-A CHAIN ` head: `-s 192.0.2.1/32 -p tcp -j ACCEPT`. */
export type Line = string

export interface ChainState {
  /** `ACCEPT`, `DROP` of a built-in chain; absent for a user chain. */
  readonly policy?: string
  readonly lines: readonly Line[]
}

/** What a step does on a host. Plain data; the undo is the same with before and after swapped. */
export type Effect =
  | {
      /** A write to /proc/sys. `also` = paths that the kernel moves with it, saved, put back by the undo, read back. */
      readonly kind: 'value'
      readonly path: string
      readonly before: string
      readonly after: string
      readonly also: readonly string[]
      /** Why it cannot be taken back (`route.flush`), shown in the plan. */
      readonly noUndo?: string
    }
  | {
      /** A chain of the live ruleset; null = no such chain. */
      readonly kind: 'chain'
      readonly backend: Backend
      readonly family: Family
      readonly table: string
      readonly chain: string
      readonly before: ChainState | null
      readonly after: ChainState | null
    }
  | {
      /** A boot file; null = no such file. Refused when the host's file is not `before`. */
      readonly kind: 'file'
      readonly path: string
      readonly before: string | null
      readonly after: string | null
      /** Mode of a file that is made anew, octal: `0644`. An existing file keeps its own. */
      readonly mode: string
      /** The file is a symbolic link to `after` (enabling a unit). */
      readonly link?: true
    }
  | {
      /** A command that cannot be undone: modprobe, a reload, a daemon-reload. It runs before the layer's other effects. */
      readonly kind: 'once'
      readonly layer: Layer
      readonly run: string
      readonly why: string
    }

/** Differences and their one remedy: what a person reads and what runs are one value, so that they cannot part. */
export interface Step {
  readonly changes: readonly Change[]
  readonly effect: Effect
}

/** What a resource found when it compared want with seen. `refused` non-empty: the host is `failed`, nothing is written in either layer. */
export interface Planned {
  readonly steps: readonly Step[]
  readonly warnings: readonly string[]
  readonly refused: readonly string[]
}

/** One part of what look brought back: what was printed between two marks. */
export interface Section {
  /** First word after the mark: `file`, `value`, `save`. */
  readonly kind: string
  /** The rest of the mark's line: a path, `nft ipv4`. */
  readonly name: string
  readonly body: string
}

export type Init = 'systemd' | 'openrc' | 'upstart' | 'sysv' | 'unknown'

/** What look found out about the host itself. */
export interface Facts {
  readonly kernel: string
  /** What will be PID 1 at the next boot. */
  readonly init: Init
  /** Why `init` was believed: `/sbin/init -> /lib/systemd/systemd`. */
  readonly initBecause: string
  /** Services that are enabled to start at boot, by any init system's own links: `netfilter-persistent`, `iptables`. */
  readonly enabled: readonly string[]
  readonly bootId: string
  /** The product's version as the profile reads it: `6.5 SP2 build 1548`; absent where there is no profile or it could not be read. */
  readonly version?: string
  /** Named groups of the profile's expression: `{sp: '2', build: '1548'}`. */
  readonly versionParts?: Readonly<Record<string, string>>
  readonly record?: HostRecord
}

/** What look brought back from one host. */
export interface Seen {
  readonly facts: Facts
  readonly sections: readonly Section[]
}

/** Left on the host by the last settled run, `/var/lib/holdfast/record.json`. Memory, never the truth. */
export interface HostRecord {
  readonly format: 1
  readonly run: string
  readonly at: string
  readonly version?: string
  readonly bootId: string
  /** By `resource` then by `at` without the layer: `sysctl` -> `net.ipv4.tcp_rfc1337`; `iptables` -> `downstream-proxy`. */
  readonly items: Readonly<Record<string, Readonly<Record<string, RecordItem>>>>
}

export interface RecordItem {
  readonly playbook: string
  /** The play that wanted it: its on_change runs when the thing is removed. */
  readonly play?: string
  /** Digest of the wanted value, so that a change of intent can be told from drift. */
  readonly want: string
  /** ISO times of the last three corrections. */
  readonly corrected: readonly string[]
  /** What a removal needs: for iptables the tables, families and chains that the id stood in; for sysctl nothing. */
  readonly where?: readonly string[]
}

/** Where the wanted thing was written: `playbooks/appliance.yaml` (relative to the inventory's folder) and the play's name, unique there. */
export interface Origin {
  readonly playbook: string
  readonly play: string
}

/** A product, as data (playbooks/profiles/*.yaml). */
export interface Profile {
  readonly name: string
  /** File that the profile was read from. */
  readonly file: string
  readonly version?: {
    readonly command: string
    /** JavaScript expression with named groups; `(?<sp>\\d+)`. */
    readonly expression: string
    /** How the version is spelled for people: `6.5 SP{sp} build {build}`. */
    readonly display: string
  }
  readonly iptables?: {
    /** The script that the firewall is rebuilt from at boot. */
    readonly script: string
    /** Text that marks the line below which own lines go, white space collapsed. It must occur once. */
    readonly marker: string
    /** How a rule is written there, by family; a family that is absent cannot be held. `IPTABLE ipv4 {rule}`; `{rule}` = `-A INPUT ...`. */
    readonly line: { readonly [F in Family]?: string }
    /** How an existing rule line is recognised: an expression with the groups `family` (optional) and `rule`. */
    readonly read: string
    /** Commands that rebuild the firewall, the first whose `when` holds (`sp == 3 && build < 3312`); run only when `wanted`. */
    readonly reload: { readonly wanted: boolean; readonly commands: readonly { readonly when?: string; readonly run: string }[] }
  }
  readonly sysctl?: {
    /** The product reads this file only. */
    readonly file?: string
  }
}

/** A probe of the rehearsal: may `from` reach `port`? */
export interface Reach {
  readonly from: string
  readonly port: number
  readonly protocol: 'tcp' | 'udp'
  readonly allowed: boolean
  /** Where it was asked for: file:line:column. */
  readonly origin: string
}

/** What one host should hold, merged over all plays of the run. */
export interface HostWant {
  readonly host: string
  readonly profile?: Profile
  /** By resource name; each value is that resource's Want. */
  readonly resources: Readonly<Record<string, unknown>>
  /** Every playbook that is part of the run, also those that name nothing for this host: removal needs it. */
  readonly playbooks: readonly string[]
  /** False under --limit, --tags and --shard: nothing is removed. */
  readonly mayRemove: boolean
  readonly prune: boolean
  readonly bootLoader: 'auto' | 'none'
  readonly beside: readonly string[]
  readonly reach: readonly Reach[]
  readonly onChange: readonly { readonly playbook: string; readonly play: string; readonly run: string; readonly timeout: number }[]
}

/** How a host is reached; Ansible's names in the inventory. */
export interface Target {
  readonly host: string
  readonly address: string
  readonly port: number
  readonly user: string
  readonly keyFile?: string
  readonly password?: string
  readonly become: boolean
  readonly becomeUser: string
}

/** What a run says of one host. */
export interface HostReport {
  readonly host: string
  readonly outcome: Outcome
  readonly reason?: string
  readonly version?: string
  readonly changes: readonly Change[]
  readonly warnings?: readonly string[]
  /** Seconds since the host's first connection was tried. */
  readonly seconds?: number
  /** Where its time went; only where --timing asked for it. */
  readonly timing?: HostTiming
}

/** One span of a host's way; `took` includes the parts that lie in it. Milliseconds, `at` since the controller's process began. */
export interface TimedSpan {
  readonly stage: string
  readonly part?: string
  readonly at: number
  readonly took: number
}

/** Where one host's time went, from before its first connection to its outcome. Bytes are those of TCP, where it is our own. */
export interface HostTiming {
  readonly at: number
  readonly took: number
  readonly execs: number
  readonly bytesIn?: number
  readonly bytesOut?: number
  readonly spans: readonly TimedSpan[]
}

export interface RunReport {
  readonly run: string
  readonly command: string
  readonly hosts: readonly HostReport[]
  readonly summary: Readonly<Partial<Record<Outcome, number>>>
}
