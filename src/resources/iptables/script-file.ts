import type { Change, Effect, Family, HostWant, Line, Seen } from '../../types.js'
import { targetOf } from './chain-target.js'
import { pairLines } from './edits.js'
import type { Group } from './groups.js'
import { joinPlans, type LayerPlan, noted } from './live.js'
import type { Claim } from './place.js'
import { editScript, readScript, type ScriptRule } from './profile-script.js'
import { scriptByTable, whyTable } from './spell-fallback.js'
import { type BootLine, readBoot } from './spelled.js'
import { holds } from './when.js'

/** Stands in the chain where the marker stands in the script: the boot place of every own rule is directly below it. */
const markerLine = '@marker'

/** A script's chain, with the marker among its lines, as the file has them. */
interface ScriptChain {
  readonly group: Group
  readonly lines: readonly BootLine[]
}

/** Compares the groups with a vendor's firewall script, which is edited below its marker and never run. */
export function planScript(groups: readonly Group[], families: readonly Family[], seen: Seen, host: HostWant): LayerPlan {
  const profile = host.profile?.iptables
  if (profile === undefined) return joinPlans([])
  const refuse = (sentence: string): LayerPlan => ({
    steps: [],
    warnings: [],
    refused: [`${sentence}; nothing was written in either layer`],
  })
  const text = seen.sections.find((section) => section.kind === 'file' && section.name === profile.script)?.body
  if (text === undefined)
    return refuse(
      `${profile.script}: there is no such file on this host, but the profile ${host.profile?.name} rebuilds the firewall from it`,
    )
  const script = readScript(text, profile)
  if ('refused' in script) return refuse(script.refused)
  const owned = groups.find((group) => group.owned !== undefined)
  if (owned !== undefined) return refuse(`the profile ${host.profile?.name} holds placed rules only, not the chain ${owned.chain}`)
  const unheld = families.find((family) => profile.line[family] === undefined)
  if (unheld !== undefined) return refuse(`the profile ${host.profile?.name} has no form for ${unheld} rules`)
  const chains = groups.map((group): ScriptChain => ({ group, lines: withMarker(bootLines(seen, group, script.rules), script.marker) }))
  const results = chains.map((chain) => {
    const target = targetOf(belowMarker(chain.group), { lines: chain.lines.map((one) => one.line) }, 'boot')
    return { chain, ...target, changes: target.changes.map((change) => uncounted(change, chain.lines, target.after?.lines ?? [])) }
  })
  const refused = results.flatMap((result) => result.refused)
  const changed = results.filter((result) => result.changes.length > 0)
  const warnings = results.flatMap(({ chain, after }) => misplaced(chain.group, after?.lines ?? [], profile.marker))
  if (refused.length > 0 || changed.length === 0) return { steps: [], warnings, refused }
  const edits = changed.map(({ chain, after }) => scriptEdit(chain, after?.lines ?? []))
  const edited = editScript(text, script.marker, profile, edits)
  if ('refused' in edited) return refuse(edited.refused)
  const real = seen.sections.find((section) => section.kind === 'real' && section.name === profile.script)?.body.trimEnd()
  const effect: Effect = { kind: 'file', path: real ?? profile.script, before: text, after: edited.text, mode: '0755' }
  const note = `${profile.script}, below \`${profile.marker}\``
  const edit: LayerPlan = {
    steps: [
      {
        changes: noted(
          changed.flatMap((result) => result.changes),
          note,
        ),
        effect,
      },
    ],
    warnings,
    refused: [],
  }
  return joinPlans([edit, reloadPlan(seen, host)])
}

function bootLines(seen: Seen, group: Group, rules: readonly ScriptRule[]): readonly BootLine[] {
  if (whyTable(seen) !== undefined) return scriptByTable(rules, group.family, group.table, group.chain)
  return readBoot(seen.sections, 'script', group.family)?.lines(group.table, group.chain) ?? []
}

