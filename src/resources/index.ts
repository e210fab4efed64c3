import { iptablesResource } from './iptables/index.js'
import { pathsResource } from './paths/index.js'
import type { Resource } from './resource.js'
import { sysctlResource } from './sysctl/index.js'

/** Every kind of thing that is converged, in the order in which people read it. */
export const resources: readonly Resource<never>[] = [sysctlResource, iptablesResource, pathsResource] as readonly Resource<never>[]
