import type { Resource } from '../resources/resource.js'
import type { HostWant } from '../types.js'
import { factsScript } from './facts.js'
import { asFunction, prelude } from './prelude.js'

/** The body of a look for what is wanted, for a script of its own or for the end of settle. It changes nothing on the host. */
export function lookBody(want: HostWant, resources: readonly Resource<never>[]): string {
  const probes = resources
    .filter((resource) => want.resources[resource.name] !== undefined)
    .map((resource) => resource.probe(want.resources[resource.name] as never, want))
  return [factsScript(want.profile), ...probes].join('\n')
}

/** The first trip: one exec that brings back everything a plan is made of. */
export function lookScript(body: string, mark: string): string {
  return asFunction([prelude(mark), body, 'hf_s end'].join('\n'))
}
