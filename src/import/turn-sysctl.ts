import { readKey, readValue } from '../load/sysctl-key.js'
import { hasTemplate } from '../load/template.js'
import { type Env, fill } from './fill.js'
import { attempt, refuse } from './left.js'
import type { Operation } from './operations.js'
import type { Fields } from './tasks.js'
import { truth } from './truth.js'

const parameters = new Set(['name', 'key', 'value', 'val', 'state', 'sysctl_set', 'reload', 'sysctl_file', 'ignoreerrors'])

/** What a task of ansible.posix.sysctl does. */
export function turnSysctl(args: Fields, env: Env): readonly Operation[] {
  for (const name of Object.keys(args)) if (!parameters.has(name)) refuse(`sysctl has no parameter "${name}" here`, name)
  const name = args.name ?? args.key
  if (typeof name !== 'string') return refuse('names no kernel parameter')
  const named = attempt(() => fill(args.sysctl_file ?? '/etc/sysctl.conf', env, 'know'))
  const file = 'value' in named ? named.value : args.sysctl_file
  if (fill(args.state ?? 'present', env, 'know') === 'absent') {
    return refuse(`state: absent takes the line of ${name} out of ${String(file)} and leaves the value: only a value can be wanted here`)
  }
  const value = args.value ?? args.val ?? refuse(`gives ${name} no value`)
  const notes: Operation[] = []
  if (args.sysctl_file !== undefined) {
    notes.push({ do: 'note', text: `${name} is kept in holdfast's own file below /etc/sysctl.d, not in ${String(file)}` })
  }
  if (truth(args.ignoreerrors ?? false) === true) {
    notes.push({ do: 'note', text: `${name} (ignoreerrors): a host that has no such kernel parameter is failed, not passed over` })
  }
  if (truth(args.reload ?? true) === false && truth(args.sysctl_set ?? false) === false) {
    notes.push({ do: 'note', text: `${name} was written to a file only; here it is set in the running kernel, too` })
  }
  return [...notes, setOf(name, value, env)]
}

/** One key, read as a playbook here would be. */
export function setOf(name: string, value: unknown, env: Env): Operation {
  const filled = hasTemplate(name) ? String(fill(name, env, 'know')) : name
  const key = readKey(filled)
  if ('wrong' in key) return refuse(key.wrong, name)
  const bare = typeof value === 'string' ? value.trim() : value
  // ansible.posix.sysctl turns what means true or false in YAML 1.1 into 1 and 0.
  const number = typeof bare === 'number' || bare === undefined || bare === null ? undefined : truth(bare)
  const meant = number === undefined ? bare : Number(number)
  if (typeof meant === 'string' && hasTemplate(meant)) return { do: 'set', key: filled, value: meant }
  const read = readValue(key.key, meant)
  if ('wrong' in read) return refuse(read.wrong)
  return {
    do: 'set',
    key: filled,
    value: typeof meant === 'number' ? meant : /^(0|-?[1-9]\d{0,14})$/.test(read.value) ? Number(read.value) : read.value,
  }
}
