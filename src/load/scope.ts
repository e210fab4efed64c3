import type { GroupAddresses } from './group-addresses.js'
import { hole, unsaid } from './hole.js'
import type { Host, Inventory } from './inventory.js'
import type { Failure, Scope } from './template.js'
import type { Vars } from './vars.js'

/** What is the same for the templates of all hosts: the inventory, and the variables of the command line, which win over all others. */
export interface World {
  readonly inventory: Inventory
  readonly extraVars: Readonly<Record<string, unknown>>
  readonly addresses: GroupAddresses
}

/** Whose templates are filled in: `lenient` = names that are not known may be lost, `nobody` = what only a host has is not known. */
export interface Beholder {
  readonly lenient: boolean
  readonly nobody: boolean
}

const anyone: Beholder = { lenient: false, nobody: false }

/** What templates may name on one host: extra variables, the play's, the host's, and what the inventory knows. */
export function scopeOf(
  host: Host,
  world: World,
  playVars: Readonly<Record<string, unknown>> = {},
  { lenient, nobody }: Beholder = anyone,
): Scope {
  const known: Readonly<Record<string, unknown>> = {
    inventory_hostname: nobody ? hole : host.name,
    inventory_hostname_short: nobody ? hole : host.name.split('.')[0],
    group_names: nobody ? hole : host.groups.length > 0 ? host.groups : ['ungrouped'],
    groups: (name: string) => groupNamed(name, world, nobody),
  }
  const layers = [known, world.extraVars, playVars]
  return {
    get: (name) => {
      const layer = layers.find((each) => Object.hasOwn(each, name))
      const value = layer ? (layer[name] ?? null) : valueIn(host.vars, name)
      return value === undefined && (lenient || nobody || world.inventory.mayHide(name)) ? hole : value
    },
    names: () => [...layers.flatMap(Object.keys), ...host.vars.keys()],
  }
}

function valueIn(vars: Vars, name: string): unknown {
  const variable = vars.get(name)
  return variable === undefined ? undefined : (variable.value ?? null)
}

/** `groups.NAME`: a function again, whose `addresses` is the list. */
function groupNamed(name: string, { inventory, addresses }: World, nobody: boolean): unknown {
  if (!inventory.groups.has(name) && inventory.mayHide(name)) return failure(unsaid)
  if (!inventory.groups.has(name)) return failure(`no group is called ${JSON.stringify(name)}`)
  return (what: string) =>
    what === 'addresses'
      ? ofSome(addresses(name), nobody || inventory.mayHide(name))
      : failure(`a group has "addresses" only: write {{ groups.${name}.addresses }}`)
}

/** Addresses that may be there later are not missed now. */
function ofSome(found: readonly string[] | Failure, later: boolean): readonly string[] | Failure {
  return later && Array.isArray(found) && found.length === 0 ? failure(unsaid) : found
}

function failure(message: string): Failure {
  return { failure: message }
}
