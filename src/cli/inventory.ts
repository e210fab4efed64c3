import type { Document } from '../load/document.js'
import { type Inventory, readInventory } from '../load/inventory.js'
import { graphOf, listOf, sortedJson } from '../load/inventory-show.js'
import { didYouMean } from '../load/nearest.js'
import { problemsJson, problemsText } from '../report/problems.js'
import { printable } from '../text.js'
import type { Console } from './console.js'
import { disk, inventoriesOf } from './files.js'
import { Mistake, type Options } from './options.js'

export interface InventoryOptions extends Pick<Options, 'inventory' | 'extraVars' | 'json'> {
  readonly list?: boolean
  /** The group to begin with, or true for all. */
  readonly graph?: string | true
  readonly host?: string
}

/** `holdfast inventory`: what `ansible-inventory` prints of the same files, with the group_vars/ and host_vars/ of the current folder, too, as it does. */
export function showInventory(options: InventoryOptions, { out, err }: Console): number {
  const { list, graph, host } = options
  if ([list, graph, host].filter((said) => said !== undefined && said !== false).length !== 1)
    throw new Mistake('say one of --list, --graph or --host NAME')
  const { inventory, problems } = readInventory(inventoriesOf(options), disk, ['.'])
  if (problems.length > 0) {
    err.write(problemsText(problems, err.style))
    if (options.json) out.write(problemsJson(problems))
    return 1
  }
  out.write(textOf(inventory, options))
  return 0
}

function textOf(inventory: Inventory, { list, graph, host, extraVars }: InventoryOptions): string {
  const varsOf = (name: string): Readonly<Record<string, unknown>> => ({ ...plain(inventory.hosts.get(name)?.vars), ...extraVars })
  if (list) return sortedJson(listOf(inventory, varsOf))
  if (host !== undefined) {
    if (!inventory.hosts.has(host)) throw new Mistake(`no host is called ${host}${near(host, inventory.hosts)}`)
    return sortedJson(varsOf(host))
  }
  const drawn = graphOf(inventory, graph === true ? 'all' : graph)
  if (drawn === undefined) throw new Mistake(`no group is called ${graph}${near(String(graph), inventory.groups)}`)
  return printable(drawn, { newlines: true })
}

const near = (name: string, known: ReadonlyMap<string, unknown>): string =>
  didYouMean(name, known.keys()) || ': holdfast inventory --graph shows those there are'

const plain = (vars: ReadonlyMap<string, { readonly value: unknown; readonly document: Document }> = new Map()): Record<string, unknown> =>
  Object.fromEntries([...vars].map(([name, { value }]) => [name, value]))
