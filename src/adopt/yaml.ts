import { printable } from '../text.js'
import type { Adopted, AdoptedPlay } from './document.js'
import { yamlText, yamlValue } from './scalar.js'

/** A playbook of what hosts hold now; what nobody has decided on, and what was left out, stands in comments. */
export function adoptedYaml({ plays, undecided, leftOut }: Adopted): string {
  const first =
    plays.length === 0 && undecided.length === 0 ? ['# These hosts hold nothing that differs from what they hold by themselves.'] : []
  const open = undecided.flatMap(({ why, play }) => ['', ...comment(why), ...playLines(play).map((line) => `# ${line}`)])
  const told = leftOut.flatMap(({ hosts, what }) => comment(`${[hosts].flat().join(', ')}: ${what}`))
  return [
    '# yaml-language-server: $schema=../schemas/playbook.schema.json',
    ...first,
    ...(plays.length === 0 ? ['[]'] : plays.flatMap((play, at) => (at === 0 ? playLines(play) : ['', ...playLines(play)]))),
    ...(open.length === 0
      ? []
      : [
          '',
          `# Not the same in both layers: uncomment what shall hold${plays.length === 0 ? ', and take the [] above out' : ''}.`,
          ...open,
        ]),
    ...(told.length === 0 ? [] : ['', '# Left out:', ...told]),
    '',
  ].join('\n')
}

/** A name that could be taken for two plays' is told apart by the hosts in it. */
function playLines({ name, hosts, sysctl, iptables, chains }: AdoptedPlay): readonly string[] {
  return [
    `- name: ${yamlText(name)}`,
    typeof hosts === 'string' ? `  hosts: ${yamlText(hosts)}` : `  hosts: [${hosts.map(flow).join(', ')}]`,
    ...(sysctl === undefined
      ? []
      : ['  sysctl:', ...Object.entries(sysctl).map(([key, value]) => `    ${yamlText(key)}: ${valueText(value)}`)]),
    ...entries('iptables', iptables),
    ...entries('chains', chains),
  ]
}

const valueText = (value: string | number): string => (typeof value === 'number' ? yamlValue(String(value)) : yamlText(value))

/** In a list in brackets a comma parts. */
const flow = (text: string): string => (/^[\w.-]+$/.test(text) ? yamlText(text) : `'${text.replaceAll("'", "''")}'`)

function entries(key: string, list: readonly Readonly<Record<string, unknown>>[] | undefined): readonly string[] {
  if (list === undefined) return []
  return [
    `  ${key}:`,
    ...list.flatMap((entry) =>
      Object.entries(entry).flatMap(([name, value], at) => entryLines(name, value, at === 0 ? '    - ' : '      ')),
    ),
  ]
}

function entryLines(name: string, value: unknown, indent: string): readonly string[] {
  if (!Array.isArray(value)) return [`${indent}${name}: ${typeof value === 'string' ? yamlText(value) : String(value)}`]
  if (value.length === 0) return [`${indent}${name}: []`]
  return [`${indent}${name}:`, ...value.map((item) => `        - ${yamlText(String(item))}`)]
}

/** Text of hosts in a comment: no line end and no control of theirs gets through. */
function comment(text: string): readonly string[] {
  return [`# ${printable(text)}`]
}
