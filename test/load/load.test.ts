import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Files } from '../../src/load/files.js'
import { readInventory } from '../../src/load/inventory.js'
import type { Run } from '../../src/load/load.js'
import { readProfile } from '../../src/load/profile.js'
import type { IptablesWant } from '../../src/resources/iptables/want.js'
import { loadTexts, memory, said, yamlRows } from './rows.js'

type Loaded = Awaited<ReturnType<typeof loadTexts>>

function runOf(loaded: Loaded): Run {
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems, null, 1))
  return loaded
}

function filterOf(loaded: Loaded): IptablesWant {
  const [host] = runOf(loaded).hosts
  return host?.want.resources.iptables as IptablesWant
}

function problemsOf(loaded: Loaded, file: string): readonly string[] {
  return 'problems' in loaded ? said(loaded.problems, file) : []
}

describe('inventories', () => {
  interface Row {
    readonly name: string
    readonly files: Readonly<Record<string, string>>
    readonly hosts?: readonly string[]
    readonly groups?: Readonly<Record<string, readonly string[]>>
    readonly vars?: Readonly<Record<string, unknown>>
    readonly problems?: readonly string[]
  }
  it.each(yamlRows<Row[]>('inventories.yaml'))('$name', ({ files, hosts, groups = {}, vars = {}, problems = [] }) => {
    const read = readInventory(['inventory.yaml'], memory(files))
    expect(said(read.problems, 'inventory.yaml')).toEqual(problems)
    if (hosts) expect([...read.inventory.hosts.keys()]).toEqual(hosts)
    for (const [name, members] of Object.entries(groups)) expect([name, read.inventory.groups.get(name)]).toEqual([name, members])
    for (const [way, value] of Object.entries(vars)) {
      const at = way.lastIndexOf('.')
      expect([way, read.inventory.hosts.get(way.slice(0, at))?.vars.get(way.slice(at + 1))?.value]).toEqual([way, value])
    }
  })

  it('takes several files, and a folder of files', () => {
    const files = memory({
      'inv/a.yaml': 'web: {hosts: {w1: }}',
      'inv/b.yml': 'web: {hosts: {w2: }}',
      'inv/c.txt.orig': ':',
      'inv/group_vars/web': 'x: 1',
      'other.yaml': 'web: {hosts: {w3: }}',
    })
    const { inventory, problems } = readInventory(['inv', 'other.yaml'], files)
    expect(problems).toEqual([])
    expect([...inventory.hosts].map(([name, host]) => [name, host.vars.get('x')?.value])).toEqual([
      ['w1', 1],
      ['w2', 1],
      ['w3', 1],
    ])
    expect(inventory.folder).toBe('inv')
  })
})

describe('targets', () => {
  interface Row {
    readonly vars: Readonly<Record<string, unknown>>
    readonly target?: object
    readonly reach?: readonly object[]
    readonly problems?: readonly string[]
  }
  it.each(yamlRows<Row[]>('targets.yaml'))('$vars', async ({ vars, target = {}, reach = [], problems = [] }) => {
    const inventory = `all:\n  hosts:\n    h: ${JSON.stringify(vars)}\n`
    const loaded = await loadTexts({ 'inventory.yaml': inventory, 'p.yaml': '- hosts: h' })
    expect(problemsOf(loaded, 'inventory.yaml').map((each) => each.replace(/^3:\d+ /, ''))).toEqual(problems)
    if (problems.length > 0) return
    expect(runOf(loaded).hosts[0]?.target).toMatchObject(target)
    expect(runOf(loaded).hosts[0]?.want.reach ?? []).toMatchObject(reach)
  })
})

