import type { HostEntry, RunDocument } from '../history/document.js'
import type { Prediction } from '../shown.js'
import type { Change, HostReport } from '../types.js'

/** What an upgrade of one host dropped, as the first run after it found. */
export interface Upgrade {
  readonly host: string
  readonly groups: readonly string[]
  readonly from: string
  readonly to: string
  readonly run: string
  /** ISO time of that run. */
  readonly at: string
  readonly lost: readonly Change[]
}

/** The upgrades that the history saw, oldest first, each once: by the first run that met the new version. */
export function upgradesOf(runs: readonly RunDocument[]): readonly Upgrade[] {
  const seen = new Set<string>()
  return runs.flatMap((run) =>
    run.hosts.flatMap((host) => {
      const upgrade = upgradeOf(run, host)
      const name = JSON.stringify([host.host, host.previousVersion, host.version])
      if (!upgrade || seen.has(name)) return []
      seen.add(name)
      return [upgrade]
    }),
  )
}

function upgradeOf(run: RunDocument, { host, groups, previousVersion, version, changes }: HostEntry): Upgrade | undefined {
  if (previousVersion === undefined || version === undefined || previousVersion === version) return undefined
  const lost = changes.filter((change) => change.cause === 'upgrade')
  return { host, groups, from: previousVersion, to: version, run: run.run, at: run.began, lost }
}

/** Lost things in the words of a report: `sysctl net.ipv4.tcp_rfc1337 (live, boot)`. */
export function sayLost(changes: readonly Change[]): readonly string[] {
  const names = [...new Set(changes.map(({ resource, at }) => `${resource} ${at}`))]
  return names.map((name) => {
    const layers = new Set(changes.filter(({ resource, at }) => `${resource} ${at}` === name).map(({ layer }) => layer))
    return `${name} (${[...layers].join(', ')})`
  })
}

/** What a host will lose when it is upgraded as its peers were: by each upgrade that it has not had; `wants` tells what it is to hold. */
export function predictUpgrade(
  { host, version }: Pick<HostReport, 'host' | 'version'>,
  groups: readonly string[],
  upgrades: readonly Upgrade[],
  wants: (change: Change) => boolean,
): readonly Prediction[] {
  if (version === undefined) return []
  const ways = upgrades.filter((upgrade) => upgrade.host !== host && upgrade.from === version && sharesGroup(upgrade, groups))
  const had = new Set(upgrades.filter((upgrade) => upgrade.host === host).map(({ to }) => to))
  return [...new Set(ways.map(({ to }) => to))].flatMap((to) => {
    if (had.has(to)) return []
    const peers = ways.filter((upgrade) => upgrade.to === to)
    const lost = sayLost(peers.flatMap((upgrade) => upgrade.lost).filter(wants))
    return [{ from: version, to, lost, asOn: [...new Set(peers.map((upgrade) => upgrade.host))] }]
  })
}

const sharesGroup = (upgrade: Upgrade, groups: readonly string[]): boolean => upgrade.groups.some((group) => groups.includes(group))

/** A prediction as one sentence. */
export function sayPrediction({ from, to, lost, asOn }: Prediction): string {
  const what = lost.length > 0 ? `will drop ${lost.join('; ')}` : 'will drop nothing that the playbooks name'
  return `predicted: the upgrade ${from} -> ${to} ${what}; as on ${asOn.join(', ')}`
}

/** What the history last predicted of each host, as far as the host has not moved on since: in the order of their first run. */
export function standingPredictions(runs: readonly RunDocument[]): readonly (Prediction & { readonly host: string })[] {
  const newest = new Map<string, { readonly version?: string; readonly predictions?: readonly Prediction[] }>()
  for (const { host, version, predictions } of runs.flatMap((run) => run.hosts)) {
    const before = newest.get(host)
    const [now, told] = [version ?? before?.version, predictions ?? before?.predictions]
    newest.set(host, { ...(now !== undefined && { version: now }), ...(told && { predictions: told }) })
  }
  return [...newest].flatMap(([host, { version, predictions = [] }]) =>
    predictions.filter(({ from }) => from === version).map((prediction) => ({ host, ...prediction })),
  )
}
