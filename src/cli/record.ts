import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import type { RunHead } from '../history/document.js'
import { type Recording, startRecording } from '../history/history.js'
import { secretsIn } from '../load/access.js'
import type { LoadedHost } from '../load/load.js'
import { resources } from '../resources/index.js'
import type { HostWant } from '../types.js'
import { inventoriesOf } from './files.js'
import type { FleetOptions, Options } from './options.js'
import { userName } from './user.js'

/** The state folder: --state, or .holdfast beside the first inventory, or here where there is none but a history. */
export function stateOf({ state, inventory }: Pick<FleetOptions, 'inventory' | 'state'>): string {
  if (state !== undefined) return state
  if (inventory === undefined && !existsSync('inventory.yaml') && existsSync('.holdfast')) return '.holdfast'
  return join(dirname(inventoriesOf({ ...(inventory && { inventory }) })[0] ?? '.'), '.holdfast')
}

/** Begins to write a run into the history. */
export function recordRun(
  head: Pick<RunHead, 'run' | 'command' | 'trigger' | 'playbooks' | 'began' | 'shard'>,
  hosts: readonly LoadedHost[],
  options: FleetOptions,
  say: (text: string) => void,
): Recording {
  const attendees = hosts.map(({ target, want, groups }) => ({ host: target.host, groups, resources: asked(want) }))
  return startRecording({ format: 1, ...head, by: `${userName()}@${hostname()}` }, attendees, {
    state: stateOf(options),
    keep: { runs: options.keepRuns, days: options.keepDays },
    secrets: secretsOf(hosts, options),
    say,
  })
}

/** The resources of which something is wanted. */
const asked = ({ resources: wanted }: HostWant): readonly string[] =>
  resources.filter(({ name, items }) => wanted[name] !== undefined && items(wanted[name] as never).length > 0).map(({ name }) => name)

/** What must stand in no file and no notice: passwords, and what -e gives to a name that says it is secret. */
export function secretsOf(hosts: readonly LoadedHost[], { extraVars }: Pick<Options, 'extraVars'>): readonly string[] {
  const given = Object.entries(extraVars).flatMap(([name, value]) => (/pass|secret|token|key/i.test(name) ? [value] : []))
  return [...new Set([...hosts.flatMap(({ target }) => secretsIn(target)), ...given])]
}
