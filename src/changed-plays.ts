import { idOf } from './plan.js'
import { resources } from './resources/index.js'
import type { IptablesWant } from './resources/iptables/want.js'
import type { Change, HostRecord, HostWant, Origin } from './types.js'

/**
 * The plays that something was changed for, in either layer, as `playOf` names them: those that want a changed thing, those that want it
 * absent, and those that wanted it in the run before (`record`) and do no more.
 */
export function changedPlays(want: HostWant, changes: readonly Change[], record?: HostRecord): ReadonlySet<string> {
  const wanted = new Map<string, readonly Origin[]>()
  for (const resource of resources)
    for (const { id, playbook, play } of want.resources[resource.name] === undefined
      ? []
      : resource.items(want.resources[resource.name] as never))
      if (play !== undefined) wanted.set(`${resource.name} ${id}`, [...(wanted.get(`${resource.name} ${id}`) ?? []), { playbook, play }])
  const { absent = [] } = (want.resources.iptables as IptablesWant | undefined) ?? {}
  return new Set(
    changes.flatMap((change) => {
      const id = idOf(change)
      const gone = absent.filter((rule) => change.resource === 'iptables' && change.at === whereAbsent(rule))
      const origins = [...(wanted.get(`${change.resource} ${id}`) ?? []), ...gone.map(({ origin }) => origin)]
      const before = record?.items[change.resource]?.[id]
      if (origins.length > 0) return origins.map(playOf)
      return before?.play === undefined ? [] : [playOf({ playbook: before.playbook, play: before.play })]
    }),
  )
}

/** A play's name is its own within its playbook. */
export const playOf = ({ playbook, play }: Origin): string => JSON.stringify([playbook, play])

const whereAbsent = ({ family, table, chain, id }: IptablesWant['absent'][number]): string =>
  `${family} ${table} ${chain} ${id ?? 'absent'}`
