import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { type Lab, type LabHost, type ScriptVariant, startLab } from '../lab/lab.js'
import { changed, differences, holdfast, outcomes, shipped } from './run.js'

const files = { 'playbooks/rfc1337.yaml': shipped('rfc1337'), 'playbooks/downstream-proxy.yaml': shipped('downstream-proxy') }

/** A script that is edited: the text of the new line's beginning, in that script's own indentation. */
const edited: readonly (readonly [ScriptVariant, string])[] = [
  ['indented', '    IPTABLE ipv4 -A INPUT '],
  ['tabs', '\tIPTABLE ipv4 -A INPUT '],
  ['spaced', 'IPTABLE ipv4 -A INPUT '],
  ['no-final-newline', 'IPTABLE ipv4 -A INPUT '],
]
/** A script that cannot be edited, and what is said of it. */
const refused: readonly (readonly [ScriptVariant, string])[] = [
  ['no-marker', "/usr/iwss/iwsvafw.sh: no line holds the marker '# stateful'"],
  ['two-markers', "/usr/iwss/iwsvafw.sh: the marker '# stateful' stands in 2 lines: line "],
  ['crlf', '/usr/iwss/iwsvafw.sh: line 1 ends in CRLF, which sh cannot run'],
]

const script = (host: LabHost): Promise<string> => host.must('cat /usr/iwss/iwsvafw.sh')

/** All that a run could change: both families' rules without counters, values, boot files with mode and owner, and the tool's own memory. */
const state = (host: LabHost): Promise<string> =>
  host.must(
    '{ iptables-save; ip6tables-save; } | sed "/^#/d;s/ \\[[0-9:]*\\]$//"; cat /proc/sys/net/ipv4/tcp_rfc1337 /etc/sysctl.conf; ls -l /etc/sysctl.d /usr/iwss; ls -a /var/lib/holdfast /run/holdfast 2>&1; cat /usr/iwss/iwsvafw.sh',
  )

describe('an appliance whose script is not the usual one', () => {
  let lab: Lab
  const before = new Map<string, string>()
  const scripts = new Map<string, string>()
  beforeAll(async () => {
    const variants = [...edited, ...refused].map(([variant]) => variant)
    lab = await startLab([
      { name: 'proxy', kind: 'proxy' },
      ...variants.map((variant) => ({ name: variant, kind: 'appliance' as const, script: variant })),
    ])
    for (const name of variants) {
      before.set(name, await state(lab.host(name)))
      scripts.set(name, await script(lab.host(name)))
    }
  })
  afterAll(() => lab?.stop())

  const all = (outcome: string) => Object.fromEntries([['proxy', 'in-sync'], ...edited.map(([name]) => [name, outcome])])
  const limit = ['--limit', edited.map(([name]) => name).join(',')]

  it('edits what can be edited, and writes nothing where it cannot', async () => {
    const ran = await holdfast(lab, ['apply'], files)
    expect(ran.code).toBe(3)
    for (const [name] of edited) expect(ran.host(name)).toMatchObject({ outcome: 'changed' })
    for (const [name, words] of refused) {
      const { outcome, reason, changes } = ran.host(name)
      expect(outcome, name).toBe('failed')
      expect(reason).toContain(words)
      expect(changes).toEqual([])
      expect(await state(lab.host(name))).toBe(before.get(name))
    }
  })

  it.each(edited)('keeps %s byte for byte but for one line below the marker', async (name, start) => {
    const now = await script(lab.host(name))
    const old = scripts.get(name)!
    const marker = old.split('\n').findIndex((line) => /# +stateful/.test(line))
    const line = now.split('\n')[marker + 1]!
    expect(line.startsWith(start), line).toBe(true)
    expect(line).toMatch(/-s 198\.18\.0\.\d+\/32 -p tcp -m comment --comment holdfast:downstream-proxy -j ACCEPT$/)
    expect(now).toBe(
      old
        .split('\n')
        .toSpliced(marker + 1, 0, line)
        .join('\n'),
    )
    expect(now.endsWith('\n')).toBe(old.endsWith('\n'))
  })

  it('holds after a reboot', async () => {
    await Promise.all(edited.map(([name]) => lab.host(name).reboot()))
    const ran = await holdfast(lab, ['plan', ...limit], files)
    expect(outcomes(ran)).toEqual(Object.fromEntries(Object.entries(all('in-sync')).filter(([name]) => name !== 'proxy')))
    for (const [name] of edited)
      expect(await lab.host(name).must('iptables-save')).toMatch(
        /-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT\n-A INPUT -s 198\.18\.0\.\d+\/32 -p tcp .*holdfast:downstream-proxy"? -j ACCEPT\n-A INPUT -j ACL_IN/,
      )
  })

  it('reloads by the version where the profile wants that', async () => {
    const [name] = edited[0]!
    const profile = parse(readFileSync(join(import.meta.dirname, '../../playbooks/profiles/iwsva-6.5.yaml'), 'utf8'))
    profile.iptables.reload = {
      wanted: true,
      commands: [
        { when: 'sp == 3 && build < 3312', run: 'echo script > /root/reload' },
        { run: 'echo init > /root/reload; /etc/init.d/iptables restart' },
      ],
    }
    const iptables = [{ id: 'other', chain: 'INPUT', rule: '-p tcp -s 192.0.2.99 -j ACCEPT', after: 'id:downstream-proxy' }]
    const more = {
      'playbooks/profiles/reloading.yaml': profile,
      'playbooks/reload.yaml': [{ hosts: name, profile: 'reloading', iptables }],
    }
    const ran = await holdfast(lab, ['apply', 'playbooks/reload.yaml'], more)
    expect(differences(ran).length).toBe(2)
    expect(outcomes(ran)).toEqual({ [name]: 'changed' })
    expect(ran.host(name).warnings).toBeUndefined()
    expect(await lab.host(name).must('cat /root/reload')).toBe('init\n')
    const gone = { ...more, 'playbooks/reload.yaml': [{ hosts: name, profile: 'reloading', iptables: [] }] }
    expect(outcomes(await holdfast(lab, ['apply', 'playbooks/reload.yaml'], gone))).toEqual({ [name]: 'changed' })
  })

  it('says where the script cannot give a rule its place', async () => {
    const [name] = edited[0]!
    const iptables = [{ id: 'top', chain: 'INPUT', rule: '-s 192.0.2.98 -j ACCEPT', place: 'first' }]
    const ran = await holdfast(lab, ['plan', 'playbooks/top.yaml'], {
      'playbooks/top.yaml': [{ hosts: name, profile: 'iwsva-6.5', iptables }],
    })
    expect(ran.host(name).outcome).toBe('pending')
    expect(ran.host(name).warnings).toEqual([expect.stringMatching(/^rule top: at boot it stands directly below `# stateful`/)])
  })

  it('gives the script back as it was when the playbook no longer names the rule', async () => {
    const ran = await holdfast(lab, ['apply'], {
      ...files,
      'playbooks/downstream-proxy.yaml': [{ hosts: 'appliance', profile: 'iwsva-6.5', iptables: [] }],
    })
    for (const [name] of edited) {
      expect(ran.host(name).reason).toBeUndefined()
      expect(ran.host(name)).toMatchObject({ outcome: 'changed' })
      expect(changed(ran.host(name).changes)).toHaveLength(2)
      expect(await script(lab.host(name))).toBe(scripts.get(name))
      expect(await lab.host(name).must('iptables-save')).not.toContain('holdfast:')
    }
  })
})
