import type { IptablesWant } from '../resources/iptables/want.js'
import type { Profile } from '../types.js'
import type { Bench } from './bench.js'
import { readChains } from './want-chains.js'
import { mergeFilter } from './want-filter.js'
import { readRules } from './want-iptables.js'

/** The packet filters that turned on no host, by the plays that they are of. */
export type SharedFilters = Map<string, { readonly profile: Profile | undefined; readonly want: IptablesWant }>

/** Notices when what is read for a host turns on that host: something is asked of it, or told of it. */
export interface HostWatch {
  noticed(): void
  /** Whether nothing was noticed meanwhile, and what was read. */
  reads<T>(read: () => T): { readonly value: T; readonly isAnyHosts: boolean }
}

/** A watch for one host. */
export function hostWatch(): HostWatch {
  let turns = false
  return {
    noticed: () => {
      turns = true
    },
    reads: (read) => {
      turns = false
      const value = read()
      return { value, isAnyHosts: !turns }
    },
  }
}

/** The packet filter that plays want of a host; read once for all hosts where it turns on none of them. */
export function filterOf(
  benches: readonly Bench[],
  profile: Profile | undefined,
  { filters, watch }: { readonly filters: SharedFilters; readonly watch: HostWatch },
): IptablesWant {
  const key = benches.map(({ play }) => `${play.document.file}\0${play.index}`).join('\0')
  const shared = filters.get(key)
  if (shared !== undefined && shared.profile === profile) return shared.want
  const { value: want, isAnyHosts } = watch.reads(() => mergeFilter(benches.map(readRules), benches.flatMap(readChains), profile))
  if (isAnyHosts) filters.set(key, { profile, want })
  return want
}
