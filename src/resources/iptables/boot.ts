import { bySame, byText } from '../../by-text.js'
import type { ChainState, Effect, Family, HostWant, Seen, Step } from '../../types.js'
import { targetOf } from './chain-target.js'
import type { Group } from './groups.js'
import { type BootHolder, bootHolder } from './holder.js'
import { joinPlans, type LayerPlan, noted } from './live.js'
import { planLoader } from './loader.js'
import { chainOf } from './ruleset.js'
import { type ChainEdit, editSaveFile } from './savefile.js'
import { planScript } from './script-file.js'
import { bootByTable, whyTable } from './spell-fallback.js'
import { type BootRuleset, readBoot } from './spelled.js'

/** Compares every group with what the host will hold after its next reboot, by whoever puts it there. */
export function planBoot(groups: readonly Group[], seen: Seen, host: HostWant): LayerPlan {
  const families = (['ipv4', 'ipv6'] as const).filter((family) => groups.some((group) => group.family === family))
  const held = families.map((family) => ({ family, holder: bootHolder(host, seen, family) }))
  const parts = held.flatMap(({ family, holder }): LayerPlan[] => {
    const mine = groups.filter((group) => group.family === family)
    if (holder.kind === 'save-file') return [planSaveFile(mine, family, holder, seen)]
    if (holder.kind === 'unknown') return [refusal(holder.because)]
    if (holder.kind === 'none')
      return [{ steps: [], refused: [], warnings: [`${family}: ${holder.because}; the playbook declares live only (boot_loader: none)`] }]
    return []
  })
  const scripted = held.flatMap(({ family, holder }) => (holder.kind === 'script' ? [family] : []))
  const script =
    scripted.length === 0
      ? []
      : [
          planScript(
            groups.filter((group) => scripted.includes(group.family)),
            scripted,
            seen,
            host,
          ),
        ]
  const loaded = held.flatMap(({ family, holder }) => (holder.kind === 'loader' ? [family] : []))
  const others = families.filter((family) => !loaded.includes(family))
  return joinPlans([...parts, ...script, ownLoader(groups, loaded, others, seen)])
}

/** Our loader where nobody else loads; where somebody does by now, what our loader still holds of these rules goes. */
function ownLoader(groups: readonly Group[], loaded: readonly Family[], others: readonly Family[], seen: Seen): LayerPlan {
  const cleared = groups
    .filter((group) => others.includes(group.family))
    .map((group) => ({ ...emptied(group), remove: [...group.remove, ...group.items.map((item) => item.id)] }))
  const steps = planLoader([...groups.filter((group) => loaded.includes(group.family)), ...cleared], [...loaded, ...others], seen)
  return { steps, warnings: [], refused: [] }
}

function emptied(group: Group): Group {
  const { owned: _, ...rest } = group
  return { ...rest, items: [], absent: [] }
}

function planSaveFile(groups: readonly Group[], family: Family, holder: Extract<BootHolder, { kind: 'save-file' }>, seen: Seen): LayerPlan {
  const real = seen.sections.find((section) => section.kind === 'real' && section.name === holder.path)?.body.trimEnd()
  const text = seen.sections.find((section) => section.kind === 'file' && section.name === holder.path)?.body ?? null
  const byTable = text !== null && whyTable(seen) !== undefined
  const boot = byTable ? bootByTable(text, family) : readBoot(seen.sections, 'boot', `${family} ${holder.path}`)
  if (boot?.refusal !== undefined) return refusal(`${holder.path} does not load at boot, so nothing of it would be there: ${boot.refusal}`)
  if (text?.includes('\r'))
    return refusal(`${holder.path} has CRLF line ends, which iptables-restore refuses: at boot nothing of it would be loaded`)
  if (text !== null && boot === undefined) return refusal(`this host could not spell the rules of ${holder.path}`)
  const note = `${holder.path}, ${holder.because}`
  const results = groups.map((group) => ({ group, ...targetAtBoot(group, stateAtBoot(boot, group)) }))
  const refused = results.flatMap((result) => result.refused)
  const changed = results.filter((result) => result.changes.length > 0)
  if (refused.length > 0 || changed.length === 0) return { steps: [], warnings: [], refused }
  const edits = changed.map(({ group, after }): ChainEdit => {
    const before = boot?.lines(group.table, group.chain) ?? []
    const old = stateAtBoot(boot, group)
    return {
      table: group.table,
      chain: group.chain,
      before,
      after: after?.lines ?? [],
      ...(after?.policy !== undefined && after.policy !== old?.policy ? { policy: after.policy } : {}),
      ...(old === undefined ? { create: true } : {}),
      ...(after === null ? { remove: true } : {}),
    }
  })
  const edited = editSaveFile(text, edits)
  if ('refused' in edited) return refusal(`${holder.path}: ${edited.refused}`)
  const effect: Effect = { kind: 'file', path: real ?? holder.path, before: text, after: edited.text, mode: '0640' }
  const steps: readonly Step[] = [
    {
      changes: noted(
        changed.flatMap((result) => result.changes),
        note,
      ),
      effect,
    },
  ]
  return { steps, warnings: [], refused: [] }
}

/** A chain that many hosts will hold alike is compared once. */
const targetAtBoot = bySame((group: Group, before: ChainState | undefined) => targetOfText(JSON.stringify({ group, before })))

const targetOfText = byText((input) => {
  const { group, before } = JSON.parse(input) as { readonly group: Group; readonly before?: ChainState }
  return targetOf(group, before, 'boot')
})

function refusal(sentence: string): LayerPlan {
  return { steps: [], warnings: [], refused: [sentence] }
}

const stateAtBoot = bySame((boot: BootRuleset | undefined, group: Group): ChainState | undefined => {
  const state = boot === undefined ? undefined : chainOf(boot.ruleset, group.table, group.chain, group.builtin)
  if (state === undefined) return group.builtin ? { policy: 'ACCEPT', lines: [] } : undefined
  return { ...state, lines: boot?.lines(group.table, group.chain).map((one) => one.line) ?? [] }
})
