import type { Access } from '../load/access.js'
import { shellFor } from './become.js'
import { runChild } from './child.js'
import type { Session } from './session.js'

/** This machine itself as a host: scripts run here, through sudo or su where the inventory says so. */
export function openLocal(access: Access): Session {
  const ending = new AbortController()
  return {
    run(script, options) {
      const { command, opening } = shellFor(access)
      return runChild({ words: ['/bin/sh', '-c', command], stop: ending.signal, ...(opening && { opening }) }, script, options)
    },
    close: () => ending.abort(),
  }
}
