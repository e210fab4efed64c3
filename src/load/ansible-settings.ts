import type { Problem } from '../types.js'
import type { Config } from './config-parser.js'
import { join } from './files.js'

/** What kind of value a setting takes, in the words of Ansible's base.yml. */
type Kind = 'text' | 'path' | 'pathlist' | 'pathspec' | 'list' | 'whole' | 'truth'

/** `entries` are `section.key`; of several places of one kind the last that is there counts, and the environment before the file. */
interface Row {
  readonly kind: Kind
  readonly entries: readonly string[]
  readonly names: readonly string[]
}

const row = (kind: Kind, entries: string, names: string): Row => ({
  kind,
  entries: entries.split(' ').filter(Boolean),
  names: names.split(' '),
})

/** The settings of Ansible that mean something here: ansible-core 2.14, `config/base.yml`, `connection/ssh.py`, `become/sudo.py` and `su.py`. */
const table = {
  inventory: row('pathlist', 'defaults.inventory', 'ANSIBLE_INVENTORY'),
  roles_path: row('pathspec', 'defaults.roles_path', 'ANSIBLE_ROLES_PATH'),
  remote_user: row('text', 'defaults.remote_user', 'ANSIBLE_REMOTE_USER'),
  remote_port: row('whole', 'defaults.remote_port', 'ANSIBLE_REMOTE_PORT'),
  private_key_file: row('path', 'defaults.private_key_file', 'ANSIBLE_PRIVATE_KEY_FILE'),
  forks: row('whole', 'defaults.forks', 'ANSIBLE_FORKS'),
  timeout: row('whole', 'defaults.timeout ssh_connection.timeout', 'ANSIBLE_TIMEOUT ANSIBLE_SSH_TIMEOUT'),
  vault_password_file: row('path', 'defaults.vault_password_file', 'ANSIBLE_VAULT_PASSWORD_FILE'),
  vault_identity_list: row('list', 'defaults.vault_identity_list', 'ANSIBLE_VAULT_IDENTITY_LIST'),
  ask_pass: row('truth', 'defaults.ask_pass', 'ANSIBLE_ASK_PASS'),
  ask_vault_pass: row('truth', 'defaults.ask_vault_pass', 'ANSIBLE_ASK_VAULT_PASS'),
  become: row('truth', 'privilege_escalation.become', 'ANSIBLE_BECOME'),
  become_method: row('text', 'privilege_escalation.become_method', 'ANSIBLE_BECOME_METHOD'),
  become_user: row('text', 'privilege_escalation.become_user', 'ANSIBLE_BECOME_USER'),
  become_ask_pass: row('truth', 'privilege_escalation.become_ask_pass', 'ANSIBLE_BECOME_ASK_PASS'),
  become_pass: row('text', '', 'ANSIBLE_BECOME_PASS'),
  become_password_file: row('path', 'defaults.become_password_file', 'ANSIBLE_BECOME_PASSWORD_FILE'),
  connection_password_file: row('path', 'defaults.connection_password_file', 'ANSIBLE_CONNECTION_PASSWORD_FILE'),
  transport: row('text', 'defaults.transport', 'ANSIBLE_TRANSPORT'),
  ssh_args: row('text', 'ssh_connection.ssh_args', 'ANSIBLE_SSH_ARGS'),
  ssh_common_args: row('text', 'ssh_connection.ssh_common_args', 'ANSIBLE_SSH_COMMON_ARGS'),
  ssh_extra_args: row('text', 'ssh_connection.ssh_extra_args', 'ANSIBLE_SSH_EXTRA_ARGS'),
  diff: row('truth', 'diff.always', 'ANSIBLE_DIFF_ALWAYS'),
  host_key_checking: row(
    'truth',
    'defaults.host_key_checking ssh_connection.host_key_checking',
    'ANSIBLE_HOST_KEY_CHECKING ANSIBLE_SSH_HOST_KEY_CHECKING',
  ),
  ssh_executable: row('text', 'ssh_connection.ssh_executable', 'ANSIBLE_SSH_EXECUTABLE'),
  become_exe: row('text', 'privilege_escalation.become_exe', 'ANSIBLE_BECOME_EXE'),
  become_flags: row('text', 'privilege_escalation.become_flags', 'ANSIBLE_BECOME_FLAGS'),
  hash_behaviour: row('text', 'defaults.hash_behaviour', 'ANSIBLE_HASH_BEHAVIOUR'),
  precedence: row('list', 'defaults.precedence', 'ANSIBLE_PRECEDENCE'),
  ignore_extensions: row('list', 'defaults.inventory_ignore_extensions inventory.ignore_extensions', 'ANSIBLE_INVENTORY_IGNORE'),
  ignore_patterns: row('list', 'defaults.inventory_ignore_patterns inventory.ignore_patterns', 'ANSIBLE_INVENTORY_IGNORE_REGEX'),
} as const satisfies Readonly<Record<string, Row>>

