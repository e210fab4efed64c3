import type { Problem } from '../types.js'

/** A task, or a part of one, that was not turned: where it stands, of which module it is, and why (`message`). */
export interface Left extends Problem {
  readonly module: string
}

/** Why something cannot be turned, and the text that it is about. */
export interface Unturned {
  readonly message: string
  readonly needle?: string
  /** The variable of the inventory in which hosts differ: host by host it can be turned. */
  readonly apart?: string
}

/** The way out of reading a task that cannot be turned; it ends in `attempt`. */
export function refuse(message: string, needle = ''): never {
  throw { unturned: { message, needle } satisfies Unturned }
}

/** The way out where hosts have different values of a variable; it ends where the hosts are taken apart. */
export function refuseTogether(name: string, needle: string): never {
  const message = `${needle}: hosts have different values of ${name}, and no pattern tells them apart`
  throw { unturned: { message, needle, apart: name } satisfies Unturned }
}

/** The result of some reading, or why there is none. */
export function attempt<T>(read: () => T): { readonly value: T } | { readonly unturned: Unturned } {
  try {
    return { value: read() }
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'unturned' in error) return { unturned: error.unturned as Unturned }
    throw error
  }
}
