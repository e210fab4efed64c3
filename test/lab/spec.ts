import type { Kind } from './kinds.js'
import type { ScriptVariant } from './variant.js'

/** What a test asks of one host. */
export interface HostSpec {
  readonly name: string
  readonly kind: Kind
  /** Which iptables `/usr/sbin/iptables` is; nft, for the appliance legacy. */
  readonly backend?: 'nft' | 'legacy'
  /** The host, started before, that this one is wired behind; that one then routes (198.19.N.0/24) instead of the bridge. */
  readonly behind?: string
  /** Lines of `ip -batch` run at every boot, after eth0 is there: `address add 192.0.2.1/24 dev eth0`. */
  readonly ip?: readonly string[]
  /** Files by absolute path (below /usr, never below /lib or /sbin), as if the product had brought them; a text that begins with `#!` is executable. */
  readonly files?: Readonly<Record<string, string>>
  /** Symbolic links, path -> target: enabled units. */
  readonly links?: Readonly<Record<string, string>>
  /** Paths of the machine that the host must not have: `/usr/bin/unshare`. */
  readonly hide?: readonly string[]
  /** The appliance's firewall script, told apart from the usual one. */
  readonly script?: ScriptVariant
  /** Login shell of root: `/usr/bin/clish`. */
  readonly rootShell?: string
  /** People beside root, who log in with the lab's key. */
  readonly users?: readonly UserSpec[]
  /** `uname -r` says 2.6.x. */
  readonly oldKernel?: boolean
  /** Groups of the inventory, beside the kind's name. */
  readonly groups?: readonly string[]
  /** Variables of the inventory. */
  readonly vars?: Readonly<Record<string, string | number | boolean>>
}

export interface UserSpec {
  readonly name: string
  /** For SSH and for sudo. */
  readonly password?: string
  /** Lines of sudoers: `deploy ALL=(ALL) NOPASSWD: ALL`. */
  readonly sudoers?: string
}