export type SettingName = keyof typeof table

/** A setting that was made, and the problem at its place. */
export interface Setting {
  readonly value: string | number | boolean | readonly string[]
  readonly problem: (message: string) => Problem
}

export type Settings = ReadonlyMap<SettingName, Setting>

/** Where settings are read: the environment, and the folder and the home folder that paths start from. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly home: string
}

interface Written {
  readonly text: string
  readonly folder: string
  readonly ofFile: boolean
  readonly problem: (message: string) => Problem
}

/** Ansible's settings of the environment and of an `ansible.cfg`, typed and with their paths worked out as Ansible does. What is empty is not said. */
export function settingsOf(
  config: Config | undefined,
  around: Surroundings,
): { readonly settings: Settings; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [...(config?.problems ?? [])]
  const settings = new Map<SettingName, Setting>()
  for (const [name, { kind, entries, names }] of Object.entries(table) as [SettingName, Row][]) {
    const written = inEnvironment(names, around) ?? inFile(entries, config, around)
    if (!written) continue
    const value = typed(kind, written, around)
    if (value === undefined) problems.push(written.problem(`${name} must be a whole number (is ${JSON.stringify(written.text)})`))
    else settings.set(name, { value, problem: written.problem })
  }
  return { settings, problems }
}

function inEnvironment(names: readonly string[], { env, cwd }: Surroundings): Written | undefined {
  const name = names.findLast((each) => env[each])
  if (name === undefined) return undefined
  const problem = (message: string): Problem => ({ file: name, line: 1, column: 1, path: '', message })
  return { text: env[name] ?? '', folder: cwd, ofFile: false, problem }
}

function inFile(entries: readonly string[], config: Config | undefined, { cwd }: Surroundings): Written | undefined {
  const found = entries.map((each) => config?.entry(...(each.split('.') as [string, string]))).findLast((entry) => entry !== undefined)
  if (!config || !found || found.value === '') return undefined
  const folder = join(cwd, config.file).replace(/\/[^/]*$/, '') || '/'
  return { text: found.value, folder, ofFile: true, problem: (message) => config.locate(found.offset, [], message) }
}

function typed(kind: Kind, written: Written, around: Surroundings): Setting['value'] | undefined {
  const { text } = written
  const parts = (): readonly string[] => text.split(',').map((part) => part.trim())
  switch (kind) {
    case 'whole':
      return /^\s*[-+]?\d+\s*$/.test(text) ? Number(text) : undefined
    case 'truth':
      return ['y', 'yes', 'on', '1', 'true', 't', '1.0'].includes(text.trim().toLowerCase())
    case 'list':
      return parts().map(unquote)
    case 'path':
      return placed(text, written, around)
    case 'pathspec':
      return text.split(':').map((part) => placed(part.trim(), written, around))
    case 'pathlist':
      return parts().map((part) => placed(part, written, around))
    default:
      return unquote(text)
  }
}

const unquote = (text: string): string => (/^(["']).*\1$/s.test(text) && text.length > 1 ? text.slice(1, -1) : text)

/** `~`, `$NAME`, `${NAME}` and `{{CWD}}`, then the folder of the file, or the current one where the environment says it. */
function placed(text: string, { folder }: Written, { env, cwd, home }: Surroundings): string {
  const whole = text.replaceAll('{{CWD}}', cwd).replace(/\$(?:(\w+)|\{([^}]*)\})/g, (all, bare, braced) => env[bare ?? braced] ?? all)
  return join(folder, whole === '~' || whole.startsWith('~/') ? `${home}${whole.slice(1)}` : whole)
}
