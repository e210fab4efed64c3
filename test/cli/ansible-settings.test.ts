import type { Command } from 'commander'
import { afterEach, describe, expect, it } from 'vitest'
import type { AnsibleConfig } from '../../src/cli/ansible-config.js'
import { connectionDefaults, fillIn } from '../../src/cli/ansible-settings.js'
import { grammarOf } from '../../src/cli/program.js'
import { settingsOf } from '../../src/load/ansible-settings.js'
import { readConfig } from '../../src/load/config-parser.js'
import { loadTexts } from '../load/rows.js'
import { makeFolder, runSource } from './process.js'

const configOf = (text: string, env: Readonly<Record<string, string>> = {}): AnsibleConfig => {
  const { settings, problems } = settingsOf(readConfig('ansible.cfg', text), { env, cwd: '/here', home: '/home/kim' })
  expect(problems).toEqual([])
  return { settings, file: 'ansible.cfg' }
}

describe('settings of Ansible as options', () => {
  /** What a command line becomes, and the notes. */
  const filled = async (argv: readonly string[], config: AnsibleConfig) => {
    let notes: readonly string[] = []
    let options: Readonly<Record<string, unknown>> = {}
    const keep = (command: Command): void => {
      notes = fillIn(command, config)
      options = command.opts()
    }
    const nothing = async (): Promise<number> => 0
    const commands = new Proxy({}, { get: () => nothing }) as Parameters<typeof grammarOf>[0]
    await grammarOf(
      commands,
      () => {},
      () => {},
    )
      .hook('preAction', (_, command) => keep(command))
      .parseAsync(argv, { from: 'user' })
    return { options, notes }
  }
  const text =
    '[defaults]\nforks = 7\ntimeout = 30\nask_pass = yes\nask_vault_pass = no\ninventory = hosts, more\n[privilege_escalation]\nbecome_ask_pass = True\n[diff]\nalways = 1\n'

  it('hold where the command line does not say', async () => {
    const { options, notes } = await filled(['plan'], configOf(text))
    const connection = { forks: 7, connectTimeout: 30, askPass: true, askBecomePass: true, diff: true }
    expect(options).toMatchObject({ ...connection, inventory: ['/here/hosts', '/here/more'] })
    expect(options).not.toHaveProperty('askVaultPass')
    expect(notes).toEqual([])
  })

  it('give way to the command line, also where that says the default', async () => {
    const { options } = await filled(['plan', '--forks', '50', '--connect-timeout', '10', '-i', 'own'], configOf(text))
    expect(options).toMatchObject({ forks: 50, connectTimeout: 10, inventory: ['own'] })
  })

  it('are no options of a command that has none', async () => {
    const { options } = await filled(['inventory', '--list'], configOf(text))
    expect(options).not.toHaveProperty('forks')
    expect(options).toHaveProperty('inventory', ['/here/hosts', '/here/more'])
  })

  it('are told with their place where they are not followed, and to those whom it concerns', async () => {
    const config = configOf('[defaults]\nhost_key_checking = False\nhash_behaviour = merge\n', { ANSIBLE_BECOME_EXE: '/bin/doas' })
    expect((await filled(['plan'], config)).notes).toEqual([
      expect.stringMatching(/^ansible\.cfg:2: host_key_checking = False is not followed, .*--accept-new-host-keys takes the key/),
      expect.stringMatching(/^ANSIBLE_BECOME_EXE: become_exe is not followed/),
      expect.stringMatching(/^ansible\.cfg:3: hash_behaviour = merge is not followed/),
    ])
    expect((await filled(['validate', '-v'], config)).notes).toEqual([
      "Ansible's settings are those of ansible.cfg",
      expect.stringMatching(/^ansible\.cfg:3: hash_behaviour/),
    ])
  })
})

describe('settings of Ansible as variables', () => {
  const targetOf = async (cfg: string, vars: string, env: Readonly<Record<string, string>> = {}) => {
    const files = { 'inventory.yaml': `all: {hosts: {h: ${vars}}}`, 'p.yaml': '- hosts: h' }
    const loaded = await loadTexts(files, { connection: connectionDefaults(configOf(cfg, env).settings) })
    return 'problems' in loaded ? loaded.problems : loaded.hosts[0]!.target
  }
  const cfg =
    '[defaults]\nremote_user = deploy\nremote_port = 2222\nprivate_key_file = ~/.ssh/deploy\ntransport = smart\n[privilege_escalation]\nbecome = yes\n[ssh_connection]\nssh_args = -J gate\nssh_common_args = -o X=y\n'

  it('say how hosts are reached', async () => {
    const target = await targetOf(cfg, '{}', { ANSIBLE_BECOME_PASS: 'secret' })
    const login = { user: 'deploy', port: 2222, keyFile: '/home/kim/.ssh/deploy', become: true, becomePassword: 'secret' }
    expect(target).toMatchObject({ ...login, sshArgs: ['-J', 'gate', '-o', 'X=y'] })
    expect(target).not.toHaveProperty('unsaid')
    expect(target).not.toHaveProperty('connection')
  })

  it('give way to the inventory, by whatever name it says it', async () => {
    const said =
      '{ansible_ssh_user: kim, ansible_ssh_port: 22, ansible_ssh_private_key_file: /key, ansible_become: no, ansible_ssh_args: -J other}'
    expect(await targetOf(cfg, said)).toMatchObject({
      ...{ user: 'kim', port: 22, keyFile: '/key', become: false },
      sshArgs: ['-J', 'other', '-o', 'X=y'],
    })
  })

  it('do not have root become root, unless the inventory says so', async () => {
    expect(await targetOf(cfg, '{ansible_user: root}')).toMatchObject({ become: false })
    expect(await targetOf(cfg, '{ansible_user: root, ansible_become: true}')).toMatchObject({ become: true })
    expect(await targetOf(cfg, '{ansible_user: root, ansible_become_user: admin}')).toMatchObject({ become: true })
  })

  it('are told at their own place where they cannot be followed', async () => {
    expect(await targetOf('[privilege_escalation]\nbecome_method = doas\n[ssh_connection]\nssh_args = --fast\n', '{}')).toMatchObject([
      { file: 'ansible.cfg', line: 2, message: expect.stringContaining('only sudo and su are known') },
      { file: 'ansible.cfg', line: 4, message: expect.stringContaining('--fast is no option of ssh') },
    ])
    expect(await targetOf('', '{}', { ANSIBLE_TRANSPORT: 'winrm' })).toMatchObject([
      { file: 'ANSIBLE_TRANSPORT', message: expect.stringContaining('hosts are reached by ssh or local only') },
    ])
  })
})

