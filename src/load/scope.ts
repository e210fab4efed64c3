import type { GroupAddresses } from './group-addresses.js'
import type { Host, Inventory } from './inventory.js'
import type { Failure, Scope } from './template.js'
import type { Vars } from './vars.js'

/** What is the same for the templates of all hosts: the inventory, and the variables of the command line, which win over all others. */
export interface World {
  readonly inventory: Inventory
  readonly extraVars: Readonly<Record<string, unknown>>
  readonly addresses: GroupAddresses
}

/** What templates may name on one host: extra variables, the play's, the host's, and what the inventory knows. */
export function scopeOf(host: Host, world: World, playVars: Readonly<Record<string, unknown>> = {}): Scope {
  const known: Readonly<Record<string, unknown>> = {
    inventory_hostname: host.name,
    inventory_hostname_short: host.name.split('.')[0],
    group_names: host.groups.length > 0 ? host.groups : ['ungrouped'],
    groups: (name: string) => groupNamed(name, world),
  }
  const layers = [known, world.extraVars, playVars]
  return {
    get: (name) => {
      const layer = layers.find((each) => Object.hasOwn(each, name))
      return layer ? (layer[name] ?? null) : valueIn(host.vars, name)
    },
    names: () => [...layers.flatMap(Object.keys), ...host.vars.keys()],
  }
}

function valueIn(vars: Vars, name: string): unknown {
  const variable = vars.get(name)
  return variable === undefined ? undefined : (variable.value ?? null)
}

/** `groups.NAME`: a function again, whose `addresses` is the list. */
function groupNamed(name: string, { inventory, addresses }: World): unknown {
  if (!inventory.groups.has(name)) return failure(`no group is called ${JSON.stringify(name)}`)
  return (what: string) =>
    what === 'addresses' ? addresses(name) : failure(`a group has "addresses" only: write {{ groups.${name}.addresses }}`)
}

function failure(message: string): Failure {
  return { failure: message }
}