describe('rules', () => {
  const inventory = `proxy: {hosts: {p1: {ansible_host: 192.0.2.1}, p2: {holdfast_addresses: [192.0.2.2]}}}
void: {hosts: {}}
all: {hosts: {a1: {port: 8080, lst: [10.0.0.1, 10.0.0.2], mix: [10.0.0.1, '2001:db8::1'], none: [], blank: '', words: '-p tcp -m tcp', quoted: "it's $(x)"}}}`

  interface Row {
    readonly rule: unknown
    readonly family?: string
    readonly if_empty?: string
    readonly specs?: readonly string[]
    readonly specs6?: readonly string[]
    readonly problem?: string
    readonly problems?: readonly string[]
  }
  const shown = (specs: readonly (readonly string[])[] = []) =>
    specs.map((spec) => spec.map((word) => (word === '' ? '∅' : word.replaceAll(' ', '␠'))).join(' '))
  it.each(yamlRows<Row[]>('rules.yaml'))('$rule', async ({ rule, family = 'ipv4', if_empty, specs, specs6, problem, problems }) => {
    const item = { id: 'x', chain: 'INPUT', family, rule, if_empty }
    const loaded = await loadTexts({ 'inventory.yaml': inventory, 'p.yaml': JSON.stringify([{ hosts: 'a1', iptables: [item] }]) })
    const told = 'problems' in loaded ? loaded.problems.map(({ message }) => message) : []
    expect(told).toEqual(problems ?? (problem === undefined ? [] : [problem]))
    if (told.length > 0) return
    const { rules } = filterOf(loaded)
    expect(rules.map((each) => shown(each.specs))).toEqual(specs6 ? [specs, specs6] : [specs])
  })
})

describe('playbooks', () => {
  const inventory = `appliance: {hosts: {a1: , a2: }}
web: {hosts: {w1: }}
proxy: {hosts: {p1: {ansible_host: 192.0.2.1}}}
void: {hosts: {}}`
  const profiles = {
    'profiles/one.yaml': "{name: One, iptables: {script: /x, marker: m, line: {ipv4: '{rule}'}, read: '(?<rule>.*)'}}",
    'profiles/two.yaml': '{name: Two}',
    'profiles/bad.yaml': '{}',
  }
  interface Row {
    readonly text: string
    readonly problems?: readonly string[]
    readonly want?: Readonly<Record<string, unknown>>
  }
  it.each(yamlRows<Row[]>('playbooks.yaml'))('$text', async ({ text, problems = [], want = {} }) => {
    const loaded = await loadTexts({ 'inventory.yaml': inventory, 'play.yaml': text, ...profiles })
    expect(problemsOf(loaded, 'play.yaml')).toEqual(problems)
    for (const [way, value] of Object.entries(want)) {
      const found = way.split('.').reduce<unknown>((here, step) => (here as Record<string, unknown>)[step], runOf(loaded).hosts[0]?.want)
      expect([way, found]).toEqual([way, value])
    }
  })
})

describe('profiles', () => {
  it.each(yamlRows<{ text: string; problems: string[] }[]>('profiles.yaml'))('$text', ({ text, problems }) => {
    expect(said(readProfile('p', text).problems, 'p')).toEqual(problems)
  })
})

