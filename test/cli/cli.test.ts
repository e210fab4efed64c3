import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeFolder, runHere, runSource } from './process.js'

let empty: ReturnType<typeof makeFolder>
let filled: ReturnType<typeof makeFolder>
beforeAll(() => {
  empty = makeFolder()
  filled = makeFolder({
    'inventory.yaml': 'all:\n  hosts:\n    web1: {ansible_host: 192.0.2.1}\n',
    'playbooks/rfc1337.yaml': '- hosts: all\n  sysctl:\n    net.ipv4.tcp_rfc1337: 0\n',
    'bad.yaml': '- hosts: all\n  sysct:\n    net.ipv4.tcp_rfc1337: 0\n',
    'notes.txt': '',
    'odd.yaml': 'all: {children: {"web\\e[31m": {hosts: {"h\\x9b1m": , "ok\\u202ey": }}}}\n',
  })
})
afterAll(() => {
  empty.remove()
  filled.remove()
})
const cli = (...argv: string[]) => runSource('src/cli.ts', argv, empty.folder)

describe('the program', () => {
  it('draws no name that a terminal would obey', async () => {
    const { status, stdout } = await runHere(['inventory', '--graph', '-i', `${filled.folder}/odd.yaml`])
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining('@web\\x1b[31m:\n  |  |--h\\x9b1m') as string })
    expect(stdout).toContain('ok\\u202ey')
  })

  it('teaches when nothing is asked for', () => {
    const { status, stdout, stderr } = cli()
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(/1\. holdfast validate/)
  })

  it('prints its version', () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
    expect(cli('--version')).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' })
  })

  it('helps', () => {
    const { status, stdout } = cli('--help')
    expect(status).toBe(0)
    expect(stdout.match(/^ {2}(validate|plan|apply|rollback)\b/gm)).toHaveLength(4)
  })

  it('names the options of a command, and no empty defaults', () => {
    const { status, stdout } = cli('apply', '--help')
    expect(status).toBe(0)
    for (const option of [
      '-i,',
      '--limit',
      '--forks',
      '--check',
      '--diff',
      '--become',
      '--tags',
      '--serial',
      '--max-fail-percentage',
      '-e,',
      '-v,',
      '--known-hosts',
      '--confirm-timeout',
      '--lock-timeout',
      '--connect-timeout',
      '--accept-new-host-keys',
      '--prune',
      '--script',
      '--out',
      '--json',
    ])
      expect(stdout).toContain(option)
    expect(stdout).not.toMatch(/default: (false|\{|\[)/)
  })

  it.each([
    ['plan --limt x', "holdfast: unknown option '--limt' (did you mean --limit?)"],
    ['plna', "holdfast: unknown command 'plna' (did you mean plan?)"],
    ['--limit x plan', "holdfast: unknown option '--limit': options stand behind the command"],
    ['plan --forks 0', "holdfast: option '-f, --forks <n>' argument '0' is invalid: it must be a whole number, 1 or more"],
    [
      'plan --max-fail-percentage 101',
      "holdfast: option '--max-fail-percentage <n>' argument '101' is invalid: it must be a percentage, 0 to 100",
    ],
    ['plan -e novalue', "holdfast: option '-e, --extra-vars <key=value>' argument 'novalue' is invalid: it must be key=value"],
    [
      'plan',
      'holdfast: there is no inventory.yaml here: name an inventory with -i FILE, or write one with holdfast init (inventory = FILE under [defaults] of ansible.cfg and ANSIBLE_INVENTORY=FILE count, too)',
    ],
    ['report', 'holdfast: there is no run history here: name its folder with --state, or with -i the inventory beside which it stands'],
    ['apply nowhere.json', 'holdfast: there is no plan nowhere.json: holdfast plan --out nowhere.json keeps one'],
    ['plan --limit', "holdfast: option '-l, --limit <pattern>' needs a value: holdfast plan --help says which"],
    ['plan --frobnicate', "holdfast: unknown option '--frobnicate': holdfast plan --help names them"],
    ['watch --every 1x', "holdfast: option '--every <span>' argument '1x' is invalid: it must be like 90s, 15m, 4h or 2d"],
    ['inventory --host wbe1 -i web1,', 'holdfast: no host is called wbe1 (did you mean "web1"?)'],
    ['inventory --graph zzzzz -i web1,', 'holdfast: no group is called zzzzz: holdfast inventory --graph shows those there are'],
    ['completion ksh', "holdfast: 'ksh' is none of bash, zsh, fish"],
    [
      'rollback',
      'holdfast: rollback needs PATTERN (hosts, as Ansible host patterns): holdfast rollback web1 --list; holdfast rollback --help shows more',
    ],
    ['inventory web1', "holdfast: inventory takes no argument, and there stands 'web1': holdfast inventory --help"],
    ['completion bash zsh', "holdfast: completion takes 1 argument, and there stands 'zsh', too: holdfast completion --help"],
    ['plan -i nowhere.yaml', 'holdfast: there is no inventory nowhere.yaml'],
    ['apply --out x', 'holdfast: --script and --out belong to plan, or to apply --check'],
    [
      'plan \u001b[31m',
      'holdfast: there is no inventory.yaml here: name an inventory with -i FILE, or write one with holdfast init (inventory = FILE under [defaults] of ansible.cfg and ANSIBLE_INVENTORY=FILE count, too)',
    ],
  ])('%j is refused in one sentence', async (line, sentence) => {
    expect(await runHere(line.split(' '))).toEqual({ status: 1, stdout: '', stderr: `${sentence}\n` })
  })

  it.each([
    ['frobnicate', 'frobnicate'],
    ['frobnicate --help', 'frobnicate'],
    ['\u001b[31m', '\\x1b[31m'],
  ])('the unknown command %j is answered with those there are', async (line, shown) => {
    const { status, stdout, stderr } = await runHere(line.split(' '))
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toContain(`holdfast: unknown command '${shown}': the commands are validate, plan, apply`)
    expect(stderr.split('\n')).toHaveLength(2)
  })

  it('is refused by the real process too', () => {
    expect(cli('plan', '--limt', 'x')).toMatchObject({
      status: 1,
      stdout: '',
      stderr: "holdfast: unknown option '--limt' (did you mean --limit?)\n",
    })
    expect(cli('plan')).toMatchObject({
      status: 1,
      stdout: '',
      stderr:
        'holdfast: there is no inventory.yaml here: name an inventory with -i FILE, or write one with holdfast init (inventory = FILE under [defaults] of ansible.cfg and ANSIBLE_INVENTORY=FILE count, too)\n',
    })
  })

  it('prints one JSON document for a mistake too', () => {
    const { status, stdout } = cli('plan', '--json')
    expect(status).toBe(1)
    expect(JSON.parse(stdout).problems[0].message).toMatch(/no inventory\.yaml/)
  })
})

