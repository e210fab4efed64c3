import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { show } from '../report/style.js'
import { ansibleConfig } from './ansible-config.js'
import type { Console } from './console.js'
import { usualInventories } from './files.js'
import { firstPlaybook, groupsOf, inventoryText, type NamedHost, namedHost, playbookText, type Remedy, remedyOf } from './init-files.js'
import { Mistake } from './options.js'

export interface InitOptions {
  readonly host?: readonly string[]
  readonly user?: string
  readonly remedy?: readonly string[]
  readonly json?: boolean
}

/** What is asked for, from options or answers. */
interface Wish {
  readonly hosts: readonly NamedHost[]
  readonly user: string
  readonly remedies: readonly Remedy[]
}

/** `holdfast init`: writes an inventory and playbooks into this folder, over nothing that is there. */
export async function init(options: InitOptions, shipped: URL, console: Console): Promise<number> {
  const folder = fileURLToPath(shipped)
  const all = readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => remedyOf(name.replace(/\.yaml$/, ''), readFileSync(join(folder, name), 'utf8')))
  const found = foundInventory()
  if (found !== undefined && !options.remedy) return tellFound(found, all, options, console)
  const wish = await wishOf(options, all, found, console)
  const files = filesOf(wish, found, resolve(folder, '../schemas'))
  const there = files.map(([path]) => path).filter((path) => existsSync(path))
  if (there.length > 0) throw new Mistake(`${there.join(', ')} ${there.length === 1 ? 'is' : 'are'} there already; nothing was written`)
  for (const [path, text] of files) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text, { flag: 'wx' })
  }
  const which = found === undefined ? '' : ` -i ${found}`
  const paths = files.map(([path]) => path)
  if (options.json) console.out.write(json({ wrote: paths, inventory: found ?? paths[0] }))
  const people = options.json ? console.err : console.out
  people.write(`wrote ${show(paths.join(', '), people.style)}\n`)
  people.write(`next:
${columns([
  [`holdfast validate${which}`, 'checks the files; no network'],
  [`holdfast plan${which}`, 'looks at the hosts and prints what would change; changes nothing'],
])}
A host that is not in ~/.ssh/known_hosts is refused: check its key and say --accept-new-host-keys once.
`)
  return 0
}

/** An inventory that is there already: what ansible.cfg names, or a file of a usual name. */
function foundInventory(): string | undefined {
  const said = ansibleConfig().settings.get('inventory')?.value
  const named = Array.isArray(said) ? said.map(String) : typeof said === 'string' ? [said] : []
  return [...named.map((path) => relative('.', path) || path), ...usualInventories].find((path) => existsSync(path))
}

const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`

/** Commands and what they are for, one a line. */
function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([command]) => command.length))
  return rows.map(([command, says]) => `  ${command.padEnd(width)}  ${says}`).join('\n')
}

function tellFound(found: string, all: readonly Remedy[], { host, ...options }: InitOptions, { out, err }: Console): number {
  if (host) throw new Mistake(`${found} is there already: add the host to it; nothing was written`)
  const which = found === 'inventory.yaml' ? '' : ` -i ${found}`
  if (options.json) out.write(json({ wrote: [], inventory: found }))
  const people = options.json ? err : out
  people.write(`${show(found, people.style)} is an inventory already: nothing needs to be written for it.
next:
${columns([
  [`holdfast inventory --graph${which}`, 'the hosts as holdfast reads them'],
  ['holdfast init --remedy NAME', 'writes playbooks/NAME.yaml; there are:'],
  ...all.map(({ name, says }) => [`    ${name}`, says] as const),
])}
`)
  return 0
}

async function wishOf(options: InitOptions, all: readonly Remedy[], found: string | undefined, console: Console): Promise<Wish> {
  const pick = (name: string): Remedy => {
    const remedy = all.find((each, at) => each.name === name || String(at + 1) === name)
    if (!remedy) throw new Mistake(`no remedy is called ${name}: there are ${all.map((each) => each.name).join(', ')}`)
    return remedy
  }
  const said = options.host?.map(namedHost)
  if (said || found !== undefined)
    return { hosts: said ?? [], user: userNamed(options.user ?? 'root'), remedies: (options.remedy ?? []).map(pick) }
  if (!console.err.terminal || !process.stdin.isTTY)
    throw new Mistake('there is no terminal to ask on: say --host NAME=ADDRESS, and with --user and --remedy what differs')
  const ssh = existsSync(join(homedir(), '.ssh/config')) ? ' (a Host of ~/.ssh/config needs no address)' : ''
  const list = all.map(({ name, says }, at) => `  ${at + 1}  ${name}: ${says}\n`).join('')
  return ask(async (question) => {
    const hosts = await question(`Hosts, as NAME or NAME=ADDRESS, with blanks between${ssh}: `)
    const user = options.user ?? ((await question('Log in as [root]: ')) || 'root')
    const picked =
      options.remedy ?? words(await question(`What shall they hold?\n${list}Numbers, or nothing for a playbook to begin with: `))
    const remedies = picked.map(pick)
    const asked = [...new Set(remedies.flatMap(({ needs }) => needs))]
    const others: string[] = []
    for (const group of asked)
      for (const word of words(await question(`Hosts of the group ${group}, as NAME=ADDRESS: `))) others.push(`${group}:${word}`)
    return { hosts: [...words(hosts), ...others].map(namedHost), user: userNamed(user), remedies }
  })
}

const words = (answer: string): readonly string[] => answer.split(/[\s,]+/).filter(Boolean)

function userNamed(user: string): string {
  if (!/^[A-Za-z_][\w.-]*$/.test(user)) throw new Mistake(`${user} is no user name`)
  return user
}

/** Asks on the terminal, line by line; a Mistake where the person stops. */
async function ask<T>(talk: (question: (text: string) => Promise<string>) => Promise<T>): Promise<T> {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  const answers = lines[Symbol.asyncIterator]()
  try {
    return await talk(async (text) => {
      lines.setPrompt(text)
      lines.prompt()
      const { value, done } = await answers.next()
      if (done) throw new Mistake('stopped at a question; nothing was written')
      return value.trim()
    })
  } finally {
    lines.close()
  }
}

/** Path and text of what is written. */
function filesOf({ hosts, user, remedies }: Wish, found: string | undefined, schemas: string): readonly (readonly [string, string])[] {
  if (hosts.length === 0 && found === undefined) throw new Mistake('name a host; nothing was written')
  const groups = found === undefined ? groupsOf(hosts, remedies) : new Map<string, readonly NamedHost[]>()
  const schema = (name: string, from: string): string => {
    const near = relative(from, join(schemas, name))
    return near.startsWith('../..') ? join(schemas, name) : near
  }
  const playbooks: readonly (readonly [string, string])[] = remedies.map((remedy) => [
    `playbooks/${remedy.name}.yaml`,
    playbookText(remedy, schema('playbook.schema.json', 'playbooks')),
  ])
  const first: readonly (readonly [string, string])[] =
    remedies.length > 0
      ? []
      : [['playbooks/first.yaml', firstPlaybook([...groups.keys()][0]!, schema('playbook.schema.json', 'playbooks'))]]
  const inventory: readonly (readonly [string, string])[] =
    found === undefined ? [['inventory.yaml', inventoryText(groups, user, schema('inventory.schema.json', '.'))]] : []
  return [...inventory, ...playbooks, ...first]
}