describe('a run', () => {
  const texts = {
    'inventory.yaml':
      'web: {hosts: {w2: , w1: , w3: }}\nproxy: {hosts: {p1: {ansible_host: 192.0.2.1}, p2: {ansible_host: four.example.com}}}',
    'a.yaml': '- {hosts: web, tags: [one], sysctl: {net.ipv4.tcp_rfc1337: 0}}\n- {hosts: w1, tags: two, sysctl: {net.ipv4.ip_forward: 1}}',
    'b.yaml': "- {hosts: 'w1:w2', iptables: [{id: x, chain: INPUT, rule: '-s {{ groups.proxy.addresses }} -j ACCEPT'}]}",
  }
  const names = (loaded: Loaded) => runOf(loaded).hosts.map(({ target }) => target.host)

  it('holds the hosts that plays name, in the order of the inventory', async () => {
    const loaded = runOf(await loadTexts(texts))
    expect(names(loaded)).toEqual(['w2', 'w1', 'w3'])
    expect(loaded.hosts[1]?.want).toMatchObject({ host: 'w1', playbooks: ['a.yaml', 'b.yaml'], mayRemove: true, prune: false })
    expect(loaded.hosts[1]?.groups).toEqual(['web'])
    expect(loaded.notes).toEqual(['four.example.com is 192.0.2.44'])
  })

  it('does not shrink groups under --limit, and removes nothing then', async () => {
    const loaded = runOf(await loadTexts(texts, { limit: 'w1' }))
    expect(names(loaded)).toEqual(['w1'])
    expect(loaded.hosts[0]?.want.mayRemove).toBe(false)
    expect(filterOf(loaded).rules[0]?.specs).toEqual([
      ['-s', '192.0.2.1', '-j', 'ACCEPT'],
      ['-s', '192.0.2.44', '-j', 'ACCEPT'],
    ])
  })

  it.each([
    ['@limits', ['w2', 'w3'], []],
    ['web:!w1', ['w2', 'w3'], []],
    ['@missing', [], ['--limit:1:1 there is no file missing']],
    ['w9', [], ['--limit:1:1 no host and no group is called "w9" (did you mean "w2"?)']],
  ])('--limit %s', async (limit, hosts, problems) => {
    const loaded = await loadTexts({ ...texts, limits: 'w3\n\nw2\n' }, { limit })
    expect(problemsOf(loaded, 'a.yaml')).toEqual(problems)
    if (problems.length === 0) expect(names(loaded)).toEqual(hosts)
  })

  it.each([
    [['two'], ['w1'], []],
    [['one', 'two'], ['w2', 'w1', 'w3'], []],
    [['untagged'], ['w2', 'w1'], []],
    [['thre'], [], ['--tags:1:1 no play has the tag "thre"']],
    [['twoo'], [], ['--tags:1:1 no play has the tag "twoo" (did you mean "two"?)']],
  ])('--tags %s', async (tags, hosts, problems) => {
    const loaded = await loadTexts(texts, { tags })
    expect(problemsOf(loaded, 'a.yaml')).toEqual(problems)
    if (problems.length > 0) return
    expect(names(loaded)).toEqual(hosts)
    expect(runOf(loaded).hosts.every(({ want }) => !want.mayRemove)).toBe(true)
  })

  it('lets -e win over the play, and the play over the inventory', async () => {
    const own = {
      'inventory.yaml': 'web: {hosts: {w: {a: 1, b: 1, c: 1}}}',
      'p.yaml': "- {hosts: w, vars: {b: 2, c: 2}, sysctl: {x.y: '{{ a }}{{ b }}{{ c }}'}}",
    }
    const loaded = runOf(await loadTexts(own, { extraVars: { c: '3', ansible_user: 'e' } }))
    expect(loaded.hosts[0]?.want.resources).toMatchObject({ sysctl: { keys: [{ value: '123' }] } })
    expect(loaded.hosts[0]?.target.user).toBe('e')
  })

  it('tells a group whose member has no address', async () => {
    const own = {
      'inventory.yaml': 'g: {hosts: {nowhere: }}\nweb: {hosts: {w: }}',
      'p.yaml': "- {hosts: w, iptables: [{id: x, chain: INPUT, rule: '-s {{ groups.g.addresses }}'}]}",
    }
    expect(problemsOf(await loadTexts(own), 'p.yaml')).toEqual([
      '1:57 nowhere has no address: nowhere could not be looked up (write holdfast_addresses or ansible_host for it)',
    ])
  })

  it('asks for each name once', async () => {
    const asked: string[] = []
    const lookup = async (name: string) => {
      asked.push(name)
      return ['192.0.2.7']
    }
    const own = {
      'inventory.yaml': 'g: {hosts: {n1: , n2: }}\nweb: {hosts: {w1: , w2: }}',
      'p.yaml': "- {hosts: web, iptables: [{id: x, chain: INPUT, rule: '-s {{ groups.g.addresses }},n1'}]}",
    }
    const loaded = runOf(await loadTexts(own, { lookup }))
    expect(asked.sort()).toEqual(['n1', 'n2'])
    expect(loaded.notes).toEqual(['n1 is 192.0.2.7', 'n2 is 192.0.2.7'])
  })

  it('names a playbook as seen from the folder of the inventory', async () => {
    const own = { 'env/inventory.yaml': 'web: {hosts: {w: }}', 'env/plays/p.yaml': '- hosts: w' }
    const input = { inventory: ['env/inventory.yaml'], playbooks: ['env/plays/p.yaml'] }
    expect(runOf(await loadTexts(own, input)).hosts[0]?.want.playbooks).toEqual(['plays/p.yaml'])
    const absolute = { ...own, '/home/x/env/plays/p.yaml': '- hosts: w' }
    const mixed = { ...input, playbooks: ['/home/x/env/plays/p.yaml'], cwd: '/home/x' }
    expect(runOf(await loadTexts(absolute, mixed)).hosts[0]?.want.playbooks).toEqual(['plays/p.yaml'])
  })

  it('names the hosts that a problem concerns, where it is not all of them', async () => {
    const own = { 'inventory.yaml': 'web: {hosts: {w1: {v: 1}, w2: , w3: }}', 'p.yaml': "- {hosts: web, sysctl: {x.y: '{{ v }}'}}" }
    expect(problemsOf(await loadTexts(own), 'p.yaml')).toEqual(['1:31 unknown variable "v" (for w2 and 1 more)'])
  })

  it('tells the problems of all files at once', async () => {
    const own = { 'inventory.yaml': 'web: {host: {}}', 'a.yaml': '- {}', 'b.yaml': 'x: [' }
    expect(problemsOf(await loadTexts(own), 'a.yaml').length).toBe(3)
  })

  it('reads a fleet soon: 1,000 proxies let in on 2,000 hosts', { timeout: 60_000 }, async () => {
    const hosts = Array.from({ length: 1000 }, (_, at) => `    p${at}: {ansible_host: 10.0.${at >> 8}.${at & 255}}`).join('\n')
    const own = {
      'inventory.yaml': `proxy:\n  hosts:\n${hosts}\nweb: {hosts: {'w[1:2000]': {x: 1}}}`,
      'p.yaml':
        "- {hosts: web, sysctl: {a.b: '{{ x }}'}, iptables: [{id: x, chain: INPUT, rule: '-s {{ groups.proxy.addresses }} -j ACCEPT'}]}",
    }
    const before = performance.now()
    expect(runOf(await loadTexts(own)).hosts.length).toBe(2000)
    expect(performance.now() - before).toBeLessThan(20_000)
  })
})

