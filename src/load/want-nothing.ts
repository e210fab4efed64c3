import type { HostWant } from '../types.js'

/** What is wanted of a host that no play names: nothing but what it must reach. */
export const wantNothing = (host: string, reach: HostWant['reach'] = []): HostWant => ({
  host,
  resources: {},
  playbooks: [],
  mayRemove: false,
  prune: false,
  bootLoader: 'auto',
  beside: [],
  reach,
  onChange: [],
})
