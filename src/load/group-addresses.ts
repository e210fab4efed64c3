import { familyOfAddress } from './addresses.js'
import type { Host, Inventory } from './inventory.js'
import type { Names } from './rule.js'
import { scopeOf } from './scope.js'
import { type Failure, render, textOf } from './template.js'

/** The addresses of a group's hosts, in the inventory's order, each once. */
export type GroupAddresses = (group: string) => readonly string[] | Failure

/** Works a group's addresses out once and remembers them. */
export function groupAddresses(inventory: Inventory, extraVars: Readonly<Record<string, unknown>>, names: Names): GroupAddresses {
  const known = new Map<string, readonly string[] | Failure>()
  const addresses: GroupAddresses = (group) => {
    const before = known.get(group)
    if (before) return before
    // A host's address that names its own group's addresses would go round for ever.
    known.set(group, { failure: `the addresses of the group "${group}" stand inside themselves` })
    const found = membersOf(group, inventory).map((host) => addressesOf(host, { inventory, extraVars, addresses }, names))
    const wrong = found.find((each): each is Failure => 'failure' in each)
    const result = wrong ?? [...new Set(found.flatMap((each) => ('failure' in each ? [] : each)))]
    known.set(group, result)
    return result
  }
  return addresses
}

function membersOf(group: string, inventory: Inventory): readonly Host[] {
  return (inventory.groups.get(group) ?? []).flatMap((name) => inventory.hosts.get(name) ?? [])
}

/** What a host sends from: its holdfast_addresses, else ansible_host if that is an address, else what the name resolves to on the controller. */
function addressesOf(host: Host, world: Parameters<typeof scopeOf>[1], names: Names): readonly string[] | Failure {
  const scope = scopeOf(host, world)
  const read = (name: string): string | undefined | Failure => {
    const value = scope.get(name)
    if (value === undefined || value === null) return undefined
    const rendered = render(value, scope)
    const text = 'wrong' in rendered ? undefined : textOf(rendered.value)
    return text ?? { failure: `${name} of ${host.name} cannot be read${'wrong' in rendered ? `: ${rendered.wrong.message}` : ''}` }
  }
  const written = read('holdfast_addresses')
  if (typeof written === 'string')
    return written
      .split(',')
      .map((each) => each.trim())
      .filter((each) => each !== '')
  const name = written ?? read('ansible_ssh_host') ?? read('ansible_host') ?? host.name
  if (typeof name !== 'string') return name
  if (familyOfAddress(name)) return [name]
  const found = names(name)
  if (found === null)
    return { failure: `${host.name} has no address: ${name} could not be looked up (write holdfast_addresses or ansible_host for it)` }
  return found ?? []
}