describe('limits of the kernel', () => {
  it.each([
    ['--comment', 255],
    ['--log-prefix', 29],
    ['--nflog-prefix', 63],
  ])('%s takes %i bytes and no more', async (option, most) => {
    const rule = (length: number) => `-j X ${option} ${'x'.repeat(length)}`
    const texts = (length: number) => ({
      'inventory.yaml': 'all: {hosts: {a: }}',
      'p.yaml': JSON.stringify([{ hosts: 'a', iptables: [{ id: 'x', chain: 'INPUT', rule: rule(length) }] }]),
    })
    expect(problemsOf(await loadTexts(texts(most)), 'p.yaml')).toEqual([])
    expect(problemsOf(await loadTexts(texts(most + 1)), 'p.yaml').map((each) => each.replace(/^\S+ /, ''))).toEqual([
      `${option} takes ${most} bytes, this is ${most + 1}`,
    ])
  })
})

describe('what is shipped', () => {
  const root = new URL('../../', import.meta.url).pathname
  const files: Files = {
    read: (path) => {
      try {
        return readFileSync(path, 'utf8')
      } catch {
        return undefined
      }
    },
    list: (path) => {
      try {
        return readdirSync(path)
      } catch {
        return undefined
      }
    },
  }
  const playbooks = readdirSync(`${root}playbooks`)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => `${root}playbooks/${name}`)

  it('loads without problems, together and one by one', async () => {
    for (const chosen of [playbooks, ...playbooks.map((each) => [each])]) {
      const loaded = await loadTexts(
        {},
        { inventory: [`${root}inventory.example.yaml`], playbooks: chosen, files, shippedProfiles: `${root}playbooks/profiles` },
      )
      expect(runOf(loaded).hosts.length).toBeGreaterThan(0)
    }
  })

  it('lets the proxies of the example in, below the rule for known connections', async () => {
    const input = {
      inventory: [`${root}inventory.example.yaml`],
      playbooks: [`${root}playbooks/downstream-proxy.yaml`],
      files,
      shippedProfiles: `${root}playbooks/profiles`,
    }
    const loaded = await loadTexts({}, input)
    expect(runOf(loaded).hosts.map(({ want }) => [want.host, want.profile?.name])).toEqual([
      ['iwsva1.example.com', 'IWSVA 6.5'],
      ['iwsva2.example.com', 'IWSVA 6.5'],
    ])
    const [rule] = filterOf(loaded).rules
    expect(rule?.specs.map((spec) => spec.join(' '))).toEqual(
      ['192.0.2.1', '192.0.2.2', '192.0.2.3'].map((address) => `-p tcp -s ${address} -j ACCEPT`),
    )
    expect(rule?.place).toMatchObject({
      kind: 'after',
      anchors: [{ spec: ['-m', 'state', '--state', 'ESTABLISHED,RELATED', '-j', 'ACCEPT'] }, {}],
    })
  })

  it.each([
    ['IWSVA 6.5-SP2_Build_Linux_1548 $Date: 11/04/2015 16:06:48 PM$', { sp: '2', build: '1548' }],
    ['6.5-SP3_Build_Linux_3279', { sp: '3', build: '3279' }],
    ['6.5-SP4_Build_Linux_5124', { sp: '4', build: '5124' }],
    ['VERSION="6.5 SP4"', { sp: '4', build: undefined }],
  ])('reads the version of %s', (text, groups) => {
    const found = readProfile('p', readFileSync(`${root}playbooks/profiles/iwsva-6.5.yaml`, 'utf8'))
    if (!('profile' in found)) throw new Error(JSON.stringify(found))
    expect({ ...new RegExp(found.profile.version?.expression ?? '').exec(text)?.groups }).toEqual(groups)
  })

  it.each([
    [
      'IPTABLE -A INPUT -m state --state ESTABLISHED,RELATED -j ACCEPT # stateful',
      undefined,
      '-A INPUT -m state --state ESTABLISHED,RELATED -j ACCEPT',
    ],
    ['    IPTABLE ipv4 -A INPUT -p tcp -s 192.0.2.1 -j ACCEPT', 'ipv4', '-A INPUT -p tcp -s 192.0.2.1 -j ACCEPT'],
    ["IPTABLE ipv4 -A INPUT -m comment --comment 'a # b' -j ACCEPT", 'ipv4', "-A INPUT -m comment --comment 'a # b' -j ACCEPT"],
  ])('reads the line %s', (line, family, rule) => {
    const found = readProfile('p', readFileSync(`${root}playbooks/profiles/iwsva-6.5.yaml`, 'utf8'))
    if (!('profile' in found)) throw new Error(JSON.stringify(found))
    expect({ ...new RegExp(found.profile.iptables?.read ?? '').exec(line)?.groups }).toEqual({ family, rule })
  })
})

