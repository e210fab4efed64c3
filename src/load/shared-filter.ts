import type { IptablesWant } from '../resources/iptables/want.js'
import type { Profile } from '../types.js'
import type { Bench } from './bench.js'
import { isJson, type KnownTexts, keptValue } from './known-text.js'
import { readChains } from './want-chains.js'
import { mergeFilter } from './want-filter.js'
import { readRules } from './want-iptables.js'

/** The packet filters that turned on no host, by the plays that they are of. */
export type SharedFilters = Map<string, { readonly profile: Profile | undefined; readonly want: IptablesWant }>

/** Notices when what is read for a host turns on more than the playbook. */
export interface HostWatch {
  /** Something was asked of the host, or told of it. */
  noticed(): void
  /** Something was asked that is the same for all hosts of the run: a group's addresses, the address of a name. */
  looked(): void
  /** What was read; whether it is the same on any host of the run, and in any run. */
  reads<T>(read: () => T): { readonly value: T; readonly isAnyHosts: boolean; readonly isAnyRuns: boolean }
}

/** A watch for one host. */
export function hostWatch(): HostWatch {
  let turns = false
  let looks = false
  return {
    noticed: () => {
      turns = true
    },
    looked: () => {
      looks = true
    },
    reads: (read) => {
      turns = false
      looks = false
      const value = read()
      return { value, isAnyHosts: !turns, isAnyRuns: !turns && !looks }
    },
  }
}

interface Memory {
  readonly filters: SharedFilters
  readonly known: KnownTexts | undefined
  readonly watch: HostWatch
}

/** The packet filter that plays want of a host; read once for all hosts where it turns on none of them. */
export function filterOf(benches: readonly Bench[], profile: Profile | undefined, memory: Memory): IptablesWant {
  const key = benches.map(({ play }) => `${play.document.file}\0${play.index}`).join('\0')
  const shared = memory.filters.get(key)
  if (shared !== undefined && shared.profile === profile) return shared.want
  const { value: want, isAnyHosts } = memory.watch.reads(() => readFilter(benches, profile, memory))
  if (isAnyHosts) memory.filters.set(key, { profile, want })
  return want
}

/** Below this many characters of rules they are read as soon as they are found. */
const long = 16_384

/** Many rules that turn on nothing but their own text are read once for all runs. */
function readFilter(benches: readonly Bench[], profile: Profile | undefined, { known, watch }: Memory): IptablesWant {
  const read = () => watch.reads(() => mergeFilter(benches.map(readRules), benches.flatMap(readChains), profile))
  const written = known === undefined || profile !== undefined ? '' : JSON.stringify(benches.map(writtenIn))
  const isKeepable = written.length >= long && !written.includes('vault') && benches.every(({ play }) => isWhole(play.written))
  if (known === undefined || !isKeepable) return read().value
  const before = keptValue(known.get(written))
  if (before !== undefined) return before as IptablesWant
  const { value: want, isAnyRuns } = read()
  if (isAnyRuns) known.put(written, JSON.stringify(want))
  return want
}

const isWhole = ({ iptables = [], chains = [] }: Bench['play']['written']): boolean => isJson(iptables) && isJson(chains)

const writtenIn = ({ origin, play: { index, written } }: Bench): unknown => ['filter', origin, index, written.iptables, written.chains]
