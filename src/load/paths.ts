import type { Problem } from '../types.js'
import type { Inventory } from './inventory.js'
import { didYouMean } from './nearest.js'
import { matchPattern } from './patterns.js'
import { isMapping, type Variable } from './vars.js'

/** A middlebox on a path: one with a known idle time-out, or hosts of the inventory whose own connection tracking counts. */
export type Hop = { readonly name: string; readonly idle: number } | { readonly name: string; readonly hosts: readonly string[] }

/** How connections go: from clients, through what may forget them while they are idle, to servers. */
export interface NetPath {
  readonly name: string
  readonly from: readonly string[]
  readonly to: readonly string[]
  /** The patterns as written, for a sentence: `proxy`. */
  readonly fromText: string
  readonly toText: string
  readonly hops: readonly Hop[]
  /** Seconds by which probes stay below an idle time-out; without it 7 %, which makes 325 of a Gateway Load Balancer's 350. */
  readonly margin?: number
  /** Tells a problem at a part of it. */
  readonly problem: (part: readonly (string | number)[], message: string) => Problem
}

/** The paths of an inventory: its top-level list `paths:`, and the variable `holdfast_paths` (which Ansible reads past), each written once. */
export function readPaths(inventory: Inventory, tell: (problem: Problem) => void): readonly NetPath[] {
  const written = new Map<string, Variable>()
  const variables = [...inventory.hosts.values()].flatMap((host) => host.vars.get('holdfast_paths') ?? [])
  for (const one of [...(inventory.paths ?? []), ...variables]) written.set(`${one.document.file}:${one.path.join('.')}`, one)
  return [...written.values()].flatMap((one) => readList(one, inventory, tell))
}

function readList({ value, document, path }: Variable, inventory: Inventory, tell: (problem: Problem) => void): readonly NetPath[] {
  if (value === null) return []
  if (!Array.isArray(value)) {
    tell(document.problem(path, 'must be a list of paths, each with from, through and to'))
    return []
  }
  return value.flatMap((item: unknown, index) => {
    const problem: NetPath['problem'] = (part, message) => document.problem([...path, index, ...part], message)
    let bad = false
    const refuse = (part: readonly (string | number)[], message: string): void => {
      bad = true
      tell(problem(part, message))
    }
    const found = readPath(item, index, inventory, refuse)
    return bad ? [] : [{ ...found, problem }]
  })
}

type Refuse = (part: readonly (string | number)[], message: string) => void

function readPath(item: unknown, index: number, inventory: Inventory, refuse: Refuse): Omit<NetPath, 'problem'> {
  const written = isMapping(item) ? item : {}
  if (!isMapping(item)) refuse([], 'must be a mapping with from, through and to')
  unknownKeys(written, ['name', 'from', 'through', 'to', 'margin'], [], refuse)
  const { name = `path ${index + 1}`, through, margin } = written
  if (typeof name !== 'string') refuse(['name'], 'must be text')
  if (margin !== undefined && !isSeconds(margin)) refuse(['margin'], 'must be a whole number of seconds')
  const [from, to] = isMapping(item) ? ['from', 'to'].map((end) => hostsOf(written[end], [end], inventory, refuse)) : [[], []]
  if (isMapping(item) && (!Array.isArray(through) || through.length === 0))
    refuse(['through'], 'must be a list of the middleboxes between, one at least')
  const hops = Array.isArray(through) ? through.flatMap((hop: unknown, at) => readHop(hop, at, inventory, refuse)) : []
  const text = (end: string): string => [written[end] ?? []].flat().join(',')
  return {
    name: JSON.stringify(name),
    from: from ?? [],
    to: to ?? [],
    fromText: text('from'),
    toText: text('to'),
    hops,
    ...(isSeconds(margin) ? { margin } : {}),
  }
}

function readHop(hop: unknown, at: number, inventory: Inventory, refuse: Refuse): readonly Hop[] {
  const here = ['through', at]
  if (!isMapping(hop)) {
    refuse(here, 'must be a mapping: a name and its idle time-out in seconds, or hosts of the inventory')
    return []
  }
  unknownKeys(hop, ['name', 'idle', 'hosts'], here, refuse)
  const { name, idle, hosts } = hop
  if (name !== undefined && typeof name !== 'string') refuse([...here, 'name'], 'must be text')
  if (idle !== undefined && hosts === undefined && isSeconds(idle))
    return [{ name: typeof name === 'string' ? name : `hop ${at + 1}`, idle }]
  if (hosts !== undefined && idle === undefined)
    return [{ name: typeof name === 'string' ? name : String(hosts), hosts: hostsOf(hosts, [...here, 'hosts'], inventory, refuse) }]
  refuse(
    idle === undefined || hosts !== undefined ? here : [...here, 'idle'],
    'takes idle, a whole number of seconds, or hosts, whose own connection tracking counts',
  )
  return []
}

const isSeconds = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0

function hostsOf(value: unknown, part: readonly (string | number)[], inventory: Inventory, refuse: Refuse): readonly string[] {
  const patterns = [value ?? []].flat()
  if (patterns.length === 0 || patterns.some((pattern) => typeof pattern !== 'string')) {
    refuse(part.slice(0, value === undefined ? -1 : undefined), `${part.at(-1)} must be a host pattern: a group, a host`)
    return []
  }
  const match = matchPattern(patterns as string[], inventory)
  for (const { message } of match.wrong) refuse(part, message)
  return [...match.hosts]
}

function unknownKeys(
  written: Readonly<Record<string, unknown>>,
  known: readonly string[],
  part: readonly (string | number)[],
  refuse: Refuse,
): void {
  for (const key of Object.keys(written)) if (!known.includes(key)) refuse([...part, key], `unknown key "${key}"${didYouMean(key, known)}`)
}
