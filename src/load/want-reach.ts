import type { ReachItem } from '../generated/playbook.js'
import type { Reach } from '../types.js'
import { familyOfAddress } from './addresses.js'
import { type Bench, filled, filledText } from './bench.js'
import type { Path } from './document.js'
import { textOf } from './template.js'

/** The probes of must_reach and must_not_reach of one play on one host, one per address. */
export function readReach(bench: Bench): readonly Reach[] {
  const { must_reach = [], must_not_reach = [] } = bench.play.written
  return [
    ...must_reach.flatMap((item, at) => probes(item, ['must_reach', at], true, bench)),
    ...must_not_reach.flatMap((item, at) => probes(item, ['must_not_reach', at], false, bench)),
  ]
}

function probes(item: ReachItem, path: Path, allowed: boolean, bench: Bench): readonly Reach[] {
  const { document, index } = bench.play
  const port = Number(filledText(bench, [...path, 'port'], item.port) ?? Number.NaN)
  if (!Number.isInteger(port) || port < 1 || port > 65535) bench.tell([...path, 'port'], 'must be a port from 1 to 65535')
  const from = filled(bench, [...path, 'from'], item.from)
  const texts = (from === undefined ? '' : (textOf(from) ?? ''))
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
  if (from !== undefined && texts.length === 0) bench.tell([...path, 'from'], 'holds no address')
  const { file, line, column } = document.problem([index, ...path], '')
  return addressed(texts, [...path, 'from'], bench).map((address) => ({
    from: address,
    port,
    protocol: item.protocol ?? 'tcp',
    allowed,
    origin: `${file}:${line}:${column}`,
  }))
}

function addressed(texts: readonly string[], path: Path, bench: Bench): readonly string[] {
  return texts.flatMap((text) => {
    if (familyOfAddress(text)) return [text]
    const found = /[/:]/.test(text) ? null : bench.names(text)
    if (found === null) bench.tell(path, `${JSON.stringify(text)} is no address, and cannot be looked up`, { needle: text })
    return found ?? []
  })
}
