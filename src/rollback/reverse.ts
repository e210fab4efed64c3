import type { HostPlan } from '../plan.js'
import { chainOf } from '../resources/iptables/ruleset.js'
import { liveRuleset } from '../resources/iptables/spelled.js'
import { builtinChains } from '../resources/iptables/want.js'
import { activeBackend } from '../resources/iptables/warnings.js'
import type { Change, Effect, Seen, Step } from '../types.js'
import { chainBefore, chainChanges } from './chain.js'
import { withoutEdit } from './lines.js'
import type { HostRun } from './runs.js'

/** What taking one effect back comes to, against what the host holds now. */
type Found = Step | { readonly refused: string } | { readonly warning: string } | undefined

/** The steps that take a run back: against what the host holds now, not by a snapshot, so that what others did since stays. */
export function planRollback(chosen: HostRun, later: readonly HostRun[], seen: Seen): HostPlan {
  const { effects, changes } = chosen
  const found = effects.map((effect, at) => reverse(effect, changes[at] ?? [], seen)).reverse()
  const refused = found.flatMap((one) => (one && 'refused' in one ? [one.refused] : []))
  const steps = found.flatMap((one) => (one && 'effect' in one ? [one] : []))
  const needed = steps.some(({ effect }) => effect.kind === 'file')
  const again = needed
    ? effects.flatMap((effect) => (effect.kind === 'once' && effect.layer === 'boot' ? [{ changes: [], effect }] : []))
    : []
  const warnings =
    steps.length === 0 ? [] : [...found.flatMap((one) => (one && 'warning' in one ? [one.warning] : [])), ...overlaps(chosen, later)]
  return { steps: refused.length > 0 ? [] : [...live(steps), ...boot(steps), ...again], warnings, refused }
}

/** Rules before values, what cannot be undone last among them, as in a plan. */
function live(steps: readonly Step[]): readonly Step[] {
  const rank = ({ effect }: Step): number => (effect.kind === 'chain' ? 0 : effect.kind === 'value' && effect.noUndo !== undefined ? 2 : 1)
  return steps.filter(({ effect }) => effect.kind === 'chain' || effect.kind === 'value').sort((a, b) => rank(a) - rank(b))
}

const boot = (steps: readonly Step[]): readonly Step[] => steps.filter(({ effect }) => effect.kind === 'file')

function reverse(effect: Effect, changes: readonly Change[], seen: Seen): Found {
  if (effect.kind === 'value') return reverseValue(effect, changes, seen)
  if (effect.kind === 'chain') return reverseChain(effect, seen)
  if (effect.kind === 'file') return reverseFile(effect, changes, seen)
  return effect.layer === 'live' ? { warning: `cannot be taken back: ${effect.run.split('\n')[0]} (${effect.why})` } : undefined
}

function reverseValue(effect: Extract<Effect, { kind: 'value' }>, changes: readonly Change[], seen: Seen): Found {
  const { path, before, after } = effect
  if (effect.noUndo === 'write-only') return { warning: `cannot be taken back: ${path} is write-only` }
  const now = seen.sections.find((section) => section.kind === 'now' && section.name === path)?.body.replace(/\n$/, '')
  if (now === undefined) return { refused: `${path} is not there any more, so it cannot be set back to ${words(before)}` }
  if (words(now) === words(before)) return undefined
  const own = words(now) === words(after) ? {} : { note: `the run had set ${words(after)}; somebody changed it since` }
  const at = changes[0]?.at ?? path
  return {
    changes: [{ resource: 'sysctl', layer: 'live', at, before: now, after: before, cause: 'intent', ...own }],
    effect: { ...effect, before: now, after: before },
  }
}

const words = (text: string): string => text.trim().split(/\s+/).join(' ')

function reverseChain(effect: Extract<Effect, { kind: 'chain' }>, seen: Seen): Found {
  const { family, table, chain } = effect
  const backend = activeBackend(seen)
  const ruleset = backend === undefined ? undefined : liveRuleset(seen, backend, family)
  if (ruleset === undefined) return { refused: `the ${family} rules cannot be read on this host any more` }
  if (backend !== effect.backend)
    return { refused: `the run changed the ${effect.backend} rules, and the active back end of iptables is ${backend} now` }
  const now = chainOf(ruleset, table, chain, (builtinChains[table] ?? []).includes(chain)) ?? null
  const reversed = { ...effect, before: now, after: chainBefore(effect, now) }
  const changes = chainChanges(reversed)
  return changes.length === 0 ? undefined : { changes, effect: reversed }
}

function reverseFile(effect: Extract<Effect, { kind: 'file' }>, changes: readonly Change[], seen: Seen): Found {
  const { path, before, after, link } = effect
  const now = fileNow(path, link === true, seen)
  if (now === before) return undefined
  const target = now === after ? before : edited(effect, now)
  if (target === undefined)
    return { refused: `${path} was edited since the run, and its edit cannot be told from the others: take it back there by hand` }
  if (target === now) return undefined
  const note = now === after ? {} : { note: `${path} was edited since; only the run's own lines are taken back` }
  return { changes: changes.map((change) => ({ ...turned(change), ...note })), effect: { ...effect, before: now, after: target } }
}

/** The file without the run's edit; a file that the run made goes once nothing of others is in it. */
function edited({ before, after, link }: Extract<Effect, { kind: 'file' }>, now: string | null): string | null | undefined {
  if (link === true) return undefined
  if (now === null) return before === null || after === null ? before : undefined
  if (after === null) return undefined
  const rest = withoutEdit(before ?? '', after, now)
  return rest !== undefined && before === null && rest.trim() === '' ? null : rest
}

function fileNow(path: string, link: boolean, seen: Seen): string | null {
  const body = seen.sections.find((section) => section.kind === (link ? 'link' : 'file') && section.name === path)?.body
  return body === undefined ? null : link ? body.replace(/\n$/, '') : body
}

/** A change the other way round; why it was made then is no reason now. */
function turned({ resource, layer, at, before, after, from, to }: Change): Change {
  return {
    resource,
    layer,
    at,
    ...(after === undefined ? {} : { before: after }),
    ...(before === undefined ? {} : { after: before }),
    ...(to === undefined ? {} : { from: to }),
    ...(from === undefined ? {} : { to: from }),
    cause: 'intent',
  }
}

/** Later runs that changed the same things: taking back the earlier one alone may surprise. */
function overlaps(chosen: HostRun, later: readonly HostRun[]): readonly string[] {
  const places = (run: HostRun) => new Set(run.changes.flat().map(({ resource, at }) => `${resource} ${at}`))
  const own = places(chosen)
  return later
    .filter(({ rollbackOf }) => rollbackOf !== chosen.run)
    .flatMap((run) => {
      const both = [...places(run)].filter((place) => own.has(place))
      return both.length === 0
        ? []
        : [`the later run ${run.run} changed ${both[0]}${both.length > 1 ? ` and ${both.length - 1} more of the same` : ''} too`]
    })
}
