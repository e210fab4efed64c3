import type { Problem, Reach } from '../types.js'
import { familyOfAddress } from './addresses.js'
import type { Bench } from './bench.js'
import type { Document, Path } from './document.js'
import { holdsHole } from './hole.js'
import type { Host } from './inventory.js'
import type { Names } from './rule.js'
import { render, type Scope, textOf } from './template.js'
import { isMapping } from './vars.js'

/** Where a list of probes is written, and for whom it is read. */
interface Spot {
  readonly document: Document
  readonly path: Path
  readonly scope: Scope
  readonly names: Names
  readonly tell: (problem: Problem) => void
}

/** The probes of must_reach and must_not_reach of one play on one host, one per address. */
export function readReach(bench: Bench): readonly Reach[] {
  const { must_reach = [], must_not_reach = [] } = bench.play.written
  const { document, index } = bench.play
  const spot = (key: string): Spot => ({ ...bench, document, path: [index, key], tell: (problem) => bench.report(problem) })
  return [...probes(must_reach, true, spot('must_reach')), ...probes(must_not_reach, false, spot('must_not_reach'))]
}

/** The probes that a host's own variables holdfast_must_reach and holdfast_must_not_reach ask for. */
export function readHostReach(host: Host, scope: Scope, names: Names, tell: (problem: Problem) => void): readonly Reach[] {
  return (
    [
      ['holdfast_must_reach', true],
      ['holdfast_must_not_reach', false],
    ] as const
  ).flatMap(([name, allowed]) => {
    const variable = host.vars.get(name)
    if (!variable || variable.value === null || holdsHole(variable.value)) return []
    const spot: Spot = { document: variable.document, path: variable.path, scope, names, tell }
    if (Array.isArray(variable.value)) return probes(variable.value, allowed, spot)
    tell(variable.document.problem(variable.path, 'must be a list of {from, port}'))
    return []
  })
}

function probes(items: readonly unknown[], allowed: boolean, spot: Spot): readonly Reach[] {
  return items.flatMap((item, at) => probe(item, allowed, { ...spot, path: [...spot.path, at] }))
}

function probe(item: unknown, allowed: boolean, spot: Spot): readonly Reach[] {
  const refuse = (key: string, message: string, needle?: string): readonly [] => {
    spot.tell(spot.document.problem([...spot.path, key], message, needle === undefined ? {} : { needle }))
    return []
  }
  if (!isMapping(item)) return refuse('', 'must be a mapping with from: and port:')
  const unknown = Object.keys(item).find((key) => !['from', 'port', 'protocol'].includes(key))
  if (unknown !== undefined) return refuse(unknown, `unknown key "${unknown}": a probe has from, port and protocol`)
  const filled = render(item, spot.scope)
  if ('wrong' in filled) return refuse('from', filled.wrong.message, filled.wrong.needle)
  const { from, port: asked, protocol = 'tcp' } = filled.value as Readonly<Record<string, unknown>>
  const port = Number(textOf(asked) || Number.NaN)
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    return refuse('port', `must be a port from 1 to 65535${asked === undefined ? '' : ` (is ${JSON.stringify(asked)})`}`)
  if (protocol !== 'tcp' && protocol !== 'udp') return refuse('protocol', 'must be "tcp" or "udp"')
  const texts = (textOf(from) ?? '')
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
  if (texts.length === 0) return refuse('from', 'holds no address')
  const { file, line, column } = spot.document.problem(spot.path, '')
  const addresses = texts.flatMap(
    (text) => addressed(text, spot.names) ?? refuse('from', `${JSON.stringify(text)} is no address, and cannot be looked up`, text),
  )
  return addresses.map((address) => ({ from: address, port, protocol, allowed, origin: `${file}:${line}:${column}` }))
}

function addressed(text: string, names: Names): readonly string[] | undefined {
  if (familyOfAddress(text)) return [text]
  const found = /[/:]/.test(text) ? null : names(text)
  return found === null ? undefined : (found ?? [])
}
