import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ansibleConfig } from '../../src/cli/ansible-config.js'
import { connectionDefaults } from '../../src/cli/ansible-settings.js'
import { yamlRows } from '../load/rows.js'

interface Row {
  readonly name: string
  /** Files by path: those below ~/ in the home folder. */
  readonly files?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  /** Everybody may write in the current folder. */
  readonly open?: boolean
  /** What must be among what both say. */
  readonly holds?: Readonly<Record<string, unknown>>
}

/** Ansible's names of what is compared: its base settings, and the options of ssh and sudo. */
const program = `
import json
from ansible import constants as C
def said(name, kind=None, plugin=None):
    try:
        value, origin = C.config.get_config_value_and_origin(name, plugin_type=kind, plugin_name=plugin)
    except Exception as e:
        return {'error': type(e).__name__}
    return None if origin == 'default' or value in ('', [], ['']) else value
base = dict(inventory='DEFAULT_HOST_LIST', private_key_file='DEFAULT_PRIVATE_KEY_FILE', forks='DEFAULT_FORKS', vault_password_file='DEFAULT_VAULT_PASSWORD_FILE', roles_path='DEFAULT_ROLES_PATH',
  vault_identity_list='DEFAULT_VAULT_IDENTITY_LIST', ask_pass='DEFAULT_ASK_PASS', ask_vault_pass='DEFAULT_ASK_VAULT_PASS',
  become='DEFAULT_BECOME', become_method='DEFAULT_BECOME_METHOD', become_user='DEFAULT_BECOME_USER', become_ask_pass='DEFAULT_BECOME_ASK_PASS',
  become_password_file='BECOME_PASSWORD_FILE', connection_password_file='CONNECTION_PASSWORD_FILE', transport='DEFAULT_TRANSPORT',
  diff='DIFF_ALWAYS', become_exe='DEFAULT_BECOME_EXE', become_flags='DEFAULT_BECOME_FLAGS', hash_behaviour='DEFAULT_HASH_BEHAVIOUR',
  precedence='VARIABLE_PRECEDENCE', ignore_extensions='INVENTORY_IGNORE_EXTS', ignore_patterns='INVENTORY_IGNORE_PATTERNS')
ssh = dict(remote_port='port')
for name in 'remote_user timeout ssh_args ssh_common_args ssh_extra_args host_key_checking ssh_executable'.split():
    ssh[name] = name
import yaml, ansible.plugins.connection.ssh as module
C.config.initialize_plugin_configuration_definitions('connection', 'ssh', yaml.safe_load(module.DOCUMENTATION)['options'])
found = {ours: said(theirs) for ours, theirs in base.items()}
found.update({ours: said(theirs, 'connection', 'ssh') for ours, theirs in ssh.items()})
print(json.dumps([C.CONFIG_FILE, {name: value for name, value in found.items() if value is not None}]))
`

describe("ansible.cfg and ANSIBLE_*, as Ansible's own configuration reads them", { timeout: 60_000 }, () => {
  const before = { ...process.env }
  const cwd = process.cwd()
  let root: string
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'holdfast-config-'))
    for (const name of Object.keys(process.env)) if (name.startsWith('ANSIBLE_')) delete process.env[name]
    process.env.HOME = join(root, 'home')
    mkdirSync(join(root, 'home'))
    mkdirSync(join(root, 'here'))
    process.chdir(join(root, 'here'))
  })
  afterEach(() => {
    process.chdir(cwd)
    process.env = { ...before }
    rmSync(root, { recursive: true })
  })

  const prepare = ({ files = {}, env = {}, open = false }: Partial<Row>): void => {
    for (const [path, text] of Object.entries(files)) {
      const place = path.startsWith('~/') ? join(root, 'home', path.slice(2)) : join(root, 'here', path)
      mkdirSync(dirname(place), { recursive: true })
      writeFileSync(place, text)
    }
    Object.assign(process.env, env)
    if (open) chmodSync(join(root, 'here'), 0o777)
  }
  const real = (): readonly [string | null, Readonly<Record<string, unknown>>] =>
    JSON.parse(execFileSync('/usr/bin/python3', ['-c', program], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }))
  const short = (value: unknown): unknown => JSON.parse(JSON.stringify(value).replaceAll(root, 'ROOT'))

  it.each(yamlRows<Row[]>('ansible-config.yaml'))('$name', ({ holds = {}, ...row }) => {
    prepare(row)
    const { settings, file } = ansibleConfig()
    const [theirFile, theirs] = real()
    const ours = Object.fromEntries([...settings].map(([name, { value }]) => [name, value]))
    expect(ours).toEqual(theirs)
    expect(file && resolve(file)).toEqual(theirFile ?? undefined)
    expect(short(ours)).toMatchObject(holds)
  })

  it('shows the same as ansible-config dump --only-changed', () => {
    prepare({ files: { 'ansible.cfg': '[defaults]\ninventory = inventories/production, more\nforks = 7\nremote_user = deploy\n' } })
    const dump = execFileSync('ansible-config', ['dump', '--only-changed'], { encoding: 'utf8' })
    const { settings } = ansibleConfig()
    expect(dump).toContain(`DEFAULT_FORKS(${root}/here/ansible.cfg) = ${settings.get('forks')?.value}`)
    expect(dump).toContain(`= ${JSON.stringify(settings.get('inventory')?.value).replaceAll('"', "'").replaceAll(',', ', ')}`)
    expect(dump).toContain(`DEFAULT_REMOTE_USER(${root}/here/ansible.cfg) = ${connectionDefaults(settings).get('ansible_user')?.value}`)
  })

  it('is passed over, and said to be, in a folder where everybody may write', () => {
    prepare({ files: { 'ansible.cfg': '[defaults]\nforks = 7\n' }, open: true })
    expect(ansibleConfig().settings.size).toBe(0)
    expect(ansibleConfig().note).toMatch(/^ansible\.cfg is passed over, as Ansible does/)
    process.env.ANSIBLE_CONFIG = 'ansible.cfg'
    expect(ansibleConfig()).toMatchObject({ file: 'ansible.cfg' })
    expect(ansibleConfig().note).toBeUndefined()
    expect(real()[1]).toEqual({ forks: 7 })
  })

  it.each<[string, RegExp]>([
    ['forks = 7\n', /^ansible\.cfg:1: an entry must stand in a \[section\]$/],
    ['[defaults]\nforks = 7\nforks = 8\n', /^ansible\.cfg:3: forks stands here twice$/],
    ['[defaults]\n[defaults]\n', /^ansible\.cfg:2: the section \[defaults\] stands here twice$/],
    ['[defaults]\nnonsense\n', /^ansible\.cfg:2: is no entry: write key = value$/],
    ['[defaults]\nforks = many\n', /^ansible\.cfg:2: forks must be a whole number \(is "many"\)$/],
  ])('is refused where Ansible refuses it: %j', (text, message) => {
    prepare({ files: { 'ansible.cfg': text } })
    expect(() => ansibleConfig()).toThrow(message)
    expect(() => execFileSync('ansible-config', ['dump'], { stdio: 'ignore' })).toThrow()
  })
})
