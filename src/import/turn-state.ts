import { isBuiltin } from '../load/chain-name.js'
import type { Files } from '../load/files.js'
import { join } from '../load/files.js'
import { parseSave } from '../resources/iptables/ruleset.js'
import { joinShell, splitLine } from '../resources/iptables/tokens.js'
import { builtinChains } from '../resources/iptables/want.js'
import type { Env } from './fill.js'
import { refuse } from './left.js'
import type { ChainAt, Operation } from './operations.js'
import { type Fields, known } from './tasks.js'
import { truth } from './truth.js'

const parameters = new Set(['path', 'state', 'noflush', 'table', 'counters', 'ip_version', 'modprobe', 'wait'])

/** What a task of community.general.iptables_state does, whose file stands beside the playbook or was copied by a task before. */
export function turnState(
  args: Fields,
  env: Env,
  { folders, files, copied }: { readonly folders: readonly string[]; readonly files: Files; readonly copied: ReadonlyMap<string, string> },
): readonly Operation[] {
  for (const name of Object.keys(args)) if (!parameters.has(name)) refuse(`iptables_state has no parameter "${name}" here`, name)
  const path = known(args.path, env)
  const state = known(args.state, env)
  if (state === 'saved')
    return [{ do: 'note', text: `iptables_state saved ${String(path)}: what is held live is held after a reboot, too` }]
  if (state !== 'restored' || typeof path !== 'string') return refuse('iptables_state needs path: and state: restored')
  const text = copied.get(path) ?? beside(path, folders, files)
  if (text === undefined) return refuse(`${path} is a file of the host, and none of that name stands beside the playbook`, path)
  const family = known(args.ip_version ?? 'ipv4', env) === 'ipv6' ? 'ipv6' : 'ipv4'
  const table = args.table === undefined ? undefined : String(known(args.table, env))
  return operationsOf(text, path, family, table, truth(known(args.noflush ?? false, env)) === true)
}

/** A file of that name beside the playbook, as a `copy:` would have found it. */
function beside(path: string, folders: readonly string[], files: Files): string | undefined {
  const name = path.split('/').at(-1) ?? path
  const places = folders.flatMap((folder) => [join(folder, `files/${name}`), join(folder, name)])
  return places.map((place) => files.read(place)).find((text) => text !== undefined)
}

function operationsOf(
  text: string,
  path: string,
  family: 'ipv4' | 'ipv6',
  only: string | undefined,
  noflush: boolean,
): readonly Operation[] {
  const strange = text.split('\n').find((line) => !/^\s*(#.*|\*\w+|:\S+ \S+.*|(\[\d+:\d+\] )?-A \S+.*|COMMIT)?\s*$/.test(line))
  if (strange !== undefined) return refuse(`${path} holds a line that is none of iptables-save: ${JSON.stringify(strange)}`)
  const tables = [...parseSave(text)].filter(([name]) => only === undefined || name === only)
  if (tables.length === 0) return refuse(`${path} holds no rules${only === undefined ? '' : ` of the table ${only}`}`)
  return tables.flatMap(([table, chains]) => {
    if (!Object.hasOwn(builtinChains, table)) return refuse(`${path}: there is no table ${table}`)
    const at = (chain: string): ChainAt => ({ family, table, chain })
    const all = [...chains]
    const emptied = noflush ? [] : [{ do: 'flush', family, table } as const]
    const made = all.filter(([chain]) => !isBuiltin(chain, table))
    return [
      ...emptied,
      ...made.flatMap(([chain]): Operation[] => [
        { do: 'make', ...at(chain) },
        { do: 'flush', ...at(chain) },
      ]),
      ...all.flatMap(([chain, { policy }]): Operation[] => (policy === undefined ? [] : [{ do: 'policy', ...at(chain), policy }])),
      ...all.flatMap(([chain, { lines }]) =>
        lines.map((line): Operation => ({ do: 'put', ...at(chain), rule: joinShell(splitLine(line)), at: 'end' })),
      ),
    ]
  })
}
