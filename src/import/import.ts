import type { Files } from '../load/files.js'
import { join, piped } from '../load/files.js'
import type { Problem } from '../types.js'
import type { Repository } from './bench.js'
import { fill } from './fill.js'
import { type Inventoried, noInventory } from './inventoried.js'
import { openLedger } from './ledger.js'
import { attempt, type Left, type Unturned } from './left.js'
import type { Operation } from './operations.js'
import { walkPlaybook } from './plays.js'
import { type Fields, isFields, known, parametersOf, shortName, type Task } from './tasks.js'
import { isOurs, turnCommand } from './turn-command.js'
import { turnIptables } from './turn-iptables.js'
import { turnState } from './turn-state.js'
import { turnSysctl } from './turn-sysctl.js'
import type { Visitor } from './visitor.js'
import { writePlaybook } from './write.js'

/** A playbook of Ansible as one of holdfast. */
export interface Imported {
  readonly playbook: string
  /** What was not turned, in the order of the files. */
  readonly left: readonly Left[]
  /** What a reader should know, although it was turned. */
  readonly notes: readonly string[]
  /** Tasks of modules that have nothing to do with what holdfast holds, by module. */
  readonly others: Readonly<Record<string, number>>
}

const heading = [
  "Ansible's iptables modules change the running kernel only. Here everything is held in both layers:",
  'live, and after the next reboot. A rule that stands there already counts as present.',
]

/** Turns playbooks of Ansible; or the mistakes in their files. `roles` are folders of roles other than those beside the playbooks. */
export function importPlaybooks(
  paths: readonly string[],
  files: Files,
  inventory: Inventoried = noInventory,
  roles: readonly string[] = [],
): { readonly problems: readonly Problem[] } | Imported {
  const problems: Problem[] = []
  const left: Left[] = []
  const notes = new Set<string>()
  const others: Record<string, number> = {}
  const loose: string[] = []
  const copied = new Map<string, string>()
  const ledger = openLedger()
  const repository: Repository = { inventory, roles, taken: new Map() }

  const leave = (task: Task, { message, needle }: Unturned): void => {
    const problem = task.document.problem(placeIn(task, needle), message, needle === undefined ? {} : { needle })
    const one = { ...problem, module: task.module }
    // The rounds of a loop are left for one reason.
    if (left.some((other) => spell(other) === spell(one))) return
    left.push(one)
    ledger.remark(spell(one), task)
  }
  const carryOut = (operations: readonly Operation[], task: Task): void => {
    ledger.apply(operations, task)
    for (const operation of operations) {
      if (operation.do === 'leave') leave(task, { message: operation.why })
      if (operation.do !== 'note') continue
      notes.add(operation.text)
      ledger.remark(`note: ${operation.text}`, task)
    }
  }
  const visit = (task: Task, fields: Fields): void => {
    if (task.barrier === undefined) remember(task, files, copied)
    if (!concerns(task, fields)) {
      others[task.module] = (others[task.module] ?? 0) + 1
      return
    }
    const done = attempt(() => carryOut(operations(task, fields), task))
    if ('value' in done) return
    const { apart } = done.unturned
    const parts = apart === undefined ? undefined : inventory.parts(task.scope, apart)
    if (!parts) leave(task, done.unturned)
    for (const scope of parts ?? []) visit({ ...task, scope, env: { ...task.env, said: (name) => inventory.says(scope, name) } }, fields)
  }
  const operations = (task: Task, fields: Fields): readonly Operation[] => {
    const read = attempt(() => turn(task, fields, files, copied))
    // What only saves need not be done, whoever asks for it and when.
    const idle = 'value' in read && read.value.length > 0 && read.value.every((operation) => operation.do === 'note')
    if (task.barrier !== undefined && !idle) throw { unturned: task.barrier }
    if ('unturned' in read) throw read
    return read.value
  }
  for (const path of paths) {
    const visitor: Visitor = {
      task: visit,
      left: (problem, module) => {
        left.push({ ...problem, module })
        loose.push(spell({ ...problem, module }))
      },
      note: (text) => void notes.add(text),
      broken: (found) => void problems.push(...found),
    }
    const there = walkPlaybook(path, files, visitor, repository)
    if (!there && problems.length === 0) problems.push({ file: path, line: 1, column: 1, path: '', message: 'there is no such playbook' })
  }
  if (problems.length > 0) return { problems }
  const head = [
    `Made by holdfast import-ansible of ${paths.map((path) => (path === '-' ? piped : path)).join(', ')}.`,
    ...heading,
    ...loose,
  ]
  return { playbook: writePlaybook(ledger, head, inventory), left: sorted(left), notes: [...notes, ...takenNotes(repository)], others }
}