describe('files', () => {
  const here = (...argv: string[]) => runSource('src/cli.ts', argv, filled.folder)
  it.each([
    [['validate'], 0, 'no problems; the plays name 1 host\n'],
    [['validate', 'bad.yaml'], 1, ''],
    [['validate', 'none.yaml'], 1, ''],
    [['plan', 'plan.json'], 1, ''],
    [['validate', 'playbooks'], 1, ''],
    [['validate', '--limit', 'nobody'], 1, ''],
  ])('%j exits %i', (argv, code, stdout) => expect(here(...argv)).toMatchObject({ status: code, stdout }))

  it('shows a problem with its place', () => {
    expect(here('validate', 'bad.yaml').stderr).toMatch(/^bad\.yaml:2:3 .*sysct.*\n {6}sysct:\n {6}\^\n1 problem\n$/)
    const { problems } = JSON.parse(here('validate', 'bad.yaml', '--json').stdout)
    expect(problems).toMatchObject([{ file: 'bad.yaml', line: 2, column: 3 }])
    expect(JSON.parse(here('validate', '--json').stdout)).toEqual({ problems: [] })
  })
})

describe('hosts', () => {
  it('that refuse the connection are unreachable: exit 4', () => {
    const place = makeFolder({
      'inventory.yaml': 'all:\n  hosts:\n    web1: {ansible_host: 127.0.0.1, ansible_port: 1, ansible_user: root}\n',
      'playbooks/a.yaml': '- hosts: all\n  sysctl:\n    net.ipv4.tcp_rfc1337: 0\n',
    })
    const { status, stdout, stderr } = runSource(
      'src/cli.ts',
      ['plan', '--json', '--known-hosts', 'none', '--accept-new-host-keys'],
      place.folder,
    )
    place.remove()
    expect({ status, stderr }).toMatchObject({ status: 4 })
    expect(JSON.parse(stdout)).toMatchObject({
      hosts: [{ host: 'web1', outcome: 'unreachable', changes: [] }],
      summary: { unreachable: 1 },
    })
    expect(stderr).toContain('web1 : unreachable')
  })
})
