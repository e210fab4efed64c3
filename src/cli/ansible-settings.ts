import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import type { Setting, SettingName, Settings } from '../load/ansible-settings.js'
import type { Document } from '../load/document.js'
import type { Variable, Vars } from '../load/vars.js'
import { type AnsibleConfig, shown } from './ansible-config.js'

/** The variables that settings of Ansible stand for, where the inventory does not say: `remote_user` is `ansible_user`. */
const variables: readonly (readonly [SettingName, string])[] = [
  ['remote_user', 'ansible_user'],
  ['remote_port', 'ansible_port'],
  ['private_key_file', 'ansible_private_key_file'],
  ['become', 'ansible_become'],
  ['become_method', 'ansible_become_method'],
  ['become_user', 'ansible_become_user'],
  ['become_pass', 'ansible_become_pass'],
  ['ssh_args', 'ansible_ssh_args'],
  ['ssh_common_args', 'ansible_ssh_common_args'],
  ['ssh_extra_args', 'ansible_ssh_extra_args'],
  ['transport', 'ansible_connection'],
]

/** What every host is reached by where the inventory does not say. */
export function connectionDefaults(settings: Settings): Vars {
  return new Map(
    variables.flatMap(([name, variable]): readonly (readonly [string, Variable])[] => {
      const setting = settings.get(name)
      return setting && setting.value !== 'smart' ? [[variable, { value: setting.value, document: placeOf(setting), path: [] }]] : []
    }),
  )
}

const placeOf = ({ problem }: Setting): Document => {
  const { file } = problem('')
  return { file, value: null, problems: [], problem: (_, message) => problem(message) }
}

/** The options of our command line that settings stand for, where the command line does not say. */
const options: readonly (readonly [SettingName, string])[] = [
  ['forks', 'forks'],
  ['timeout', 'connectTimeout'],
  ['ask_pass', 'askPass'],
  ['ask_vault_pass', 'askVaultPass'],
  ['become_ask_pass', 'askBecomePass'],
  ['become_password_file', 'becomePasswordFile'],
  ['connection_password_file', 'connectionPasswordFile'],
  ['diff', 'diff'],
  ['roles_path', 'rolesPath'],
]

/** Fills in what Ansible's settings say and the command line does not; the notes are what they say and cannot be done. */
export function fillIn(command: Command, { settings, file, note }: AnsibleConfig): readonly string[] {
  const known = new Set(command.options.map((option) => option.attributeName()))
  const set = (option: string, value: unknown): void => {
    const said = /^(cli|env)$/.test(command.getOptionValueSource(option) ?? '')
    if (known.has(option) && !said) command.setOptionValueWithSource(option, value, 'config')
  }
  for (const [name, option] of options) {
    const value = settings.get(name)?.value
    if (value !== undefined && value !== false && (typeof value !== 'number' || value >= 1)) set(option, value)
  }
  const inventory = settings.get('inventory')?.value
  if (Array.isArray(inventory) && !existsSync('inventory.yaml')) set('inventory', inventory.map(shown))
  if (!known.has('inventory')) return []
  const told =
    command.opts<{ readonly verbose?: boolean }>().verbose === true && file !== undefined ? [`Ansible's settings are those of ${file}`] : []
  return [
    ...(note === undefined ? [] : [note]),
    ...told,
    ...(known.has('forks') ? notesOn(settings, unlike) : []),
    ...notesOn(settings, unread),
  ]
}

type Unlike = readonly (readonly [SettingName, (value: Setting['value']) => boolean, string])[]

/** Settings that Ansible goes to hosts by and that are not followed here. */
const unlike: Unlike = [
  [
    'host_key_checking',
    (value) => value === false,
    'host_key_checking = False is not followed, host keys are always checked: --accept-new-host-keys takes the key of a host that is not known yet',
  ],
  [
    'ssh_executable',
    (value) => value !== 'ssh',
    'ssh_executable is not followed: ssh is the one on the PATH, and only for ansible_connection=ssh',
  ],
  ['become_exe', (value) => !/^(sudo|su)$/.test(String(value)), 'become_exe is not followed: it is the sudo or su on the PATH of the host'],
  ['become_flags', (value) => !/^(-[HSn]+ ?)*$/.test(String(value)), 'become_flags are not followed: sudo runs with -H and -S or -n'],
]

/** Settings that Ansible reads inventories by and that are not followed here. */
const unread: Unlike = [
  [
    'hash_behaviour',
    (value) => value !== 'replace',
    'hash_behaviour = merge is not followed: a mapping that is set again replaces the one before',
  ],
  ['precedence', () => true, 'precedence is not followed: variables win over each other in the usual order'],
  ['ignore_extensions', () => true, 'ignore_extensions is not followed: in a folder of inventories the usual endings are passed over'],
  ['ignore_patterns', () => true, 'ignore_patterns is not followed: in a folder of inventories the usual endings are passed over'],
]

function notesOn(settings: Settings, rows: Unlike): readonly string[] {
  return rows.flatMap(([name, is, message]) => {
    const setting = settings.get(name)
    if (!setting || !is(setting.value)) return []
    const { file, line, excerpt } = setting.problem(message)
    return [`${excerpt === undefined ? file : `${file}:${line}`}: ${message}`]
  })
}
