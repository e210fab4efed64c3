import { type Progress, startProgress } from '../report/progress.js'
import type { Console } from './console.js'

/** How a command goes on that only looks at hosts: a row on a terminal, and nothing where nobody watches. */
export function startLookProgress(hosts: number, json: boolean, { err: { stream, style, terminal } }: Console): Promise<Progress> {
  return startProgress({ hosts, style, stream, form: terminal && !json && process.env.TERM !== 'dumb' ? 'row' : 'none' })
}