describe('hostile playbooks', () => {
  const word = fc.constantFrom(
    '-p',
    'tcp',
    '-s',
    '10.0.0.1',
    'a,b',
    '{{ x }}',
    '{{',
    '}}',
    '{%',
    "'",
    '"',
    '\\',
    '!',
    '-j',
    'ACCEPT',
    '-A',
    '--comment',
    '',
    ' ',
    '\n',
    '\0',
    '日本',
    '::1',
    '1/2/3',
    'id:',
    '# x',
    '--source=',
    '__proto__',
  )
  it('never throw, whatever a rule, key or pattern is', { timeout: 60_000 }, async () => {
    const text = fc.array(word, { maxLength: 8 }).map((words) => words.join(' '))
    await fc.assert(
      fc.asyncProperty(text, text, text, fc.constantFrom('ipv4', 'ipv6', 'both'), async (rule, anchor, key, family) => {
        const play = {
          hosts: key || 'a1',
          sysctl: { [key || 'a.b']: rule },
          iptables: [{ id: 'x', chain: anchor || 'INPUT', family, rule, after: anchor }],
          chains: [{ name: 'OWN', rules: [rule] }],
        }
        const loaded = await loadTexts({
          'inventory.yaml': 'all: {hosts: {a1: {x: [1, 2]}}}',
          'p.yaml': JSON.stringify([{ ...play, hosts: 'a1' }, play]),
        })
        for (const problem of 'problems' in loaded ? loaded.problems : []) expect(problem.line).toBeGreaterThan(0)
      }),
      { numRuns: 500 },
    )
  })
})
