import type { Problem } from '../types.js'
import { sortProblems } from './check.js'
import { unsaid } from './hole.js'

/** A problem that was met while reading for one host. */
export interface Told {
  readonly problem: Problem
  readonly host?: string
  /** How many hosts the place speaks for. */
  readonly of?: number
}

/** One problem per place and sentence; where it concerns only some of the hosts that the place speaks for, they are named. */
export function summed(told: readonly Told[]): readonly Problem[] {
  const by = new Map<string, { readonly problem: Problem; readonly hosts: Set<string>; readonly of: number }>()
  for (const { problem, host, of = 0 } of told) {
    if (problem.message.includes(unsaid)) continue
    const key = `${problem.file}:${problem.line}:${problem.column} ${problem.message}`
    const entry = by.get(key) ?? { problem, hosts: new Set<string>(), of }
    if (host !== undefined) entry.hosts.add(host)
    by.set(key, entry)
  }
  return sortProblems([...by.values()].map(({ problem, hosts, of }) => (hosts.size < of ? named(problem, [...hosts]) : problem)))
}

function named(problem: Problem, [first, ...rest]: readonly string[]): Problem {
  if (first === undefined) return problem
  return { ...problem, message: `${problem.message} (for ${first}${rest.length > 0 ? ` and ${rest.length} more` : ''})` }
}
