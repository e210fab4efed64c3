import { Mistake } from './options.js'

/** A host as somebody names it: `web1`, `web1=192.0.2.21`, `proxy:p1=192.0.2.1`. */
export interface NamedHost {
  readonly name: string
  readonly address?: string
  /** The only group that it goes into; without: those that the playbooks are for. */
  readonly group?: string
}

/** A playbook that comes with holdfast, and the groups that it speaks of. */
export interface Remedy {
  readonly name: string
  readonly text: string
  /** What its plays are named. */
  readonly says: string
  /** Groups whose hosts it changes, and groups whose addresses it takes. */
  readonly hosts: readonly string[]
  readonly needs: readonly string[]
}

/** Reads one word of `--host`; a Mistake where it is none. */
export function namedHost(word: string): NamedHost {
  const [, group, name, address] = /^(?:([A-Za-z_]\w*):)?([A-Za-z0-9][\w.-]*)(?:=([\w.:%-]+))?$/.exec(word) ?? []
  if (name === undefined) throw new Mistake(`${word} is no host: say NAME, NAME=ADDRESS or GROUP:NAME=ADDRESS`)
  return { name, ...(address !== undefined && { address }), ...(group !== undefined && { group }) }
}

/** What a shipped playbook is about, from its text. */
export function remedyOf(name: string, text: string): Remedy {
  const all = (pattern: RegExp): readonly string[] => [...new Set([...text.matchAll(pattern)].map(([, word]) => word!))]
  const hosts = all(/^ {2}hosts: (\w+)$/gm)
  const needs = all(/^[^#]*\{\{ groups\.(\w+)\.addresses \}\}/gm).filter((group) => !hosts.includes(group))
  return { name, text, says: all(/^- name: (.*)$/gm).join('; '), hosts, needs }
}

/** The groups of an inventory for these remedies, each with its hosts; a Mistake where one would be empty. */
export function groupsOf(hosts: readonly NamedHost[], remedies: readonly Remedy[]): ReadonlyMap<string, readonly NamedHost[]> {
  const unsaid = hosts.filter(({ group }) => group === undefined)
  const said = hosts.flatMap(({ group }) => (group === undefined ? [] : [group]))
  const about = remedies.flatMap((remedy) => remedy.hosts)
  const usual = about.length > 0 || unsaid.length === 0 ? about : ['web']
  const names = [...new Set([...usual, ...said, ...remedies.flatMap(({ needs }) => needs)])]
  const membersOf = (group: string): readonly NamedHost[] => [
    ...(usual.includes(group) ? unsaid : []),
    ...hosts.filter((host) => host.group === group),
  ]
  const groups = new Map(names.map((group) => [group, membersOf(group)]))
  for (const [group, members] of groups) {
    const remedy = remedies.find(({ hosts: own, needs }) => own.includes(group) || needs.includes(group))
    if (members.length === 0) throw new Mistake(`${remedy?.name} is about hosts of the group ${group}: say --host ${group}:NAME=ADDRESS`)
  }
  return groups
}

/** An inventory of these groups. `schema` is the path of its schema. */
export function inventoryText(groups: ReadonlyMap<string, readonly NamedHost[]>, user: string, schema: string): string {
  const lines = [...groups].flatMap(([group, hosts]) => [`    ${group}:`, '      hosts:', ...hosts.map(hostLine)])
  const become = user === 'root' ? [] : ['    ansible_become: true                  # root through sudo; its password: holdfast plan -K']
  return [modeline(schema), 'all:', '  vars:', `    ansible_user: ${scalar(user)}`, ...become, '  children:', ...lines, ''].join('\n')
}

/** A remedy as a playbook of one's own. */
export const playbookText = ({ text }: Remedy, schema: string): string => text.replace(/^# yaml-language-server: .*$/m, modeline(schema))

/** A playbook to begin with, where no remedy was picked. */
export const firstPlaybook = (group: string, schema: string): string => `${modeline(schema)}
#
# What the hosts shall hold, in the running kernel and after their next reboot. An editor that knows yaml-language-server
# tells what each key means.
- name: Answer floods of SYNs
  hosts: ${group}
  sysctl:
    net.ipv4.tcp_syncookies: 1
#  iptables:
#    - id: monitoring
#      chain: INPUT
#      rule: -p tcp -s 192.0.2.0/28 --dport 9100 -j ACCEPT
`

const modeline = (schema: string): string => `# yaml-language-server: $schema=${schema}`
const hostLine = ({ name, address }: NamedHost): string =>
  `        ${scalar(name)}:${address === undefined ? '' : ` { ansible_host: ${scalar(address)} }`}`

/** Plain where every YAML reader takes it for text. */
const scalar = (text: string): string =>
  /^([A-Za-z_][\w.-]*|\d+\.\d+\.\d+\.\d+)$/.test(text) && !/^(y|n|yes|no|on|off|true|false|null)$/i.test(text) ? text : JSON.stringify(text)
