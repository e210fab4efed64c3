import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { LabHost } from './host.js'

/** The lab as an Ansible inventory: one group per kind, and those that the hosts ask for. */
export const inventory = (hosts: readonly LabHost[], dir: string): string => {
  const children: Record<string, { hosts: Record<string, object> }> = { web: { hosts: {} }, proxy: { hosts: {} }, appliance: { hosts: {} } }
  for (const host of hosts) {
    for (const group of new Set([host.kind, ...(host.spec.groups ?? [])])) {
      children[group] ??= { hosts: {} }
      children[group].hosts[host.name] = {}
    }
  }
  const facts = Object.fromEntries(hosts.map((host) => [host.name, { ansible_host: host.address, ...host.spec.vars }]))
  const vars = {
    ansible_user: 'root',
    ansible_ssh_private_key_file: join(dir, 'id_ed25519'),
    ansible_python_interpreter: '/usr/bin/python3',
  }
  return stringify({ all: { vars, hosts: facts, children } })
}

/** The lab's known_hosts: each host by its name and both addresses, one key for all. */
export const knownHosts = (hosts: readonly LabHost[], dir: string): string => {
  const [type, key] = readFileSync(join(dir, 'host_key.pub'), 'utf8').split(' ')
  return hosts.map((host) => `${host.name},${host.address},${host.address6} ${type} ${key}\n`).join('')
}
