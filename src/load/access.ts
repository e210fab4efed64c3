import type { Target } from '../types.js'

/** What of a login the inventory leaves to ssh_config: it says nothing of it. */
export type Unsaid = 'port' | 'user'

/** How a host is reached, with what not every host needs. Nothing of what it adds to a target is kept in a file. */
export interface Access extends Target {
  /** sudo where it is not said. */
  readonly becomeMethod?: 'sudo' | 'su'
  readonly becomePassword?: string
  /** Options for ssh(1), cut into words: `['-o', 'ProxyJump=bastion']`. */
  readonly sshArgs?: readonly string[]
  readonly unsaid?: readonly Unsaid[]
  /** `ssh`: by the system's ssh(1); `local`: this machine itself. */
  readonly connection?: 'ssh' | 'local'
  /** Also speak with servers that know only what is broken by now. */
  readonly legacyAlgorithms?: boolean
}

/** The plain target, without its secrets. */
export const plainOf = ({
  host,
  address,
  port,
  user,
  keyFile,
  become,
  becomeUser,
  unsaid,
}: Access): Omit<Target, 'password'> & Pick<Access, 'unsaid'> => ({
  host,
  address,
  port,
  user,
  ...(keyFile !== undefined && { keyFile }),
  become,
  becomeUser,
  ...(unsaid !== undefined && { unsaid }),
})

/** What an access adds to a plain target. */
export const extrasOf = ({
  host,
  address,
  port,
  user,
  keyFile,
  password,
  become,
  becomeUser,
  ...extras
}: Access): Omit<Access, keyof Target> => extras

/** What must never be printed. */
export const secretsIn = ({ password, becomePassword }: Access): readonly string[] => [password ?? [], becomePassword ?? []].flat()
