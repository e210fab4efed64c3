import { problemsJson } from '../report/problems.js'
import type { Console } from './console.js'
import { loadHosts } from './load.js'
import type { Options } from './options.js'
import type { Parts } from './parts.js'

/** `holdfast validate`: 0, or 1 where a file has a mistake. No host is contacted. */
export async function validate(playbooks: readonly string[], options: Options, parts: Parts, console: Console): Promise<number> {
  const hosts = await loadHosts(playbooks, options, parts, console)
  if (!hosts) return 1
  const text = `no problems; the plays name ${hosts.length} ${hosts.length === 1 ? 'host' : 'hosts'}\n`
  if (options.json) console.out.write(problemsJson([]))
  const people = options.json ? console.err : console.out
  people.write(text)
  return 0
}
