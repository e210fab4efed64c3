import type { Effect, Reach, Section } from '../types.js'
import { words } from './says.js'

/** What the rehearsals of one script said: why the plan must not run, and what could not be rehearsed. */
export interface Verdict {
  readonly refused: readonly string[]
  readonly warnings: readonly string[]
}

/** Reads the `rehearsal` sections. A refusal names the rule that dropped the segment. */
export function readVerdict(sections: readonly Section[], reach: readonly Reach[]): Verdict {
  const refused: string[] = []
  const warnings: string[] = []
  for (const section of sections.filter((one) => one.kind === 'rehearsal')) {
    const [word = '', ...rest] = section.body.split('\n')
    const asked = reach[Number(section.name)]
    if (word === 'refused') refused.push(asked === undefined ? lockOut(rest) : broken(asked, rest))
    if (word === 'inconclusive')
      warnings.push(
        `the rehearsal is inconclusive: even the present rules let no connection in there (${dropper(rest)}); the undo guards this run`,
      )
    if (word.startsWith('none ')) warnings.push(`not rehearsed: ${words(word.slice(5))}; the undo guards this run`)
  }
  return { refused, warnings }
}

function lockOut(lines: readonly string[]): string {
  return `would lock out: in the rehearsal a new SSH connection from here is dropped by ${dropper(lines)}; nothing was changed`
}

function broken(reach: Reach, lines: readonly string[]): string {
  const what = `${reach.from} to ${reach.protocol} port ${reach.port}`
  return reach.allowed
    ? `must_reach (${reach.origin}): ${what} is dropped in the rehearsal by ${dropper(lines)}; nothing was changed`
    : `must_not_reach (${reach.origin}): ${what} gets in in the rehearsal; nothing was changed`
}

/** The last rule that counted the segment and ends packets, else the policy that did: `rule 3 of INPUT: -p tcp -j DROP`. */
function dropper(lines: readonly string[]): string {
  const rules = lines.flatMap((line) => {
    const rule = /^\[(\d+):\d+\] -A (\S+) (.*-[jg] (?:DROP|REJECT|TARPIT|STEAL)\b.*)$/.exec(line)
    return rule === null ? [] : [`the rule \`${words(`-A ${rule[2]} ${rule[3]}`)}\``]
  })
  const policy = lines.flatMap((line) => {
    const chain = /^:(\S+) DROP \[([1-9]\d*):\d+\]$/.exec(line)
    return chain === null ? [] : [`the policy DROP of ${words(chain[1]!)}`]
  })
  return rules.at(-1) ?? policy[0] ?? 'a rule that could not be named (a native nft table?)'
}

/** Matches that look at what a rehearsal's one packet cannot bear: who sent it, what came before it, when, from where on earth. */
const fate =
  /-m (mac|recent|geoip|limit|hashlimit|connlimit|time|statistic|quota|owner|physdev|string|u32|policy|rpfilter|set|connbytes|nfacct|bpf)\b/

/** Rules of the touched chains that the rehearsal cannot judge, as one warning. */
export function unrehearsed(effects: readonly Effect[]): readonly string[] {
  const lines = effects.flatMap((effect) =>
    effect.kind === 'chain'
      ? (effect.after?.lines ?? []).filter((line) => fate.test(line)).map((line) => `-A ${effect.chain} ${line}`)
      : [],
  )
  if (lines.length === 0) return []
  const shown = lines.slice(0, 3).map((line) => `\`${words(line)}\``)
  const more = lines.length > shown.length ? ` and ${lines.length - shown.length} more` : ''
  return [`what the rehearsal cannot judge, since one packet does not show it: ${shown.join(', ')}${more}; the undo guards it`]
}
