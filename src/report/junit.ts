import type { HostEntry, RunDocument } from '../history/document.js'
import { escapeXml } from './escape.js'
import { sayChange } from './say.js'

/** A run as JUnit XML: one suite, one test case per host and resource; it fails where the host is not as wanted, and could not be made so. */
export function junitOf(run: RunDocument): string {
  const cases = run.hosts.flatMap((host) =>
    (host.resources.length > 0 ? host.resources : ['host']).map((resource) => caseOf(host, resource)),
  )
  const count = (kind: Verdict): number => cases.filter(({ verdict }) => verdict === kind).length
  const counts = `tests="${cases.length}" failures="${count('failure')}" errors="${count('error')}" skipped="${count('skipped')}"`
  const time = run.hosts.reduce((sum, host) => sum + (host.seconds ?? 0), 0).toFixed(3)
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="holdfast" tests="${cases.length}" failures="${count('failure')}" errors="${count('error')}" time="${time}">
  <testsuite name="${escapeXml(`holdfast ${run.command}`)}" id="0" ${counts} time="${time}" timestamp="${run.began.slice(0, 19)}" hostname="${escapeXml(run.by)}">
    <properties><property name="run" value="${escapeXml(run.run)}"/></properties>
${cases.map(({ text }) => text).join('')}  </testsuite>
</testsuites>
`
}

type Verdict = 'passed' | 'failure' | 'error' | 'skipped'

function caseOf(host: HostEntry, resource: string): { readonly verdict: Verdict; readonly text: string } {
  const changes = host.changes.filter((change) => change.resource === resource || resource === 'host')
  const verdict = verdictOf(host, changes.length)
  const body = [...(host.reason ? [host.reason] : []), ...changes.map(sayChange)].join('\n')
  const message = escapeXml(`${host.outcome}${host.reason ? `: ${host.reason.split('\n')[0]}` : ''}`)
  const head = `    <testcase name="${escapeXml(resource)}" classname="${escapeXml(host.host)}" time="${(host.seconds ?? 0).toFixed(3)}"`
  const inside = {
    passed: changes.length > 0 ? `<system-out>${escapeXml(body)}</system-out>` : '',
    failure: `<failure message="${message}" type="${host.outcome}">${escapeXml(body)}</failure>`,
    error: `<error message="${message}" type="${host.outcome}">${escapeXml(body)}</error>`,
    skipped: `<skipped message="${message}"/>`,
  }[verdict]
  return { verdict, text: inside === '' ? `${head}/>\n` : `${head}>${inside}</testcase>\n` }
}

/** A difference that is pending fails: drift is what such a test is for. Of a host that ended well, each resource passes. */
function verdictOf({ outcome }: HostEntry, changes: number): Verdict {
  if (outcome === 'skipped') return 'skipped'
  if (outcome === 'in-sync' || outcome === 'changed') return 'passed'
  if (outcome === 'pending' || outcome === 'unsettled') return changes > 0 ? 'failure' : 'passed'
  return 'error'
}