describe('a folder with an ansible.cfg', () => {
  let folder: ReturnType<typeof makeFolder> | undefined
  afterEach(() => folder?.remove())
  const play = '- hosts: all\n  sysctl:\n    net.ipv4.tcp_rfc1337: 0\n'
  const cli = (files: Readonly<Record<string, string>>, ...argv: string[]) => {
    folder = makeFolder({ 'playbooks/p.yaml': play, ...files })
    return runSource('src/cli.ts', argv, folder.folder)
  }

  it('needs no -i', () => {
    const files = { 'ansible.cfg': '[defaults]\ninventory = inventories/production\n', 'inventories/production/hosts': 'a\nb\n' }
    expect(cli(files, 'validate')).toMatchObject({ status: 0, stdout: 'no problems; the plays name 2 hosts\n', stderr: '' })
  })

  it('has inventory.yaml before it', () => {
    const files = { 'ansible.cfg': '[defaults]\ninventory = hosts\n', hosts: 'a\nb\n', 'inventory.yaml': 'all: {hosts: {a: }}' }
    expect(cli(files, 'validate').stdout).toBe('no problems; the plays name 1 host\n')
  })

  it('opens the vault by its password file', () => {
    const files = { 'ansible.cfg': '[defaults]\ninventory = hosts\nvault_password_file = nowhere\n', hosts: 'a\n' }
    const { status, stderr } = cli(files, 'validate')
    expect({ status, stderr }).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^holdfast: the vault password cannot be read: .*\/nowhere'\n$/),
    })
  })

  it('has its hosts completed', () => {
    const files = { 'ansible.cfg': '[defaults]\ninventory = hosts\n', hosts: 'a1\nb2\n' }
    expect(cli(files, '__complete', 'hosts', '--', 'holdfast', 'plan', '-l').stdout.split('\n')).toEqual(
      expect.arrayContaining(['a1', 'b2']),
    )
  })

  it('is turned with its inventory and its roles, by a pipe, too', () => {
    const files = {
      'ansible.cfg': '[defaults]\ninventory = hosts\nroles_path = no:shared/roles\n',
      hosts: '[web]\na1\n',
      'group_vars/web.yml': 'backlog: 512\n',
      'shared/roles/r/tasks/main.yml': "- sysctl: { name: net.core.somaxconn, value: '{{ item }}' }\n  loop: ['{{ backlog | int }}']\n",
      'site.yml': '- hosts: web\n  roles: [r]\n',
    }
    const { status, stdout } = cli(files, 'import-ansible', 'site.yml')
    expect({ status, stdout }).toMatchObject({ status: 0, stdout: expect.stringContaining('    net.core.somaxconn: 512\n') })
    expect(runSource('src/cli.ts', ['import-ansible', '-'], folder!.folder, files['site.yml']).stdout).toBe(
      stdout.replace('import-ansible of site.yml', 'import-ansible of <stdin>'),
    )
  })

  it('has a file of variables that cannot be read told once', () => {
    const files = {
      'ansible.cfg': '[defaults]\ninventory = hosts\n',
      hosts: 'a1\n',
      'group_vars/all.yml': '$ANSIBLE_VAULT;1.1;AES256\n00\n',
    }
    const told = /^group_vars\/all\.yml:1:1 .*\n1 problem\n$/
    for (const argv of [['inventory', '--list'], ['import-ansible', 'site.yml'], ['plan'], ['adopt', 'a1']])
      expect(cli({ ...files, 'site.yml': '[]' }, ...argv).stderr, argv[0]).toMatch(told)
  })

  it('that is wrong is told with its place', () => {
    expect(cli({ 'ansible.cfg': 'forks = 1\n' }, 'validate')).toMatchObject({
      status: 1,
      stderr: 'holdfast: ansible.cfg:1: an entry must stand in a [section]\n',
    })
  })
})
