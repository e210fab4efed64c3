import type { HostEntry, RunDocument } from '../history/document.js'
import { plural, printable } from '../text.js'
import { sayLost, standingPredictions, upgradesOf } from './upgrades.js'

/** A run for a change ticket: what it is, the hosts, then per host a table of what changes, and what an upgrade dropped. GitHub's Markdown. */
export function markdownOf(run: RunDocument): string {
  const summary = Object.entries(run.summary).map(([outcome, count]) => `${count} ${outcome}`)
  const title = titles[run.command] ?? 'Changes'
  return `${[
    `# ${title}: run ${text(run.run)}`,
    '',
    `- began ${run.began}${run.ended === undefined ? ', not ended' : `, ended ${run.ended}`}, by ${text(run.by)}`,
    `- playbooks: ${run.playbooks.map(code).join(', ') || 'none'}`,
    `- ${plural(run.hosts.length, 'host')}: ${summary.join(', ')}`,
    '',
    ...table(
      ['host', 'outcome', 'version', 'live', 'boot', 'reason'],
      run.hosts.map((host) => [
        text(host.host),
        host.outcome,
        text(host.version ?? ''),
        count(host, 'live'),
        count(host, 'boot'),
        text(host.reason ?? ''),
      ]),
    ),
    ...dropped(run),
    ...foretold(run),
    ...run.hosts.flatMap(hostOf),
  ].join('\n')}\n`
}

const titles: Readonly<Record<string, string>> = { plan: 'Planned changes', rollback: 'Changes taken back' }

const count = ({ changes }: HostEntry, layer: string): string => String(changes.filter((change) => change.layer === layer).length)

function dropped(run: RunDocument): readonly string[] {
  const upgrades = upgradesOf([run]).filter(({ lost }) => lost.length > 0)
  if (upgrades.length === 0) return []
  const rows = upgrades.map(({ host, from, to, lost }) => [text(host), `${text(from)} → ${text(to)}`, sayLost(lost).map(code).join('<br>')])
  return ['', '## What upgrades dropped', '', ...table(['host', 'upgrade', 'dropped'], rows)]
}

function foretold(run: RunDocument): readonly string[] {
  const predictions = standingPredictions([run])
  if (predictions.length === 0) return []
  const rows = predictions.map(({ host, from, to, lost, asOn }) => [
    text(host),
    `${text(from)} → ${text(to)}`,
    lost.length > 0 ? lost.map(code).join('<br>') : 'nothing that the playbooks name',
    asOn.map(text).join(', '),
  ])
  return ['', '## What upgrades will drop', '', ...table(['host', 'upgrade', 'will drop', 'as on'], rows)]
}

function hostOf({ host, changes, warnings }: HostEntry): readonly string[] {
  if (changes.length === 0 && !warnings?.length) return []
  const rows = changes.map(({ resource, layer, at, before, after, from, to, cause, note }) => [
    layer,
    code(`${resource} ${at}`),
    before === undefined ? 'absent' : code(from === undefined ? before : `${from}: ${before}`),
    after === undefined ? 'absent' : code(to === undefined ? after : `${to}: ${after}`),
    cause,
    text(note ?? ''),
  ])
  const notes = (warnings ?? []).map((warning) => `- ${text(warning)}`)
  return [
    '',
    `## ${text(host)}`,
    '',
    ...(rows.length > 0 ? table(['layer', 'what', 'before', 'after', 'cause', 'note'], rows) : []),
    ...(notes.length > 0 ? ['', ...notes] : []),
  ]
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)

/** Text in which nothing is markup, on one line. */
const text = (words: string): string =>
  printable(words).replace(/[\\`*_{}[\]<>()#+!|~&@-]/g, (mark) => (/[<>&]/.test(mark) ? `&#${mark.charCodeAt(0)};` : `\\${mark}`))

/** Text as code in a table's cell: longer fence than any within, and `|` by its number only outside of code, so it is escaped. */
function code(words: string): string {
  const shown = printable(words).replaceAll('|', '\\|')
  const fence = '`'.repeat(Math.max(0, ...(shown.match(/`+/g) ?? []).map((run) => run.length)) + 1)
  return shown === '' ? '' : `${fence}${fence.length > 1 || shown.startsWith('`') ? ' ' : ''}${shown}${fence.length > 1 ? ' ' : ''}${fence}`
}