function withMarker(lines: readonly BootLine[], marker: number): readonly BootLine[] {
  const sorted = [...lines].sort((a, b) => a.at - b.at)
  const below = sorted.findIndex((one) => one.at > marker)
  const at = below < 0 ? sorted.length : below
  return [...sorted.slice(0, at), { line: markerLine, at: marker }, ...sorted.slice(at)]
}

/** In the script every own rule stands directly below the marker, whatever its place among live rules is; but beside the own rule that it names. */
function belowMarker(group: Group): Group {
  return { ...group, items: group.items.map((item) => ({ ...item, place: scriptPlace(item.place, group) })) }
}

function scriptPlace(place: Claim, group: Group): Claim {
  const marker = { line: markerLine }
  if (place.kind === 'after')
    return { kind: 'after', anchors: [...place.anchors.map((anchor) => ('id' in anchor ? anchor : marker)), marker] }
  const [first] = place.kind === 'before' ? place.anchors : []
  if (first !== undefined && 'id' in first && group.items.some((item) => item.id === first.id)) return { kind: 'before', anchors: [first] }
  return { kind: 'after', anchors: [marker] }
}

/** Rules that the boot puts elsewhere than their place says, since nothing of ours stands above the marker: they would move after every boot. */
function misplaced(group: Group, lines: readonly Line[], marker: string): readonly string[] {
  const { changes, refused } = targetOf(
    { ...group, remove: [], absent: [] },
    { lines: lines.filter((line) => line !== markerLine) },
    'boot',
  )
  if (refused.length > 0) return []
  const names = new Set(changes.map((change) => change.at.split(' ').at(-1)))
  return [...names].map(
    (name) =>
      `rule ${name}: at boot it stands directly below \`${marker}\` of the script, which is not where its place says; after a boot it has to be moved`,
  )
}

/** Positions among rules: the marker that stood in for the script's is none. */
function uncounted(change: Change, before: readonly BootLine[], after: readonly Line[]): Change {
  const marker = before.findIndex((one) => one.line === markerLine)
  const target = after.indexOf(markerLine)
  return {
    ...change,
    ...(change.from !== undefined && change.from > marker ? { from: change.from - 1 } : {}),
    ...(change.to !== undefined && change.to > target ? { to: change.to - 1 } : {}),
  }
}

/** Which lines of the file go, and which rules come behind which line of the file. */
function scriptEdit({ group, lines }: ScriptChain, after: readonly Line[]) {
  const pairs = new Map(
    pairLines(
      lines.map((one) => one.line),
      after,
    ).map(([from, to]) => [to, from]),
  )
  const kept = new Set(pairs.values())
  const remove = lines.flatMap((one, index) => (kept.has(index) ? [] : [one.at]))
  const insert: { readonly below: number; readonly line: Line }[] = []
  let below = 0
  for (const [index, line] of after.entries()) {
    const from = pairs.get(index)
    if (from === undefined) insert.push({ below, line })
    else below = lines[from]!.at
  }
  return { family: group.family, table: group.table, chain: group.chain, remove, insert }
}

/** Only where the profile says that a reload is wanted: live is converged by itself, and a restart opens the firewall for a moment. */
function reloadPlan(seen: Seen, host: HostWant): LayerPlan {
  const reload = host.profile?.iptables?.reload
  if (reload?.wanted !== true) return joinPlans([])
  for (const { when, run } of reload.commands) {
    const fits = holds(when, seen.facts.versionParts)
    if (fits === true) {
      const effect: Effect = { kind: 'once', layer: 'boot', run, why: `the profile ${host.profile?.name} asks for a reload` }
      return { steps: [{ changes: [], effect }], warnings: [], refused: [] }
    }
    if (fits === 'unknown')
      return { steps: [], warnings: [`no reload: the version does not tell whether \`${run}\` is right (when: ${when})`], refused: [] }
  }
  return joinPlans([])
}
