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
