import { familyOfAddress } from './addresses.js'
import type { Host, Inventory } from './inventory.js'
import type { Names } from './rule.js'
import { render, type Scope, textOf } from './template.js'
import type { Vars } from './vars.js'

/** Values that win over a host's own variables: those of a play, then those of the command line. */
export interface Overrides {
  readonly play: Readonly<Record<string, unknown>>
  readonly extra: Readonly<Record<string, unknown>>
}

export const noOverrides: Overrides = { play: {}, extra: {} }

/** What templates may name on one host: extra variables, the play's, the host's, and what the inventory knows. */
export function scopeOf(host: Host, inventory: Inventory, overrides: Overrides, names: Names): Scope {
  const known: Readonly<Record<string, unknown>> = {
    inventory_hostname: host.name,
    inventory_hostname_short: host.name.split('.')[0],
    group_names: host.groups.length > 0 ? host.groups : ['ungrouped'],
    groups: (name: string) => groupNamed(name, inventory, overrides.extra, names),
  }
  return {
    get: (name) => {
      const layer = [known, overrides.extra, overrides.play].find((each) => Object.hasOwn(each, name))
      return layer ? (layer[name] ?? null) : valueIn(host.vars, name)
    },
    names: () => [...Object.keys(known), ...Object.keys(overrides.extra), ...Object.keys(overrides.play), ...host.vars.keys()],
  }
}

function valueIn(vars: Vars, name: string): unknown {
  const variable = vars.get(name)
  return variable === undefined ? undefined : (variable.value ?? null)
}

/** `groups.NAME`: a function again, whose `addresses` is the list. */
function groupNamed(name: string, inventory: Inventory, extra: Overrides['extra'], names: Names): unknown {
  const members = inventory.groups.get(name)
  if (!members) return failure(`no group is called ${JSON.stringify(name)}`)
  return (what: string) => {
    if (what !== 'addresses') return failure(`a group has "addresses" only: write {{ groups.${name}.addresses }}`)
    const found = members.map((member) => addressesOf(member, inventory, extra, names))
    const wrong = found.find((each) => 'wrong' in each)
    return wrong && 'wrong' in wrong
      ? failure(wrong.wrong)
      : [...new Set(found.flatMap((each) => ('addresses' in each ? each.addresses : [])))]
  }
}

function failure(message: string): unknown {
  return { failure: { message, needle: '' } }
}

/** What a host sends from: its holdfast_addresses, else ansible_host if that is an address, else what its name resolves to on the controller. */
export function addressesOf(
  member: string,
  inventory: Inventory,
  extra: Overrides['extra'],
  names: Names,
): { readonly addresses: readonly string[] } | { readonly wrong: string } {
  const host = inventory.hosts.get(member)
  if (!host) return { addresses: [] }
  const scope = scopeOf(host, inventory, { play: {}, extra }, names)
  const written = valueIn(host.vars, 'holdfast_addresses')
  if (written !== undefined && written !== null) {
    const listed = listOf(render(written, scope))
    return listed ? { addresses: listed } : { wrong: `holdfast_addresses of ${member} cannot be read` }
  }
  const address = render(host.vars.get('ansible_host')?.value ?? host.vars.get('ansible_ssh_host')?.value ?? member, scope)
  const name = 'value' in address ? textOf(address.value) : undefined
  if (name === undefined || name === '') return { wrong: `ansible_host of ${member} cannot be read` }
  if (familyOfAddress(name)) return { addresses: [name] }
  const found = names(name)
  if (found === null)
    return { wrong: `${member} has no address: ${name} could not be looked up (write holdfast_addresses or ansible_host for it)` }
  return { addresses: found ?? [] }
}

function listOf(rendered: ReturnType<typeof render>): readonly string[] | undefined {
  if ('wrong' in rendered) return undefined
  const text = textOf(rendered.value)
  return text
    ?.split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
}
