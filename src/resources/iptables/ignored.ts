import type { ChainState, Line } from '../../types.js'
import { type Group, placeName } from './groups.js'

/** Whether one of the globs of `ignore:` names a rule: the whole text of it, as iptables-save prints it behind `-A CHAIN`. */
export const isIgnored = ({ owned }: Group, line: Line): boolean =>
  (owned?.chain.ignore ?? []).some((pattern) => globOf(pattern).test(line))

/** Where rules go from an `exact` chain: a sentence for each glob of `ignore:` that names none of its rules, as it may have been meant to keep one. */
export function idleGlobs(group: Group, before: ChainState | undefined, after: ChainState): readonly string[] {
  const lines = before?.lines ?? []
  const gone = lines.filter((line) => !after.lines.includes(line)).length
  if (gone === 0) return []
  const idle = (group.owned?.chain.ignore ?? []).filter((pattern) => !lines.some((line) => globOf(pattern).test(line)))
  return idle.map(
    (pattern) =>
      `ignore: ${JSON.stringify(pattern)} names no rule of ${placeName(group)}, and ${gone === 1 ? '1 rule goes' : `${gone} rules go`}; a glob names the whole rule as iptables-save prints it behind -A ${group.chain}: ${JSON.stringify(`*${pattern.replaceAll('.*', '*').replaceAll(/^\*|\*$/g, '')}*`)} names it anywhere`,
  )
}

function globOf(pattern: string): RegExp {
  return new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  )
}
