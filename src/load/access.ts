import type { Target } from '../types.js'

/** How a host is reached, with what not every host needs. Nothing of what it adds to a target is kept in a file. */
export interface Access extends Target {
  /** sudo where it is not said. */
  readonly becomeMethod?: 'sudo' | 'su'
  readonly becomePassword?: string
}

/** The plain target, without its secrets. */
export const plainOf = ({ host, address, port, user, keyFile, become, becomeUser }: Access): Omit<Target, 'password'> => ({
  host,
  address,
  port,
  user,
  ...(keyFile !== undefined && { keyFile }),
  become,
  becomeUser,
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
