import type { Document } from './document.js'
import { isMapping } from './vars.js'

/** Whether a document is what `ansible-inventory --list` or an inventory program printed: only that has `_meta`. */
export const isListing = (value: unknown): boolean => isMapping(value) && Object.hasOwn(value, '_meta')

type Groups = Record<string, Record<string, Record<string, unknown>>>

/** Such a document in the YAML form. `hostVars` are asked for where it has no `_meta`, as Ansible does. */
export function fromListing(document: Document, hostVars: (host: string) => unknown = () => ({})): Document {
  const value = isMapping(document.value) ? document.value : {}
  const meta = isMapping(value._meta) ? value._meta : undefined
  const known = meta && isMapping(meta.hostvars) ? meta.hostvars : undefined
  const groups: Groups = Object.create(null)
  for (const [name, body] of Object.entries(value)) if (name !== '_meta') groups[name] = groupOf(name, body)
  const given = new Set<string>()
  for (const { hosts = {} } of Object.values(groups)) {
    for (const host of Object.keys(hosts)) {
      if (given.has(host)) continue
      given.add(host)
      hosts[host] = (known ? known[host] : hostVars(host)) ?? {}
    }
  }
  return { ...document, value: groups }
}

function groupOf(name: string, body: unknown): Record<string, Record<string, unknown>> {
  if (Array.isArray(body)) return { hosts: keyed(body) }
  if (!isMapping(body)) return {}
  // a mapping without any of the three is the variables of a host of that name
  if (!['hosts', 'vars', 'children'].some((key) => Object.hasOwn(body, key))) return { hosts: keyed([name]), vars: { ...body } }
  return {
    hosts: keyed(body.hosts),
    vars: isMapping(body.vars) ? { ...body.vars } : {},
    children: keyed(body.children),
    ...(Object.hasOwn(body, 'change_windows') && { change_windows: body.change_windows as Record<string, unknown> }),
  }
}

function keyed(names: unknown): Record<string, unknown> {
  const entries: Record<string, unknown> = Object.create(null)
  const list = Array.isArray(names) ? names : isMapping(names) ? Object.keys(names) : []
  for (const name of list) if (typeof name === 'string' || typeof name === 'number') entries[String(name)] = null
  return entries
}
