import type { HostEntry, RunDocument } from '../../history/document.js'
import { plural } from '../../text.js'
import type { Change, Outcome } from '../../types.js'
import { sayLost, standingPredictions, upgradesOf } from '../upgrades.js'
import { html, type Markup, verbatim } from './markup.js'
import { driftPlot } from './plot.js'
import { script } from './script.js'
import { style } from './style.js'

const classes: Readonly<Record<Outcome, string>> = {
  'in-sync': 'good',
  changed: 'good',
  pending: 'wait',
  stale: 'wait',
  skipped: 'idle',
  unsettled: 'bad',
  'rolled-back': 'bad',
  failed: 'bad',
  unreachable: 'bad',
}

/** A host as its newest run left it, and how its earlier runs ended. */
interface Standing {
  readonly id: string
  readonly host: HostEntry
  readonly run: RunDocument
  readonly earlier: readonly { readonly run: RunDocument; readonly host: HostEntry }[]
}

/** The history as one HTML page that needs nothing else: the fleet, drift over time, upgrades, contested things, each host. */
export function pageOf(runs: readonly RunDocument[], now: Date): string {
  const fleet = standings(runs)
  const resources = [
    ...new Set(fleet.flatMap(({ host }) => [...host.resources, ...host.changes.map(({ resource }) => resource)])),
  ].toSorted()
  const body = html`<header><h1>holdfast report</h1><p class="soft">Made ${now.toISOString().slice(0, 16)}Z from ${plural(runs.length, 'run')}; each host as its newest run left it.</p></header>
<main>${tiles(fleet)}${filters(fleet)}${fleetTable(fleet, resources)}
<h2>Drift over time</h2>${driftPlot(runs)}
<h2>What upgrades dropped</h2>${upgradeTable(runs)}
<h2>What upgrades will drop</h2>${predictionTable(runs)}
<h2>Contested</h2>${contestedTable(runs)}
<h2>Hosts</h2>${fleet.map(hostPage)}</main>`
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<title>holdfast report</title><link rel="icon" href="data:,"><style>${verbatim(style)}</style></head>
<body>${body}<script>${verbatim(script)}</script></body></html>
`.html
}

function standings(runs: readonly RunDocument[]): readonly Standing[] {
  const all = new Map<string, { run: RunDocument; host: HostEntry }[]>()
  for (const run of runs)
    for (const host of run.hosts) {
      const before = all.get(host.host)
      if (before) before.push({ run, host })
      else all.set(host.host, [{ run, host }])
    }
  return [...all.values()].map((entries, at) => ({ id: `host-${at}`, ...entries.at(-1)!, earlier: entries.slice(-11, -1).toReversed() }))
}

const badge = (outcome: Outcome): Markup => html`<span class="badge ${classes[outcome]}">${outcome}</span>`

function tiles(fleet: readonly Standing[]): Markup {
  const counts = Object.keys(classes).flatMap((outcome) => {
    const count = fleet.filter(({ host }) => host.outcome === outcome).length
    return count > 0 ? [html`<li class="${classes[outcome as Outcome]}">${count} ${outcome}</li>`] : []
  })
  return html`<ul class="tiles" aria-label="Hosts by outcome"><li class="idle">${fleet.length} hosts</li>${counts}</ul>`
}

function filters(fleet: readonly Standing[]): Markup {
  const choice = (id: string, label: string, values: readonly string[]): Markup =>
    html`<label>${label}<select id="${id}"><option value="">any</option>${values.map((value) => html`<option>${value}</option>`)}</select></label>`
  const sorted = (values: readonly string[]): readonly string[] => [...new Set(values)].toSorted()
  return html`<h2>Fleet</h2><div class="filters" role="search"><label>Host<input id="search" type="search" autocomplete="off"></label>
${choice('group', 'Group', sorted(fleet.flatMap(({ host }) => host.groups)))}
${choice('outcome', 'Outcome', ['not as wanted', ...sorted(fleet.map(({ host }) => host.outcome))])}
${choice('cause', 'Cause', sorted(fleet.flatMap(({ host }) => host.changes.map(({ cause }) => cause))))}
<span id="shown" role="status"></span></div>`
}

/** What the filters look at. */
const dataOf = ({ host }: Standing): Markup =>
  html`data-host="${host.host}" data-groups="${host.groups.join(' ')}" data-outcome="${host.outcome}" data-causes="${[...new Set(host.changes.map(({ cause }) => cause))].join(' ')}"`

function fleetTable(fleet: readonly Standing[], resources: readonly string[]): Markup {
  const rows = fleet.map(
    (
      standing,
    ) => html`<tr ${dataOf(standing)}><th scope="row"><a href="#${standing.id}">${standing.host.host}</a></th><td>${badge(standing.host.outcome)}</td>${resources.map((resource) => cell(standing, resource))}<td>${standing.host.groups.join(', ')}</td><td>${standing.host.version ?? ''}</td><td>${standing.run.began.slice(0, 16)}Z</td></tr>
`,
  )
  return scroll(
    'Fleet',
    html`<thead><tr><th scope="col">Host</th><th scope="col">Outcome</th>${resources.map((name) => html`<th scope="col">${name}</th>`)}<th scope="col">Groups</th><th scope="col">Version</th><th scope="col">Newest run</th></tr></thead><tbody>${rows}</tbody>`,
  )
}

/** A table that scrolls by itself where the page is narrow; by the keyboard, too. */
const scroll = (label: string, table: Markup): Markup =>
  html`<div class="scroll" role="region" aria-label="${label}" tabindex="0"><table>${table}</table></div>`

function cell({ run, host: { outcome, changes, resources } }: Standing, resource: string): Markup {
  const own = changes.filter((change) => change.resource === resource)
  if (own.length > 0 && outcome === 'changed' && takesBack(run))
    return html`<td><span class="badge wait">taken back: ${layersOf(own)}</span></td>`
  if (!resources.includes(resource)) return html`<td class="soft">not asked for</td>`
  if (own.length === 0) {
    const known = ['in-sync', 'changed', 'pending'].includes(outcome)
    return html`<td><span class="badge ${known ? 'good' : 'idle'}">${known ? 'as wanted' : 'unknown'}</span></td>`
  }
  return html`<td><span class="badge ${classes[outcome]}">${outcome === 'changed' ? 'corrected' : 'differs'}: ${layersOf(own)}</span></td>`
}

/** A rollback says what a run had changed, nothing of what playbooks want. */
const takesBack = ({ command }: RunDocument): boolean => command === 'rollback'

const layersOf = (changes: readonly Change[]): string =>
  (['live', 'boot'] as const).map((layer) => `${layer} ${changes.filter((change) => change.layer === layer).length}`).join(', ')

function upgradeTable(runs: readonly RunDocument[]): Markup {
  const upgrades = upgradesOf(runs).toReversed()
  if (upgrades.length === 0) return html`<p>No upgrade is in the history.</p>`
  const rows = upgrades.map(
    ({ host, from, to, at, lost }) =>
      html`<tr><th scope="row">${host}</th><td>${from} → ${to}</td><td>${lost.length > 0 ? sayLost(lost).map((text) => html`<div>${text}</div>`) : 'nothing'}</td><td>${at.slice(0, 16)}Z</td></tr>`,
  )
  return scroll(
    'What upgrades dropped',
    html`<thead><tr><th scope="col">Host</th><th scope="col">Upgrade</th><th scope="col">Dropped</th><th scope="col">Found by the run of</th></tr></thead><tbody>${rows}</tbody>`,
  )
}

function predictionTable(runs: readonly RunDocument[]): Markup {
  const predictions = standingPredictions(runs)
  if (predictions.length === 0)
    return html`<p>Nothing is predicted: plan --predict-upgrade asks what hosts will lose that were not upgraded as others of their group were.</p>`
  const rows = predictions.map(
    ({ host, from, to, lost, asOn }) =>
      html`<tr><th scope="row">${host}</th><td>${from} → ${to}</td><td>${lost.length > 0 ? lost.map((text) => html`<div>${text}</div>`) : 'nothing that the playbooks name'}</td><td>${asOn.join(', ')}</td></tr>`,
  )
  return scroll(
    'What upgrades will drop',
    html`<thead><tr><th scope="col">Host</th><th scope="col">Upgrade</th><th scope="col">Will drop</th><th scope="col">As on</th></tr></thead><tbody>${rows}</tbody>`,
  )
}

function contestedTable(runs: readonly RunDocument[]): Markup {
  const newest = new Map<string, { readonly host: string; readonly change: Change; readonly at: string }>()
  for (const run of runs)
    for (const host of run.hosts)
      for (const change of host.changes)
        if (change.cause === 'contested') newest.set(JSON.stringify([host.host, change.at]), { host: host.host, change, at: run.began })
  if (newest.size === 0) return html`<p>Nothing is contested.</p>`
  const rows = [...newest.values()].map(
    ({ host, change, at }) =>
      html`<tr><th scope="row">${host}</th><td>${change.at}</td><td>${change.before ?? '(absent)'} instead of ${change.after ?? '(absent)'}</td><td>${change.note ?? ''}</td><td>${at.slice(0, 16)}Z</td></tr>`,
  )
  return scroll(
    'Contested',
    html`<thead><tr><th scope="col">Host</th><th scope="col">What</th><th scope="col">Held by the rival</th><th scope="col">Probable rival</th><th scope="col">Last seen</th></tr></thead><tbody>${rows}</tbody>`,
  )
}

function hostPage(standing: Standing): Markup {
  const { host, run, earlier, id } = standing
  return html`<details id="${id}" ${dataOf(standing)}><summary>${host.host} ${badge(host.outcome)} <span class="soft">${host.version ?? ''}</span></summary>
<p>Run ${run.run} (${run.command}${run.trigger ? `, ${run.trigger}` : ''}), ${run.began.slice(0, 19)}Z${run.ended === undefined ? ', not ended' : ''}.</p>
${host.reason !== undefined && html`<pre>${host.reason}</pre>`}${host.changes.map(changeBlock)}${(host.warnings ?? []).map((text) => html`<p>Note: ${text}</p>`)}
<h3>After a reboot</h3>${forecast(standing)}
${earlier.length > 0 && html`<h3>Earlier runs</h3><ul>${earlier.map((past) => html`<li>${past.run.began.slice(0, 16)}Z ${badge(past.host.outcome)} ${plural(past.host.changes.length, 'change')}</li>`)}</ul>`}</details>
`
}

const place = (text: string, at: number | undefined): string => (at === undefined ? text : `${at}: ${text}`)

function changeBlock({ resource, layer, at, before, after, from, to, cause, note }: Change): Markup {
  return html`<h3>${layer} ${resource} ${at} <span class="badge idle">${cause}</span></h3><pre>${before !== undefined && html`<del>${place(before, from)}</del>`}${after !== undefined && html`<ins>${place(after, to)}</ins>`}</pre>${note !== undefined && html`<p class="soft">${note}</p>`}`
}

/** What the host will hold after its next reboot, as far as its newest run knows. */
function forecast({ run, host: { outcome, changes, reason } }: Standing): Markup {
  const boot = changes.filter(({ layer }) => layer === 'boot')
  if (takesBack(run)) return html`<p>Unknown: a rollback does not ask what is wanted; plan does.</p>`
  if (outcome === 'in-sync' || outcome === 'changed') return html`<p>It will hold what is wanted.</p>`
  if (outcome !== 'pending' && outcome !== 'unsettled' && outcome !== 'rolled-back')
    return html`<p>Unknown: ${reason === undefined ? outcome : 'see above'}.</p>`
  if (boot.length === 0) return html`<p>It will hold what is wanted: a reboot alone would bring it there.</p>`
  return html`<ul>${boot.map(({ at, before, after }) => html`<li>${at}: ${before ?? 'not there'}, where ${after ?? 'nothing'} is wanted</li>`)}</ul>`
}
