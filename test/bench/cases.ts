import type { ContenderName } from './contenders.js'
import type { Things } from './things.js'

/** What is done: a plan where nothing is to do, the first converge of fresh hosts, or a converge where one host has drifted. */
export type Task = 'plan' | 'converge' | 'drift'

/** One line of the bench: a task on so many hosts, each with these things, `delayMs` (round trip) away. */
export interface Case {
  readonly name: string
  readonly task: Task
  readonly hosts: number
  readonly things: Things
  readonly delayMs: number
  readonly contenders: readonly ContenderName[]
  /** How often the contenders take turns; those that are slow take part in every second round. */
  readonly rounds: number
}

const readers: readonly ContenderName[] = ['holdfast', 'ssh', 'ssh-curve25519']
const writers: readonly ContenderName[] = ['holdfast', 'ansible', 'mitogen']
const few: Things = { keys: 3, rules: 3 }
const some: Things = { keys: 20, rules: 50 }
const many: Things = { keys: 20, rules: 1000 }

/** The name of a case: `plan-50-3+3`, with delay `plan-10-3+3-100ms`. */
export const nameOf = (task: Task, hosts: number, { keys, rules }: Things, delayMs = 0): string =>
  `${task}-${hosts}-${keys}+${rules}${delayMs > 0 ? `-${delayMs}ms` : ''}`

const make = (task: Task, hosts: number, things: Things, contenders: readonly ContenderName[], delayMs = 0): Case => ({
  name: nameOf(task, hosts, things, delayMs),
  task,
  hosts,
  things,
  delayMs,
  contenders,
  rounds: hosts === 1 ? 9 : 3, // short runs, and their noise is most of them
})

const often = (one: Case, rounds = 5): Case => ({ ...one, rounds })

const all: readonly ContenderName[] = [...readers, 'ansible', 'mitogen']

/** What the targets need (more often), and the sizes; Ansible only where it ends within a minute or so. */
export const usual: readonly Case[] = [
  make('plan', 1, few, all),
  often(make('plan', 10, few, all)),
  often(make('plan', 50, few, all)),
  make('plan', 200, few, readers),
  make('plan', 10, some, readers),
  often(make('plan', 10, { keys: 20, rules: 10 }, readers), 9),
  often(make('plan', 10, many, readers), 9),
  make('plan', 10, few, readers, 20),
  often(make('plan', 10, few, readers, 100)),
  make('converge', 10, few, writers),
  often(make('converge', 50, few, writers)),
  make('drift', 50, few, ['holdfast', 'ansible']),
]

/** A minute: that the harness works, and no number that means anything. */
export const quick: readonly Case[] = [
  make('plan', 2, few, all),
  make('plan', 1, few, ['holdfast', 'ssh'], 20),
  make('converge', 2, few, ['holdfast', 'ansible']),
  make('drift', 2, few, ['holdfast']),
].map((one) => ({ ...one, rounds: 1 }))

/** Every size with every delay and every contender: hours, since Ansible runs a module for each rule of each host. */
export const full: readonly Case[] = (['plan', 'converge', 'drift'] as const).flatMap((task) =>
  [1, 10, 50, 200].flatMap((hosts) =>
    [few, some, many].flatMap((things) =>
      [0, 20, 100].flatMap((delayMs) =>
        task === 'drift' && hosts !== 50 ? [] : [make(task, hosts, things, task === 'plan' ? all : writers, delayMs)],
      ),
    ),
  ),
)

// Whose runs a target compares: near and far, 10 rules and 1,000, 50 hosts and 200.
const compared: readonly (readonly string[])[] = [
  [nameOf('plan', 10, few), nameOf('plan', 10, few, 20), nameOf('plan', 10, few, 100)],
  [nameOf('plan', 50, few), nameOf('plan', 200, few)],
  [nameOf('plan', 10, { keys: 20, rules: 10 }), nameOf('plan', 10, many)],
]

/** Cases in groups that are played in the same rounds, since a target compares them; every other is alone. */
export const groupsOf = (cases: readonly Case[]): readonly (readonly Case[])[] => {
  const companions = (one: Case): readonly string[] => compared.find((names) => names.includes(one.name)) ?? [one.name]
  const groups = cases.map((one) => cases.filter(({ name }) => companions(one).includes(name)))
  return groups.filter((group, index) => group[0] === cases[index])
}
