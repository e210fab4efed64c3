import type { HostEntry, RunDocument } from '../../src/history/document.js'
import { countOutcomes } from '../../src/shown.js'
import type { Cause, Change, Outcome } from '../../src/types.js'

const change = (cause: Cause, at = 'net.ipv4.tcp_rfc1337'): readonly Change[] => [
  {
    resource: 'sysctl',
    layer: 'live',
    at,
    before: '1',
    after: '0',
    cause,
    ...(cause === 'contested' && { note: 'contested: the rival may be /etc/cron.d/x:1 (sysctl -w)' }),
  },
  { resource: 'iptables', layer: 'boot', at: 'ipv4 filter INPUT proxy', after: '-p tcp -j ACCEPT', to: 3, cause },
]

/** Text of a host that wants to be more than text. */
export const hostile = '</pre><script>document.title = "taken"</script>"><img src=x onerror="document.title=1"> & \u202egnp \u001b[31m ]]>'

const upgrade = { from: '6.5 SP3 build 3279', to: '6.5 SP3 build 3312' }

const outcomes: readonly Outcome[] = [
  'in-sync',
  'in-sync',
  'changed',
  'pending',
  'failed',
  'unreachable',
  'rolled-back',
  'unsettled',
  'stale',
  'skipped',
]

/** A history of `count` hosts over 40 runs in which all kinds of things happened. */
export function makeHistory(count: number): readonly RunDocument[] {
  return Array.from({ length: 40 }, (_, at) => {
    const began = new Date(Date.UTC(2026, 0, 1 + at, 2)).toISOString()
    const hosts = Array.from({ length: count }, (_, host) => entry(host, at))
    return {
      format: 1,
      run: `run-${String(at).padStart(2, '0')}`,
      command: 'apply',
      began,
      ended: began,
      by: 'kim@jump1',
      playbooks: ['playbooks/a.yaml'],
      hosts,
      summary: countOutcomes(hosts),
    }
  })
}

function entry(host: number, run: number): HostEntry {
  const outcome = run === 39 ? outcomes[host % outcomes.length]! : (host + run) % 7 === 0 ? 'changed' : 'in-sync'
  const cause: Cause = run === 39 && host % 5 === 2 ? 'contested' : 'drift'
  const upgraded = run === 20 && host % 4 === 1
  const has = upgraded || ['changed', 'pending', 'unsettled', 'rolled-back'].includes(outcome)
  const reason = ['failed', 'unreachable', 'rolled-back'].includes(outcome) ? hostile : undefined
  return {
    host: host === 1 ? `host-1${hostile}` : `host-${host}`,
    outcome: upgraded ? 'changed' : outcome,
    groups: [`group${host % 3}`],
    resources: ['iptables', 'sysctl'],
    changes: has ? change(upgraded ? 'upgrade' : cause, host === 3 ? hostile : undefined) : [],
    version: upgraded || run > 20 ? '6.5 SP3 build 3279' : '6.5 SP2 build 1548',
    ...(upgraded && { previousVersion: '6.5 SP2 build 1548' }),
    ...(reason !== undefined && { reason }),
    ...(host === 2 && { warnings: [hostile] }),
    ...(run === 39 && host % 4 === 2 && { predictions: [{ ...upgrade, lost: host === 2 ? [hostile] : [], asOn: ['host-9', hostile] }] }),
  }
}
