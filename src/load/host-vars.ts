import type { Problem } from '../types.js'
import { readElement } from './addresses.js'
import type { Host } from './inventory.js'
import { didYouMean } from './nearest.js'
import { render, type Scope, textOf } from './template.js'

const known = [
  'holdfast_profile',
  'holdfast_addresses',
  'holdfast_paths',
  'holdfast_must_reach',
  'holdfast_must_not_reach',
  'holdfast_change_windows',
]

/** Tells what is wrong with the holdfast_* variables of a host: unknown names, and addresses that are none. */
export function hostVariables(host: Host, scope: Scope, tell: (problem: Problem) => void): void {
  for (const [name, { document, path }] of host.vars) {
    if (name.startsWith('holdfast_') && !known.includes(name))
      tell(document.problem(path, `unknown variable "${name}"${didYouMean(name, known)}`, { at: 'key' }))
  }
  const addresses = host.vars.get('holdfast_addresses')
  if (!addresses || addresses.value === null) return
  const rendered = render(addresses.value, scope)
  const wrong = 'wrong' in rendered ? rendered.wrong.message : addressesWrong(rendered.value)
  if (wrong !== undefined) tell(addresses.document.problem(addresses.path, wrong))
}

function addressesWrong(value: unknown): string | undefined {
  const text = typeof value === 'number' ? undefined : textOf(value)
  if (text === undefined) return 'must be an address or a list of addresses'
  const bad = text
    .split(',')
    .map((each) => each.trim())
    .find((each) => each !== '' && !('family' in readElement(each)))
  return bad === undefined ? undefined : `${JSON.stringify(bad)} is not an address`
}