function takenNotes({ taken, inventory }: Repository): readonly string[] {
  const names = (whose: 'inventory' | 'default'): string =>
    [...taken]
      .filter(([, of]) => of === whose)
      .map(([name]) => name)
      .join(', ')
  const [said, left] = [names('inventory'), names('default')]
  return [
    ...(said === '' ? [] : [`as the inventory has it now, and written out: ${said}`]),
    ...(left === '' || inventory.named
      ? []
      : [`the default of a role was taken, and written out: ${left}; give -i INVENTORY where it sets others`]),
  ]
}

/** One line of what was left. */
export function spell({ file, line, column, module, message }: Left): string {
  return `not turned: ${file}:${line}:${column} ${module}: ${message}`
}

function sorted(left: readonly Left[]): readonly Left[] {
  const order = [...new Set(left.map(({ file }) => file))]
  const unique = [...new Map(left.map((each) => [spell(each), each])).values()]
  return unique.sort((one, two) => order.indexOf(one.file) - order.indexOf(two.file) || one.line - two.line || one.column - two.column)
}

/** The parameter that holds the needle, else the task. */
function placeIn(task: Task, needle: string | undefined): Task['path'] {
  if (needle === undefined || needle === '') return task.path
  if (typeof task.written === 'string') return [...task.path, task.module]
  if (!isFields(task.written)) return task.path
  const [name] =
    Object.entries(task.written).find(
      ([key, value]) => key === needle || JSON.stringify(value)?.includes(JSON.stringify(needle).slice(1, -1)),
    ) ?? []
  return name === undefined ? task.path : [...task.path, task.module, name]
}

const turned = ['iptables', 'sysctl', 'iptables_state', 'command', 'shell', 'raw', 'script']

/** Whether a task is about what holdfast holds: a module that is turned, or one in whose parameters it is named. */
function concerns(task: Task, fields: Fields): boolean {
  const short = shortName(task.module)
  if (['iptables', 'sysctl', 'iptables_state', 'ufw', 'firewalld', 'ipset', 'modprobe'].includes(short))
    return short !== 'modprobe' || isFilter(task.written)
  const text = JSON.stringify([task.written, fields.args]) ?? ''
  if (turned.includes(short)) return isOurs(text)
  if (['debug', 'assert', 'fail', 'package', 'apt', 'yum', 'dnf', 'apk', 'pip', 'package_facts', 'service_facts', 'stat'].includes(short))
    return false
  return isOurs(text) || /sysctl\.(conf|d)\b|\/etc\/(iptables|nftables|ufw|firewalld|sysconfig\/ip6?tables)/.test(text)
}

const isFilter = (written: unknown): boolean => /conntrack|iptable|ip_set|xt_|nf_/.test(JSON.stringify(written) ?? '')

function turn(task: Task, fields: Fields, files: Files, copied: ReadonlyMap<string, string>): readonly Operation[] {
  const short = shortName(task.module)
  if (short === 'iptables') return turnIptables(parametersOf(task, fields.args), task.env)
  if (short === 'sysctl') return turnSysctl(parametersOf(task, fields.args), task.env)
  if (short === 'iptables_state') return turnState(parametersOf(task, fields.args), task.env, { folders: task.folders, files, copied })
  if (['command', 'shell', 'raw'].includes(short)) {
    const text = typeof task.written === 'string'
    const args = text ? (fill(fields.args ?? {}, task.env) as Fields) : parametersOf(task, fields.args)
    return turnCommand(short, text ? fill(task.written, task.env) : undefined, args, task.env)
  }
  throw { unturned: { message: `only sysctl, iptables, iptables_state and plain commands are turned, and this is about the same things` } }
}

/** Files that a `copy:` puts on the host, by their place there, as far as they stand beside the playbook. */
function remember(task: Task, files: Files, copied: Map<string, string>): void {
  if (shortName(task.module) !== 'copy' || !isFields(task.written)) return
  const { src, content, dest } = task.written
  const read = attempt(() => [known(dest, task.env), known(src, task.env), known(content, task.env)] as const)
  if (!('value' in read) || typeof read.value[0] !== 'string') return
  const [place, source, text] = read.value
  const found =
    typeof text === 'string'
      ? text
      : typeof source !== 'string'
        ? undefined
        : task.folders
            .flatMap((folder) => [join(folder, `files/${source}`), join(folder, source)])
            .map(files.read)
            .find((each) => each !== undefined)
  if (found !== undefined) copied.set(place, found)
}
