import type { ChainItem } from '../generated/playbook.js'
import type { OwnedChain } from '../resources/iptables/want.js'
import type { Family } from '../types.js'
import { type Bench, type Placed, tellWrong } from './bench.js'
import { chainWrong, isBuiltin } from './chain-name.js'
import type { Path } from './document.js'
import { familiesOf } from './want-iptables.js'

/** The chains that one play owns on one host. */
export function readChains(bench: Bench): readonly Placed<OwnedChain>[] {
  return (bench.play.written.chains ?? []).flatMap((item, index) => {
    const path = ['chains', index]
    if (!isWhole(item, path, bench)) return []
    const families = familiesOf(item.family)
    return families.map((family) => ({ item: toChain(item, path, family, families.length > 1, bench), path, bench }))
  })
}

function isWhole(item: ChainItem, path: Path, bench: Bench): boolean {
  const table = item.table ?? 'filter'
  const name = chainWrong(item.name, table)
  if (name) bench.tell([...path, 'name'], name)
  if (name) return false
  const wrong: [string, string][] = []
  if (!isBuiltin(item.name, table)) {
    if (item.policy !== undefined) wrong.push(['policy', `${item.name} is not a built-in chain: only those have a policy`])
  } else {
    if (item.family === undefined) wrong.push(['name', `${item.name} is a built-in chain: say which family: is meant`])
    if (item.rules !== undefined && item.exact !== true)
      wrong.push(['rules', `foreign rules of ${item.name} would have to go: say exact: true, or place rules under iptables:`])
    if (item.exact === true && item.rules === undefined) wrong.push(['exact', 'exact: needs rules:'])
  }
  if (item.ignore !== undefined && item.exact !== true) wrong.push(['ignore', 'ignore: has a meaning only with exact: true'])
  for (const [index, glob] of (item.ignore ?? []).entries())
    if (isExpression(glob)) bench.tell([...path, 'ignore', index], noExpression(glob))
  for (const [key, message] of wrong) bench.tell([...path, key], message, { at: 'key' })
  return wrong.length === 0
}

/** `.*` where no glob would have a dot; behind a word it may be part of an address (`192.0.2.*`) or of a name (`br0.*`). */
const isExpression = (glob: string): boolean => /(?:^|[^\w*?])\.[*+]|^\^|\$$/.test(glob)

/** A glob that was meant as a regular expression would name no rule, and what it should keep would go. */
function noExpression(glob: string): string {
  const meant = glob
    .replace(/^\^/, '')
    .replace(/\$$/, '')
    .replaceAll(/\.[*+]/g, '*')
  return `ignore: is a glob over the whole rule, no regular expression: write ${JSON.stringify(meant)}, where * is any text and ? any character`
}

function toChain(item: ChainItem, path: Path, family: Family, both: boolean, bench: Bench): OwnedChain {
  const specs = (item.rules ?? []).flatMap((rule, index) => {
    const here = [...path, 'rules', index]
    const read = bench.specs(rule, here, family, both)
    for (const wrong of read.wrong) tellWrong(bench, here, wrong)
    if (read.emptied) bench.tell(here, 'the list of addresses is empty: the rule would match every address')
    return read.specs
  })
  const policy = item.policy === undefined ? {} : { policy: item.policy }
  return {
    name: item.name,
    origin: bench.origin,
    family,
    table: item.table ?? 'filter',
    ...policy,
    exact: item.exact ?? false,
    ignore: item.ignore ?? [],
    specs,
  }
}
