import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { type Lab, startLab } from '../lab/lab.js'
import { example, library, module, packageFolder, play, program, repository } from './ansible-module.js'

const keepalive = [{ name: 'Keepalive', hosts: 'web', sysctl: { 'net.ipv4.tcp_keepalive_time': 325 } }]
const inventory = '{{ ansible_inventory_sources }}'

/** An Ansible playbook of one task of the module, run once over `hosts`. */
const task = (args: object, words: object = {}, hosts = 'web1') => [
  { hosts, gather_facts: false, tasks: [{ holdfast: args, delegate_to: 'localhost', run_once: true, ...words }] },
]
const rule = { id: 'monitoring', chain: 'INPUT', rule: '-p tcp -s 192.0.2.0/28 --dport 9100 -j ACCEPT' }

describe('an Ansible playbook that runs holdfast', () => {
  let lab: Lab
  let env: NodeJS.ProcessEnv
  const held = (name: string) =>
    lab
      .host(name)
      .must(
        'cat /proc/sys/net/ipv4/tcp_keepalive_time; ls /etc/sysctl.d; iptables-save | grep -v "^#" | sed "s/ .[0-9]*:[0-9]*.$//"; cat /etc/iptables/rules.v4 2>/dev/null || :',
      )
  const only = (...names: readonly string[]) => ({ 'inventory.yaml': stringify({ all: narrowed(names) }) })
  const narrowed = (names: readonly string[]) => {
    const { all } = parse(readFileSync(join(lab.dir, 'inventory.yaml'), 'utf8')) as { all: { vars: object; hosts: Record<string, object> } }
    const hosts = Object.fromEntries(names.map((name) => [name, all.hosts[name] ?? { ansible_host: '198.18.0.99' }]))
    return { vars: all.vars, hosts, children: { web: { hosts: Object.fromEntries(names.map((name) => [name, {}])) } } }
  }

  beforeAll(async () => {
    lab = await startLab([
      { name: 'web1', kind: 'web', users: [{ name: 'deploy', password: 'h0ld-it', sudoers: 'deploy ALL=(ALL) ALL' }] },
      { name: 'web2', kind: 'web' },
      { name: 'walled', kind: 'bare', files: { '/etc/ufw/ufw.conf': 'ENABLED=yes\n' } },
    ])
    env = { HOLDFAST: program(join(lab.dir, 'bin/holdfast')) }
  })
  afterAll(() => lab?.stop())

  it('changes nothing in check mode, says what would be, converges, and then says changed=0', async () => {
    const dir = repository(lab, { ...only('web1', 'web2'), 'site.yaml': example(), 'holdfast.yaml': keepalive })
    const before = [await held('web1'), await held('web2')]
    const checked = await play(lab, dir, ['site.yaml', '--check', '--diff'], env)
    expect([checked.code, checked.recap.web1], checked.stdout).toMatchObject([0, { changed: 2, failed: 0 }])
    expect(checked.stdout).toContain('--- before: web2\n+++ after: web2\n')
    expect(checked.stdout).toContain('\n-live net.ipv4.tcp_keepalive_time = 7200\n')
    expect(checked.stdout).toContain('\n+live net.ipv4.tcp_keepalive_time = 325\n')
    expect(checked.stdout).toMatch(/^\+boot ipv4 filter INPUT monitoring \(at \d+\): -s 192\.0\.2\.0\/28 -p tcp .*-j ACCEPT$/m)
    expect([await held('web1'), await held('web2')]).toEqual(before)

    const first = await play(lab, dir, ['site.yaml'], env)
    expect([first.code, first.recap.web1], first.stdout).toMatchObject([0, { changed: 2, failed: 0 }])
    expect(first.stdout).not.toContain('--- before')
    for (const name of ['web1', 'web2']) {
      expect(await held(name)).toMatch(/^325\n[\s\S]*zz-holdfast\.conf[\s\S]*holdfast:monitoring[\s\S]*holdfast:monitoring/)
    }

    const second = await play(lab, dir, ['site.yaml', '--diff'], env)
    expect([second.code, second.recap], second.stdout).toMatchObject([0, { web1: { changed: 0, ok: 3 }, web2: { changed: 0, failed: 0 } }])
    expect(second.stdout).not.toContain('--- before')
  })

  it('goes on with the other hosts, and says of each that failed why', async () => {
    const files = { 'site.yaml': example(), 'holdfast.yaml': [{ hosts: 'web', iptables: [{ ...rule, place: 'first' }] }] }
    const dir = repository(lab, { ...files, ...only('web1', 'walled', 'gone') })
    const ran = await play(lab, dir, ['site.yaml'], env)
    expect(ran.code).toBe(2)
    expect(ran.recap, ran.stdout).toMatchObject({ web1: { failed: 0 }, walled: { failed: 1 }, gone: { failed: 1 } })
    expect(ran.stdout).toMatch(/fatal: \[walled\].*beside: \[ufw\]/)
    expect(ran.stdout).toMatch(/fatal: \[gone\].*198\.18\.0\.99 port 22: no /)
  })

  it('fails the task, with the names and the reasons, where the playbook does not ask', async () => {
    const args = { inventory, limit: '{{ ansible_play_hosts }}', connect_timeout: 2, iptables: [rule] }
    const dir = repository(lab, { ...only('web1', 'walled', 'gone'), 'site.yaml': task(args, {}, 'all') })
    const { code, results } = await play(lab, dir, ['site.yaml', '-v'], env)
    expect(code).toBe(2)
    const [result] = results
    expect(result).toMatchObject({ failed: true, rc: 3, unreachable_hosts: ['gone'], summary: { failed: 1, unreachable: 1 } })
    expect(result!.msg).toMatch(/^walled: failed: .*ufw[\s\S]*^gone: unreachable: 198\.18\.0\.99 port 22/m)
    expect(result!.hosts).toMatchObject({ walled: { outcome: 'failed', changes: [] }, gone: { outcome: 'unreachable' } })
  })

  it('narrows as --limit of ansible-playbook does, and one task a host works as well', async () => {
    const each = {
      holdfast: { inventory, limit: '{{ inventory_hostname }}', sysctl: { 'net.ipv4.tcp_fin_timeout': 44 } },
      delegate_to: 'localhost',
    }
    const narrow = { inventory, playbooks: 'a.yaml', limit: '{{ ansible_limit | default(omit) }}' }
    const plays = [{ hosts: 'all', gather_facts: false, tasks: [each] }, ...task(narrow, {}, 'all')]
    const dir = repository(lab, {
      ...only('web1', 'web2'),
      'site.yaml': plays,
      'a.yaml': [{ hosts: 'web', sysctl: { 'net.ipv4.tcp_fin_timeout': 44 } }],
    })
    const { results, recap, stdout } = await play(lab, dir, ['site.yaml', '-v', '--limit', 'web2'], env)
    expect(
      results.map(({ hosts }) => Object.keys(hosts ?? {})),
      stdout,
    ).toEqual([['web2'], ['web2']])
    const both = await play(lab, dir, ['site.yaml', '-v'], env)
    expect(both.results.map(({ hosts }) => Object.keys(hosts ?? {})).sort()).toEqual([['web1'], ['web1', 'web2'], ['web2']])
    expect([recap.web2?.changed, both.recap.web1?.changed, both.recap.web2?.changed]).toEqual([1, 1, 0])
  })

  it('passes text on as it is, obeys no_log, and takes many hosts', async () => {
    const comment = `$(touch ${lab.dir}/ran) 'a' 日本語`
    const hostile = { ...rule, id: 'hostile', rule: `-p tcp --dport 9101 -m comment --comment ${JSON.stringify(comment)} -j ACCEPT` }
    const many = { inventory, limit: "{{ ['web2'] * 40000 }}", iptables: [hostile] }
    const peers = { ...rule, id: 'peers', rule: 'PEERS' }
    const tasks = [many, { ...many, limit: 'web2', iptables: [peers] }]
    const site = stringify([...tasks.flatMap((each) => task(each, {}, 'all')), ...task(tasks[0]!, { no_log: true }, 'all')])
    // Ansible leaves alone what is !unsafe: it is holdfast's to fill in.
    const files = {
      'site.yaml': site.replace('PEERS', '!unsafe "-p tcp -s {{ groups.web.addresses }} -j ACCEPT"'),
      ...only('web1', 'web2'),
    }
    const ran = await play(lab, repository(lab, files), ['site.yaml', '-v', '--diff', '-e', 'ansible_python_interpreter=/none'], env)
    expect([ran.code, ran.recap.web1?.changed], ran.stdout).toEqual([0, 2])
    const saved = await lab.host('web2').must('iptables-save')
    for (const { address } of [lab.host('web1'), lab.host('web2')]) expect(saved).toContain(`-s ${address}/32 -p tcp`)
    expect(saved).toContain(comment.replaceAll("'", "\\'"))
    expect(ran.results[2]).toMatchObject({ censored: expect.stringContaining('no_log') as string })
    expect(() => readFileSync(join(lab.dir, 'ran'))).toThrow()
  })

  it('takes the inventory as Ansible has it: a user, sudo and its password from the vault, which nobody is shown', async () => {
    const files = { password: 'lab\n', 'ansible.cfg': '[defaults]\nvault_password_file = password\ninventory = inventories\n' }
    const dir = repository(lab, { ...files, 'plays/a.yaml': [{ hosts: 'web', sysctl: { 'net.ipv4.tcp_fin_timeout': 45 } }] })
    const encrypt = ['encrypt_string', 'h0ld-it', '--name', 'ansible_become_password']
    const vaulted = await lab.run(['/usr/bin/ansible-vault', ...encrypt], { cwd: dir })
    // The variables stand beside the Ansible playbook, ansible.cfg where people start it.
    mkdirSync(join(dir, 'plays/group_vars'))
    writeFileSync(join(dir, 'plays/group_vars/all.yaml'), `ansible_user: deploy\nansible_become: true\n${vaulted.stdout}`)
    const { ansible_user: _, ...key } = narrowed([]).vars as Record<string, unknown>
    mkdirSync(join(dir, 'inventories'))
    writeFileSync(join(dir, 'inventories/lab.yaml'), stringify({ all: { ...narrowed(['web1']), vars: key } }))
    const args = { inventory, limit: 'all', config: '{{ ansible_config_file }}' }
    const tasks = [{ playbooks: 'a.yaml' }, { sysctl: { 'net.ipv4.tcp_orphan_retries': 5 } }].map((more) => ({ ...args, ...more }))
    writeFileSync(join(dir, 'plays/site.yaml'), stringify(tasks.flatMap((each) => task(each, { become: false }))))
    symlinkSync(library, join(dir, 'plays/library'))
    const configured = { ...env, ANSIBLE_CONFIG: undefined, ANSIBLE_INVENTORY: undefined }
    const ran = await play(lab, dir, ['plays/site.yaml', '-vvv', '--diff'], configured)
    expect([ran.code, ran.recap.web1?.changed], ran.stdout).toEqual([0, 2])
    expect(await lab.host('web1').must('cd /proc/sys/net/ipv4; cat tcp_fin_timeout tcp_orphan_retries')).toBe('45\n5\n')
    expect(ran.stdout).not.toContain('h0ld-it')
  })

  it('tells a mistake in a file or in the task, with no host contacted, and finds the program of its package', async () => {
    const packed = packageFolder(join(lab.dir, 'package'), true)
    const wrong: readonly (readonly [object, RegExp])[] = [
      [{ playbooks: 'b.yaml' }, /^b\.yaml:2:3 unknown key "sysctls" \(did you mean "sysctl"\?\)\n\(no host was contacted\)$/],
      [{ iptables: [{ id: 'a', chain: 'INPUT', ruel: '-j ACCEPT' }], limit: 'web1' }, /the task's iptables\.0\.ruel: unknown key "ruel"/],
      [{ sysctl: {}, limit: 'web1', lock_timout: 2 }, /"lock_timout" is no argument of holdfast: did you mean lock_timeout\?/],
      [{ sysctl: {}, limit: 'nosuch' }, /^limit: no host and no group is called "nosuch"\n\(no host was contacted\)$/],
    ]
    const tasks = wrong.map(([args]) => ({ holdfast: { inventory, ...args }, delegate_to: 'localhost', ignore_errors: true }))
    const files = { 'b.yaml': '- hosts: web\n  sysctls: {}\n', 'site.yaml': [{ hosts: 'web1', gather_facts: false, tasks }] }
    const execs = lab.host('web1').execs()
    const { results, stdout } = await play(lab, repository(lab, { ...files, ...only('web1') }, join(packed, 'playbooks/library')), [
      'site.yaml',
      '-v',
    ])
    expect(results.length, stdout).toBe(wrong.length)
    for (const [at, [, message]] of wrong.entries()) {
      expect(results[at]).toMatchObject({ failed: true, changed: false })
      expect(results[at]!.msg).toMatch(message)
    }
    expect(results[0]!.executable).toBe(join(packed, 'dist/cli.js'))
    expect(lab.host('web1').execs()).toBe(execs)
  })
})

describe('the module', () => {
  let dir: string
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'holdfast-ansible-'))
  })
  afterAll(() => rmSync(dir, { recursive: true }))

  it.each<readonly [object, string | RegExp]>([
    [
      { inventory: 'i', sysctl: {}, limit: 'a', state: 'present' },
      'state belongs to a rule in iptables; for the folder of the run history say state_folder',
    ],
    [{ inventory: 'i', sysctl: {}, limit: 'a', diff: true }, /^diff is a word of the task/],
    [{ playbooks: 'a' }, 'which inventory? Write inventory: "{{ ansible_inventory_sources }}" for that of ansible-playbook'],
    [{ inventory: 'i' }, /^what should the hosts hold\? Name playbooks/],
    [{ inventory: 'i', sysctl: {} }, /^which hosts\? Write limit: /],
    [{ inventory: 'i', playbooks: 'a', limit: '' }, 'limit must be text, not ""'],
    [{ inventory: 'i', playbooks: [] }, 'playbooks is empty: leave it out, or name something'],
    [{ inventory: 'i', playbooks: 'a', sysctl: {} }, /^playbooks and sysctl do not go together/],
    [{ inventory: 'i', sysctl: {}, limit: 'a', prune: true }, /^prune is about playbooks/],
    [{ inventory: 'i', playbooks: 'a', become: 'maybe' }, 'become must be true or false, not "maybe"'],
    [{ inventory: 'i', playbooks: 'a', confirm_timeout: '2s' }, 'confirm_timeout must be a whole number, not "2s"'],
    [{ inventory: 'i', playbooks: 'a', extra_vars: { a: ['b'] } }, /^extra_vars\.a must be text, a number or a boolean/],
    [{ inventory: 'i', playbooks: 'a', executable: './none' }, 'there is no program ./none, which executable names'],
    [{ inventory: 'i', playbooks: 'a', chdir: './none' }, /^chdir: \.\/none: ENOENT/],
  ])('refuses %j', (args, message) => {
    const { msg, ...rest } = module(dir, args, { HOLDFAST: '/bin/true' })
    expect(rest).toMatchObject({ failed: true, changed: false })
    expect(msg).toMatch(message)
  })

  it('finds the program that is named, beside it, in node_modules or on PATH, or says what is missing', () => {
    const found = (env: NodeJS.ProcessEnv, more: object = {}): string => {
      const { executable, msg } = module(dir, { inventory: 'none.yaml', playbooks: 'a.yaml', ...more }, env)
      if (executable !== undefined) expect(msg).toBe('there is no inventory none.yaml\n(no host was contacted)')
      return executable?.replace(dir, '') ?? msg
    }
    expect(found({})).toMatch(/^holdfast is not found on .*\(delegate_to: localhost\), install holdfast there, or name it/)
    const raw = join(packageFolder(join(dir, 'raw'), false), 'playbooks/library')
    expect(found({ ANSIBLE_LIBRARY: raw })).toBe(`holdfast is not built: run npm ci && npm run build in ${join(dir, 'raw')}`)
    program(join(dir, 'bin/holdfast'))
    const PATH = `${join(dir, 'bin')}:/usr/bin:/bin`
    expect(found({ PATH, ANSIBLE_LIBRARY: raw })).toBe('/bin/holdfast')
    packageFolder(join(dir, 'node_modules/holdfast'), true)
    expect(found({ PATH })).toBe('/node_modules/holdfast/dist/cli.js')
    symlinkSync(join(packageFolder(join(dir, 'linked'), true), 'playbooks/library'), join(dir, 'library'))
    expect(found({ PATH })).toBe('/linked/dist/cli.js')
    expect(found({ HOLDFAST: 'bin/holdfast' })).toBe('/bin/holdfast')
    expect(found({ PATH, HOLDFAST: '/none' }, { executable: 'holdfast' })).toBe('/bin/holdfast')
  })

  it('shows no value of extra_vars, and nothing that a terminal obeys', () => {
    const args = { inventory: 'i\u001b[31m\u202e.yaml', playbooks: 'a', extra_vars: { port: 'S3CRET' } }
    const { msg, invocation } = module(dir, args, { HOLDFAST: join(dir, 'bin/holdfast') })
    expect(msg).toBe('there is no inventory i\\u{1b}[31m\\u{202e}.yaml\n(no host was contacted)')
    expect(invocation!.module_args).toMatchObject({ playbooks: 'a', extra_vars: { port: 'VALUE_SPECIFIED_IN_NO_LOG_PARAMETER' } })
  })

  it('is described by ansible-doc, each of its arguments', () => {
    const said = execFileSync('/usr/bin/ansible-doc', ['-t', 'module', '-M', library, '--json', 'holdfast'], { encoding: 'utf8' })
    const { doc, examples } = (JSON.parse(said) as { holdfast: { doc: { options: object }; examples: string } }).holdfast
    expect(examples).toContain('run_once: true')
    const taken = /there are (.*)$/.exec(module(dir, { zzzzzzzzz: 1 }).msg)![1]!.split(', ')
    expect(Object.keys(doc.options).sort()).toEqual(taken.sort())
  })
})
