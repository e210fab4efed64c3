import { quote } from '../quote.js'
import { iptablesResource } from '../resources/iptables/index.js'
import { factsScript } from '../script/facts.js'
import { rememberedLook } from '../script/remembered.js'
import type { HostWant } from '../types.js'
import { type HostRun, runsScript } from './runs.js'

/** The body of a look at the runs that a host keeps. */
export const listBody = (): string => rememberedLook([factsScript(undefined), runsScript])

/** The body of a look at all that a run changed, as it is now. It changes nothing on the host. */
export function rollbackBody({ effects }: HostRun, want: HostWant): string {
  const values = effects.flatMap((effect) => (effect.kind === 'value' && effect.noUndo !== 'write-only' ? [effect.path] : []))
  const files = effects.flatMap((effect) => (effect.kind === 'file' ? [effect.path] : []))
  const rules = effects.some((effect) => effect.kind === 'chain')
  return rememberedLook([
    factsScript(undefined),
    runsScript,
    ...values.map((path) => `if [ -r ${quote(path)} ]; then hf_s now ${quote(path)}; cat ${quote(path)}; fi`),
    ...(files.length === 0 ? [] : [`hf_f ${files.map(quote).join(' ')}`]),
    ...(rules ? [iptablesResource.probe({ rules: [], absent: [], chains: [] }, want)] : []),
  ])
}
