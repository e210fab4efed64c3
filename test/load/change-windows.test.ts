import { describe, expect, it } from 'vitest'
import { loadTexts, said } from './rows.js'

const play = '- hosts: all\n  sysctl: { net.ipv4.tcp_rfc1337: 0 }\n'
const load = (inventory: string) => loadTexts({ 'inventory.yaml': inventory, 'a.yaml': play })

describe('change windows in an inventory', () => {
  it('come from the host, else from its group, else from all', async () => {
    const run = await load(`all:
  vars: { holdfast_change_windows: daily 01:00-02:00 }
  hosts:
    a:
    b: { holdfast_change_windows: [Mon 03:00-04:00, Tue 03:00-04:00 UTC] }
  children:
    g: { vars: { holdfast_change_windows: [Sat 02:00-04:00 Asia/Tokyo] }, hosts: { c: , d: { holdfast_change_windows: } } }
`)
    if ('problems' in run) throw new Error(said(run.problems, '').join())
    expect(run.hosts.map(({ target, windows }) => [target.host, ...(windows ?? []).map(({ text }) => text)])).toEqual([
      ['a', 'daily 01:00-02:00'],
      ['b', 'Mon 03:00-04:00', 'Tue 03:00-04:00 UTC'],
      ['c', 'Sat 02:00-04:00 Asia/Tokyo'],
      ['d'],
    ])
  })

  it('may be called change_windows', async () => {
    const run = await load('all:\n  vars: { change_windows: [Sat 02:00-04:00] }\n  hosts: { a: }\n')
    expect('hosts' in run && run.hosts[0]?.windows?.length).toBe(1)
  })

  const windowsOf = async (texts: Readonly<Record<string, string>>) => {
    const run = await loadTexts({ 'a.yaml': play, ...texts })
    if ('problems' in run) throw new Error(said(run.problems, '').join())
    return Object.fromEntries(run.hosts.map(({ target, windows }) => [target.host, (windows ?? []).map(({ text }) => text).join()]))
  }

  it('stand beside vars:, hosts: and children: of a group, the inner group and the host winning', async () => {
    const inventory = `all:
  change_windows: [Mon 01:00-02:00 UTC, Tue 01:00-02:00 UTC]
  hosts: { a: , b: { change_windows: [Wed 01:00-02:00] }, c: { holdfast_change_windows: } }
  children:
    outer:
      vars: { change_windows: Thu 01:00-02:00, zone: Asia/Tokyo }
      children:
        inner: { change_windows: ["Fri 01:00-02:00 {{ zone }}"], hosts: { d: , e: { change_windows: Sat 01:00-02:00 } } }
        free: { change_windows: , hosts: { f: } }
        plain: { hosts: { g: } }
    told: { change_windows: [Sun 01:00-02:00], vars: { holdfast_change_windows: [Sun 03:00-04:00] }, hosts: { h: } }
    filed: { change_windows: [Sun 05:00-06:00], hosts: { i: } }
`
    expect(await windowsOf({ 'inventory.yaml': inventory, 'group_vars/filed.yaml': 'change_windows: [Sun 07:00-08:00]\n' })).toEqual({
      a: 'Mon 01:00-02:00 UTC,Tue 01:00-02:00 UTC',
      b: 'Wed 01:00-02:00',
      c: '',
      d: 'Fri 01:00-02:00 Asia/Tokyo',
      e: 'Sat 01:00-02:00',
      f: '',
      g: 'Thu 01:00-02:00',
      h: 'Sun 03:00-04:00',
      i: 'Sun 07:00-08:00',
    })
  })

  it('may stand in what ansible-inventory --list or a program prints', async () => {
    const listing = '{"_meta": {"hostvars": {}}, "g": {"hosts": ["a"], "change_windows": ["Sat 02:00-04:00"]}, "h": {"hosts": ["b"]}}'
    expect(await windowsOf({ 'inventory.yaml': listing })).toEqual({ a: 'Sat 02:00-04:00', b: '' })
  })

  it.each([
    [
      'all:\n  hosts: { a: }\n  change_windows:\n    - Sat 02:00-04:00\n    - Sat 25:00-26:00\n',
      '5:7 "Sat 25:00-26:00" holds a time that no clock shows',
    ],
    ['all:\n  hosts: { a: }\n  change_windows: Saturday night\n', '3:19 "Saturday night" is no change window'],
    ['all:\n  hosts: { a: }\n  change_windows: [{ day: Sat }]\n', '3:20 must be text (is a mapping)'],
    ['all:\n  hosts: { a: }\n  change_windows: 5\n', '3:19 must be a list or text or empty (is 5)'],
    ['all:\n  hosts: { a: }\n  change_window: [Sat 02:00-04:00]\n', '3:3 unknown key "change_window" (did you mean "change_windows"?)'],
  ])('are refused where they stand as a key: %j', async (inventory, wrong) => {
    const run = await load(inventory)
    expect('problems' in run && said(run.problems, 'inventory.yaml').map((text) => text.split(';')[0])).toEqual([wrong])
  })

  it('are refused where they stand', async () => {
    const run = await load(
      'all:\n  vars:\n    holdfast_change_windows:\n      - Sat 02:00-04:00\n      - Sat 02:00-04:00 Asia/Tokio\n      - 5\n  hosts: { a: , b: }\n',
    )
    expect('problems' in run && said(run.problems, 'inventory.yaml').map((text) => text.split(';')[0])).toEqual([
      '5:9 "Asia/Tokio" is no time zone',
      '6:9 a change window is text, as Sat 02:00-04:00 Asia/Tokyo',
    ])
  })
})
