import type { HostPlan } from '../plan.js'
import { printable } from '../text.js'
import type { Change, Layer } from '../types.js'

/** The host's words on one line, without what a terminal would obey, and no longer than a person reads. */
export function words(text: string): string {
  const shown = printable(text.trim().split('\n').filter(Boolean).join('; '))
  return shown.length > 1000 ? `${shown.slice(0, 1000)}...` : shown
}

/** Who holds the lock: the owner's line as the host keeps it. */
export function lockSentence(owner: string, waited: number): string {
  const [pid, , , run, since, ...who] = owner.trim().split(' ')
  const told = [`${who.join(' ') || 'somebody'}`, `run ${run || '?'} since ${since || '?'}`].join(', ')
  return `another run holds the lock: ${words(told)} (process ${words(pid || '?')} on the host); waited ${waited} s, nothing was changed (live: old, boot: old)`
}

/** What an undo's note says of the live layer: `old`, or `mixed` with the names of what it could not put back. */
export interface Undone {
  readonly complete: boolean
  readonly state: string
  /** Why act itself gave up, where it did. */
  readonly why?: string
}

/** What the undo wrote of itself, for people: each layer, what others changed meanwhile, what stays. */
export function readNote(note: string): Undone {
  const of = (word: string) => note.split('\n').flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []))
  const [differs, others, stays, why] = [of('differs'), of('others'), of('stays'), of('why')]
  const kept = [
    ...(others.length === 0 ? [] : [`others changed ${words(others.join(', '))} meanwhile, and that stays`]),
    ...(stays.length === 0 ? [] : [`what cannot be taken back stays: ${words(stays.join(', '))}`]),
  ]
  const live = differs.length === 0 ? 'live: old' : `live: mixed (not put back: ${words(differs.join(', '))})`
  return {
    complete: differs.length === 0,
    state: [live, ...kept].join('; '),
    ...(why.length === 0 ? {} : { why: words(why.join('\n')) }),
  }
}

/** A layer's state after a run whose end was not seen, by a fresh look: which of its changes are still to be made? */
export function layerState(plan: HostPlan, now: HostPlan, layer: Layer): 'old' | 'new' | 'untouched' | `mixed (${string})` {
  const key = ({ resource, at }: Change) => `${resource} ${at}`
  const of = (one: HostPlan) => one.steps.flatMap((step) => step.changes).filter((change) => change.layer === layer)
  const asked = of(plan)
  const left = new Set(of(now).map(key))
  const open = asked.filter((change) => left.has(key(change)))
  if (asked.length === 0) return 'untouched'
  if (open.length === 0) return 'new'
  return open.length === asked.length ? 'old' : `mixed (still old: ${words(open.map(({ at }) => at).join(', '))})`
}

/** `live: old, boot: new`, as a fresh look found them. */
export function statesSentence(plan: HostPlan, now: HostPlan): string {
  if (now.refused.length > 0) return `how the layers stand cannot be told: ${words(now.refused.join('\n'))}`
  return (['live', 'boot'] as const).map((layer) => `${layer}: ${layerState(plan, now, layer)}`).join(', ')
}
