import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { disk } from '../../src/cli/files.js'
import { takeVaultPasswords, type VaultOptions } from '../../src/cli/vault.js'
import { readInventory } from '../../src/load/inventory.js'
import { listOf } from '../../src/load/inventory-show.js'
import { loadRun } from '../../src/load/load.js'
import { decryptVault, encryptVault } from '../../src/vault/vault.js'
import { ansible } from './ansible.js'

const texts = ['', 'x', '0123456789abcde', '0123456789abcdef', 'a: 1\nb: [日本語]\n', `long: ${'x'.repeat(5000)}\n`]

describe('a vault', { timeout: 60_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'holdfast-vault-'))
  const write = (name: string, text: string): string => {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
    return join(root, name)
  }
  const read = (name: string): string => readFileSync(join(root, name), 'utf8')

  beforeAll(() => {
    write('password', ' open sesame \n')
    write('other', 'another\n')
    for (const [at, text] of texts.entries()) {
      write(`theirs${at}`, text || '\n')
      write(`labelled${at}`, text || '\n')
      write(`ours${at}`, encryptVault(text, { password: 'open sesame' }))
      write(`ours-labelled${at}`, encryptVault(text, { id: 'prod', password: 'open sesame' }))
    }
    const calls = texts.flatMap((_, at) => [
      ['encrypt', '--vault-password-file', 'password', `theirs${at}`],
      ['encrypt', '--vault-id', 'prod@password', '--encrypt-vault-id', 'prod', `labelled${at}`],
      ['decrypt', '--vault-password-file', 'password', `ours${at}`],
      ['decrypt', '--vault-id', 'prod@password', `ours-labelled${at}`],
    ])
    const answers = ansible(calls.map((words) => ({ argv: ['ansible-vault', ...words], cwd: root })))
    expect(answers.filter(({ code }) => code !== 0)).toEqual([])
  }, 120_000)

  afterAll(() => rmSync(root, { recursive: true, force: true }))

  const password = { password: 'open sesame' }

  it.each(texts.map((text, at) => [at, text] as const))('of ansible-vault is opened, and ansible-vault opens ours (%i)', (at, text) => {
    expect(decryptVault(read(`theirs${at}`), [password])).toEqual({ text: text || '\n' })
    expect(read(`labelled${at}`)).toMatch(/^\$ANSIBLE_VAULT;1\.2;AES256;prod\n/)
    expect(decryptVault(read(`labelled${at}`), [{ password: 'no' }, { ...password, id: 'dev' }])).toEqual({ text: text || '\n' })
    expect(read(`ours${at}`)).toBe(text)
    expect(read(`ours-labelled${at}`)).toBe(text)
  })

  it.each<[string, string, string]>([
    ['nobody gave a password', '', 'locked: give --vault-password-file, --vault-id or --ask-vault-pass'],
    ['the password is another', 'wrong', 'locked by another password (its label is prod)'],
  ])('stays closed where %s', (_, given, failure) => {
    expect(decryptVault(read('labelled1'), given === '' ? [] : [{ password: given }])).toEqual({ failure })
  })

  it.each([
    ['$ANSIBLE_VAULT;1.0;AES\n00', 'of a form that is not known here ($ANSIBLE_VAULT;1.0;AES)'],
    ['$ANSIBLE_VAULT;1.1;AES256\nzz', 'damaged'],
    ['$ANSIBLE_VAULT;1.1;AES256\n', 'damaged'],
  ])('that is none is told: %j', (envelope, failure) => {
    expect(decryptVault(envelope, [password])).toEqual({ failure })
  })

  it('whose text was changed stays closed', () => {
    const envelope = read('theirs4')
    const at = envelope.length - 10
    const changed = `${envelope.slice(0, at)}${envelope[at] === '3' ? '4' : '3'}${envelope.slice(at + 1)}`
    expect(decryptVault(changed, [password])).toHaveProperty('failure')
  })

  describe('in an inventory', () => {
    const envelope = (text: string, id?: string) => encryptVault(text, { password: 'open sesame', ...(id !== undefined && { id }) })
    const inline = (text: string) => `!vault |\n${envelope(text).trim().replace(/^/gm, '  ')}\n`
    let made = 0
    const load = async (vars: Readonly<Record<string, string>>, options: VaultOptions, playbook = '[]\n') => {
      const folder = `inventory${++made}`
      write(`${folder}/hosts`, '[web]\nw ansible_become=true\n')
      for (const [name, text] of Object.entries(vars)) write(`${folder}/${name}`, text)
      const book = write(`${folder}/p.yaml`, playbook)
      await takeVaultPasswords(options)
      const files = { files: disk, lookup: async () => [], user: 'me', home: '/root', shippedProfiles: '/nowhere' }
      return loadRun({ inventory: [join(root, folder, 'hosts')], playbooks: [book], ...files })
    }
    const play = '- hosts: web\n  sysctl:\n    net.ipv4.tcp_rfc1337: 0\n'
    const opens = { vaultPasswordFile: [join(root, 'password')] }
    const target = async (vars: Readonly<Record<string, string>>, options: VaultOptions = opens) => {
      const run = await load(vars, options, play)
      return 'problems' in run ? run.problems.map(({ message }) => message) : run.hosts[0]!.target
    }

    it('gives passwords, as a value, through another variable and as a whole file', async () => {
      expect(await target({ 'group_vars/web': `ansible_become_password: ${inline('s3cret')}` })).toMatchObject({ becomePassword: 's3cret' })
      const through = { 'group_vars/web/vars': 'ansible_become_password: "{{ vault_pass }}"\n' }
      expect(await target({ ...through, 'group_vars/web/vault': `vault_pass: ${inline('s3cret')}` })).toMatchObject({
        becomePassword: 's3cret',
      })
      const whole = { ...through, 'group_vars/web/vault.yml': envelope('vault_pass: s3cret\nunused: 5\n') }
      expect(await target(whole)).toMatchObject({ becomePassword: 's3cret' })
    })

    it('takes its password from a file, a program, a label and the environment', async () => {
      const vars = { 'host_vars/w': `ansible_password: ${inline('s3cret')}` }
      const program = write('give', '#!/bin/sh\necho open sesame\n')
      chmodSync(program, 0o755)
      const client = write('give-client.sh', '#!/bin/sh\n[ "$2" = prod ] && echo open sesame\n')
      chmodSync(client, 0o755)
      for (const vaultId of [[`prod@${join(root, 'password')}`], [join(root, 'other'), program], [`prod@${client}`]])
        expect(await target(vars, { vaultId })).toMatchObject({ password: 's3cret' })
      process.env.ANSIBLE_VAULT_PASSWORD_FILE = join(root, 'password')
      expect(await target(vars, {})).toMatchObject({ password: 's3cret' })
      delete process.env.ANSIBLE_VAULT_PASSWORD_FILE
      await expect(target(vars, { vaultId: ['x@/nonexistent'] })).rejects.toThrow('the vault password cannot be read')
      await expect(target(vars, { vaultId: [`dev@${client}`] })).rejects.toThrow('gave no vault password')
    })

    it('needs no password for what nobody uses', async () => {
      expect(await target({ 'group_vars/web': `unused: ${inline('s3cret')}` }, {})).toMatchObject({ host: 'w' })
    })

    it.each<[string, Readonly<Record<string, string>>, VaultOptions, RegExp]>([
      [
        'a value without its password',
        { 'group_vars/web': `ansible_password: ${inline('s')}` },
        {},
        /^ansible_password is locked: give --vault-password-file/,
      ],
      ['a file without its password', { 'group_vars/web': envelope('a: 1\n') }, {}, /^is encrypted with ansible-vault, and locked: give/],
      [
        'another password',
        { 'group_vars/web': envelope('a: 1\n') },
        { vaultPasswordFile: [join(root, 'other')] },
        /locked by another password$/,
      ],
      [
        'a value that is shown',
        { 'group_vars/web': `ansible_host: ${inline('s3cret')}` },
        opens,
        /^ansible_host is a value of a vault, which may stand in a password only/,
      ],
      [
        'a file that is no mapping',
        { 'group_vars/web': envelope('s3cret') },
        opens,
        /^must be a mapping of variables inside its encryption$/,
      ],
      [
        'a file that is no YAML',
        { 'group_vars/web': envelope('s3cret: [') },
        opens,
        /^must be a mapping of variables inside its encryption$/,
      ],
    ])('tells %s', async (_, vars, options, message) => {
      expect(await target(vars, options)).toEqual([expect.stringMatching(message)])
    })

    it.each([
      ['a key', '- hosts: web\n  sysctl:\n    net.ipv4.tcp_rfc1337: "{{ v }}"\n'],
      ['a rule', '- hosts: web\n  iptables:\n    - {id: x, chain: INPUT, rule: "-s {{ v }} -j ACCEPT"}\n'],
      ['a part of a text', '- hosts: web\n  vars: {p: "x{{ v }}"}\n  sysctl:\n    net.ipv4.tcp_rfc1337: "{{ p }}"\n'],
    ])('may not stand in %s, and is never shown', async (_, playbook) => {
      for (const vars of [`v: ${inline('s3cret')}`, envelope('v: s3cret\n')]) {
        const run = await load({ 'group_vars/web': vars }, opens, playbook)
        expect(run).toMatchObject({
          problems: [{ message: expect.stringContaining('a value of a vault may stand in a password only'), line: expect.any(Number) }],
        })
        expect(JSON.stringify(run)).not.toContain('s3cret')
      }
    })

    describe('as a whole', () => {
      const sources: readonly (readonly [string, string])[] = [
        [
          'hosts',
          '[web]\nw ansible_host=192.0.2.7 ansible_password=s3cret note=private\n[web:vars]\nansible_user=deploy\n[top:children]\nweb\n',
        ],
        [
          'hosts.yml',
          'web:\n  hosts:\n    w: {ansible_host: 192.0.2.7, ansible_password: s3cret, note: private}\n  vars: {ansible_user: deploy}\ntop: {children: {web: }}\n',
        ],
      ]
      const loadWhole = async (name: string, text: string, options: VaultOptions, playbook: string) => {
        const folder = `whole${++made}`
        const path = write(`${folder}/${name}`, envelope(text))
        const book = write(`${folder}/p.yaml`, playbook)
        await takeVaultPasswords(options)
        const files = { files: disk, lookup: async () => [], user: 'me', home: '/root', shippedProfiles: '/nowhere' }
        return { run: await loadRun({ inventory: [path], playbooks: [book], ...files }), path, folder: join(root, folder) }
      }

      it.each(sources)('names hosts and groups, as it does for Ansible, and says how they are reached: %s', async (name, text) => {
        const { run, folder } = await loadWhole(name, text, opens, play)
        expect(run).toMatchObject({
          hosts: [{ target: { host: 'w', address: '192.0.2.7', user: 'deploy', password: 's3cret' }, groups: ['top', 'web'] }],
        })
        const [real] = ansible([
          { argv: ['ansible-inventory', '--list', '-i', name, '--vault-password-file', join(root, 'password')], cwd: folder },
        ])
        expect(JSON.parse(real!.out)).toMatchObject({
          top: { children: ['web'] },
          web: { hosts: ['w'] },
          _meta: { hostvars: { w: { ansible_host: '192.0.2.7' } } },
        })
      })

      it.each(sources)('keeps every other value closed: %s', async (name, text) => {
        const { run } = await loadWhole(name, text, opens, '- hosts: web\n  sysctl:\n    net.ipv4.tcp_rfc1337: "{{ note }}"\n')
        expect(run).toMatchObject({ problems: [{ message: expect.stringContaining('a value of a vault may stand in a password only') }] })
        expect(JSON.stringify(run)).not.toMatch(/private|s3cret/)
      })

      it.each<[string, string, VaultOptions, RegExp]>([
        ['no password', '[web]\nw\n', {}, /^is encrypted with ansible-vault, and locked: give --vault-password-file/],
        ['another password', '[web]\nw\n', { vaultPasswordFile: [join(root, 'other')] }, /locked by another password$/],
        ['a mistake inside', '[web]\nw s3cret\n', opens, /^cannot be read inside its encryption, at line 2: see ansible-vault view/],
      ])('tells %s, and no line of it', async (_, text, options, message) => {
        const { run } = await loadWhole('hosts', text, options, '[]\n')
        expect(run).toMatchObject({ problems: [{ message: expect.stringMatching(message) }] })
        expect(JSON.stringify(run)).not.toContain('s3cret')
      })
    })

    it('is listed closed, as ansible-inventory does', async () => {
      const folder = dirname(write('listed/hosts', '[web]\nw\n'))
      write('listed/group_vars/web', `a: ${inline('s3cret')}b: 1\n`)
      const [real] = ansible([
        { argv: ['ansible-inventory', '--list', '-i', 'hosts', '--vault-password-file', join(root, 'password')], cwd: folder },
      ])
      await takeVaultPasswords(opens)
      const { inventory } = readInventory([join(folder, 'hosts')], disk)
      const vars = Object.fromEntries([...inventory.hosts.get('w')!.vars].map(([name, { value }]) => [name, value]))
      expect(JSON.parse(JSON.stringify(listOf(inventory, () => vars)))).toEqual(JSON.parse(real!.out))
      expect(real!.out).toContain('__ansible_vault')
    })
  })
})
