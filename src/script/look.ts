import type { Resource } from '../resources/resource.js'
import type { HostWant } from '../types.js'
import { factsScript, stateDir } from './facts.js'
import { lockLibrary } from './lock.js'
import { asFunction, prelude } from './prelude.js'
import { type Remembering, rememberedLook } from './remembered.js'

/** The body of a look for what is wanted, for a script of its own or for the end of settle. It changes nothing on the host, unless `hf_store` tells it to remember. */
export function lookBody(want: HostWant, resources: readonly Resource<never>[]): string {
  const probes = resources
    .filter((resource) => want.resources[resource.name] !== undefined)
    .map((resource) => resource.probe(want.resources[resource.name] as never, want))
  return rememberedLook([factsScript(want.profile), ...probes])
}

/** The first trip: one exec that brings back everything a plan is made of. */
export function lookScript(body: string, mark: string, remembering?: Remembering): string {
  return asFunction([prelude(mark), lockLibrary, armed, `hf_store=${remembering ?? ''}`, body, 'hf_s end'].join('\n'))
}

/** A run that is not confirmed: `armed alive` or `armed dead`, with its owner's line; `staged`: what a run that a restart ended left behind. */
const armed = `if [ -e "$hf_lock/armed" ]; then
  if hf_dead; then hf_s armed dead; else hf_s armed alive; fi
  printf '%s\\n' "$hf_o"
fi
[ ! -s ${stateDir}/staged ] || hf_s staged`
