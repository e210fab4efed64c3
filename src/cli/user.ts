import { userInfo } from 'node:os'

/** The user's name on this machine. */
export function userName(): string {
  try {
    return userInfo().username
  } catch {
    return process.env.USER ?? 'root' // a uid without a name, as in some containers
  }
}
