import type { HostResult, ShownRun } from '../shown.js'
import type { Outcome } from '../types.js'
import { pad, widthOf, wrap } from './columns.js'
import { arrow, type Paint, paint, type Style, show } from './style.js'

const colours: Readonly<Record<Outcome, Paint>> = {
  'in-sync': 'green',
  changed: 'yellow',
  pending: 'yellow',
  unsettled: 'red',
  'rolled-back': 'red',
  stale: 'red',
  failed: 'red',
  unreachable: 'red',
  skipped: 'cyan',
}

/** An outcome in its colour. */
export const paintOutcome = (outcome: Outcome, style: Style): string => paint(outcome, colours[outcome] ?? 'bold', style)

/** One line per host, as Ansible's recap: `appliance1 : changed  live=2 boot=2  6.5 SP3 build 3279`, and the reason where there is one. */
export function recap(hosts: readonly HostResult[], style: Style): readonly string[] {
  const name = Math.min(40, Math.max(...hosts.map(({ host }) => widthOf(show(host, style)))))
  const outcome = Math.max(...hosts.map((host) => host.outcome.length))
  return hosts.flatMap((host) => {
    const head = `${pad(show(host.host, style), name)} : ${pad(host.outcome, outcome)}  `
    const [first, ...rest] = wrap(recapOf(host, style), style.width, head, ' '.repeat(name + 5))
    return [first!.replace(` : ${host.outcome}`, ` : ${paintOutcome(host.outcome, style)}`).trimEnd(), ...rest]
  })
}

function recapOf(host: HostResult, style: Style): string {
  const { changes, warnings, reason } = host
  const count = (layer: string): number => changes.filter((change) => change.layer === layer).length
  const counts = changes.length > 0 ? `live=${count('live')} boot=${count('boot')}` : ''
  const warned = warnings?.length ? `warnings=${warnings.length}` : ''
  return [counts, warned, sayVersion(host, style), sayCauses(host), reason ? firstLine(reason, style) : ''].filter(Boolean).join('  ')
}

/** The first line of a text of several; the rest stands in the host's block. */
export function firstLine(text: string, style: Style): string {
  const [first = '', ...rest] = text.split('\n')
  return show(first, style) + (rest.length > 0 ? ' ...' : '')
}

/** The product's version: `6.5 SP3 build 3279`, or `upgrade 6.5 SP2 build 1548 -> 6.5 SP3 build 3279`. */
export function sayVersion({ version, previousVersion }: HostResult, style: Style): string {
  const now = version ? show(version, style) : ''
  if (!previousVersion || previousVersion === version) return now
  return `upgrade ${show(previousVersion, style)} ${arrow(style)} ${now || 'an unknown version'}`
}

/** Why there is something to do; an upgrade is not said twice. */
function sayCauses({ changes, version, previousVersion }: HostResult): string {
  const upgraded = previousVersion !== undefined && previousVersion !== version
  return [...new Set(changes.map(({ cause }) => cause))].filter((cause) => !(upgraded && cause === 'upgrade')).join(', ')
}

const order: readonly Outcome[] = ['rolled-back', 'failed', 'unsettled', 'unreachable', 'stale', 'skipped', 'pending', 'changed', 'in-sync']

/** `3 hosts: 1 failed, 2 in-sync`, the worst first. */
export function summarize({ hosts, summary }: ShownRun, style: Style): readonly string[] {
  const parts = order.filter((outcome) => summary[outcome]).map((outcome) => `${summary[outcome]} ${outcome}`)
  const lines = wrap(`${hosts.length} ${hosts.length === 1 ? 'host' : 'hosts'}: ${parts.join(', ')}`, style.width, '', '  ')
  return lines.map((line) => line.replace(/(?<=\d )[a-z]+(-[a-z]+)?(?=,|$)/g, (word) => paintOutcome(word as Outcome, style)))
}

/** What a person should do next, for the outcomes that ask for something. */
const remedies: Readonly<Partial<Record<Outcome, string>>> = {
  'rolled-back': 'the changes were taken back on the host. Cure the reason, then apply again.',
  failed: 'not converged; the reason says why, and what was left there. Cure it, then plan again.',
  unsettled: 'it ran, yet the host still differs as shown: something else may hold these values. Plan again before anything else.',
  unreachable: 'no connection. Cure the reason, then repeat for these hosts.',
  stale: 'the host has moved since it was looked at, and nothing was written. Plan again.',
  skipped: 'not started, nothing was written.',
  pending: 'nothing was written. The same command with apply does what is shown.',
}

/** The next step for each outcome that asks for one, with the hosts as --limit takes them. */
export function advise({ hosts, command }: Pick<ShownRun, 'hosts' | 'command'>, style: Style): readonly string[] {
  return order.flatMap((outcome) => {
    const remedy =
      outcome === 'pending' && command === 'rollback' ? 'nothing was written. Without --check it is taken back.' : remedies[outcome]
    const names = hosts.filter((host) => host.outcome === outcome).map(({ host }) => show(host, style))
    if (!remedy || names.length === 0) return []
    const limit = names.length > 5 || outcome === 'pending' ? '' : ` (--limit ${names.join(',')})`
    return wrap(`${outcome}: ${remedy}${limit}`, style.width, '', '  ')
  })
}
