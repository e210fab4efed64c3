import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Family } from '../../src/types.js'
import { type HostSpec, type Lab, startLab } from '../lab/lab.js'
import { differences, holdfast, outcomes } from './run.js'

type Backend = 'nft' | 'legacy'

/** One row of the table of spellings: what a person writes, and the lines that iptables-save 1.8.9 prints of it. */
interface Row {
  readonly id: string
  readonly family: Family
  readonly spelling: string
  readonly saved: Readonly<Record<Backend, readonly string[]>>
  readonly table: string
  readonly chain: string
  readonly rule: string
}

/** Refused before any connection, each for a reason of its own: see the test. */
const refused = ['-A INPUT', '-A INPUT -4 -p tcp -j ACCEPT', '-c 10 2000 -A INPUT -p tcp -j ACCEPT', '-I INPUT 1 -p tcp -j ACCEPT']

const rows: readonly Row[] = readFileSync(join(import.meta.dirname, '../fixtures/iptables/canon.tsv'), 'utf8')
  .trimEnd()
  .split('\n')
  .slice(1)
  .map((line, index) => {
    const [version, spelling = '', ...columns] = line.split('\t')
    const [, table = 'filter', chain = '', rule = ''] = /^(?:-t (\w+) )?-A (\w+) ?(.*)$/.exec(spelling) ?? []
    const [nft, legacy] = columns.map((text) => text.replace(/ {3}\(stderr: .*\)$/, '').split(' ⏎ '))
    return {
      id: `r${index}`,
      family: version === '4' ? 'ipv4' : 'ipv6',
      spelling,
      saved: { nft: nft!, legacy: legacy! },
      table,
      chain,
      rule,
    }
  })

const wantedOn = (backend: Backend): readonly Row[] =>
  rows.filter(({ spelling, saved }) => saved[backend][0] !== 'ERR' && !refused.includes(spelling))

/** The rules of a play, below one that keeps the way in open. Places take turns within a chain. */
const play = (hosts: string, all: readonly Row[], placed: boolean) => {
  const inChain = new Map<string, string[]>()
  const place = ({ id, family, table, chain }: Row): object => {
    const before = inChain.get(`${family} ${table} ${chain}`) ?? []
    inChain.set(`${family} ${table} ${chain}`, [...before, id])
    const [last] = before.slice(-1)
    const places = [{}, { place: 'first' }, { place: 'last' }, last === undefined ? {} : { after: `id:${last}` }]
    return placed ? places[before.length % places.length]! : {}
  }
  // Tracked, too: a reply without a tracked request would meet the rows' SNAT as a new connection.
  const ways = [
    { id: 'ssh', chain: 'INPUT' },
    { id: 'tracked', chain: 'PREROUTING', table: 'raw' },
  ]
  return {
    hosts,
    iptables: [
      ...ways.slice(0, placed ? 2 : 1).map((way) => ({ ...way, family: 'both', rule: '-p tcp --dport 22 -j ACCEPT', place: 'first' })),
      ...all.map((row) => ({ id: row.id, family: row.family, table: row.table, chain: row.chain, rule: row.rule, ...place(row) })),
    ],
  }
}

const saveFile = (lines: readonly string[]): string =>
  `${['*filter', ':INPUT DROP [0:0]', ':mychain - [0:0]', ...lines, 'COMMIT'].join('\n')}\n`

const ssh = '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT'

/** A Debian host on which all that the rows name is there before its rules are loaded. */
const host = (name: string, backend: Backend, rules: Readonly<Record<Family, string>>): HostSpec => ({
  name,
  kind: 'web',
  backend,
  files: {
    '/etc/iptables/rules.v4': rules.ipv4,
    '/etc/iptables/rules.v6': rules.ipv6,
    '/etc/systemd/system/sets.service':
      '[Service]\nType=oneshot\nExecStart=/usr/sbin/ipset create myset hash:net; /usr/sbin/ipset create myset6 hash:net family inet6; grep -q dom- /etc/hosts || printf "198.51.100.7 dom-host.test\\n198.51.100.8 dom-multi.test\\n198.51.100.9 dom-multi.test\\n" >> /etc/hosts\n[Unit]\nBefore=netfilter-persistent.service\n',
  },
  links: { '/etc/systemd/system/sysinit.target.wants/sets.service': '../sets.service' },
})

/** The spellings as a person's own file for iptables-restore, which knows no single quotes and reads `-t` only at the head of a table. */
const byHand = (backend: Backend): readonly Row[] =>
  wantedOn(backend).filter(({ table, rule }) => table === 'filter' && !rule.includes("'"))
const handFile = (backend: Backend, family: Family): string =>
  saveFile([ssh, ...byHand(backend).flatMap((row) => (row.family === family ? [row.spelling] : []))])

describe('every spelling of a rule', () => {
  let lab: Lab
  beforeAll(async () => {
    const plain = { ipv4: saveFile([ssh]), ipv6: saveFile([ssh]) }
    const written = (backend: Backend) => ({ ipv4: handFile(backend, 'ipv4'), ipv6: handFile(backend, 'ipv6') })
    lab = await startLab([
      host('nft', 'nft', plain),
      host('legacy', 'legacy', plain),
      host('handnft', 'nft', written('nft')),
      host('handlegacy', 'legacy', written('legacy')),
    ])
  })
  afterAll(() => lab?.stop())

  const files = { 'playbooks/spellings.yaml': [play('nft', wantedOn('nft'), true), play('legacy', wantedOn('legacy'), true)] }
  const both = (outcome: string) => ({ nft: outcome, legacy: outcome })

  it('is applied once, and says the same thing to the kernel', async () => {
    const ran = await holdfast(lab, ['apply'], files)
    expect(outcomes(ran)).toEqual(both('changed'))
    for (const backend of ['nft', 'legacy'] as const) {
      const saves = { ipv4: await lab.host(backend).must('iptables-save'), ipv6: await lab.host(backend).must('ip6tables-save') }
      const own = (row: Row): readonly string[] =>
        saves[row.family].split('\n').flatMap((line) => {
          const comment = ` -m comment --comment "holdfast:${row.id}"`
          const bare = ` -m comment --comment holdfast:${row.id}`
          const found = [comment, bare].find((text) => `${line} `.includes(`${text} `))
          return found === undefined ? [] : [line.replace(found, '')]
        })
      const expected = wantedOn(backend).map((row) => [row.spelling, row.saved[backend]])
      expect(wantedOn(backend).map((row) => [row.spelling, own(row)])).toEqual(expected)
    }
  })

  it('is in sync on the second look, and after a reboot', async () => {
    const again = await holdfast(lab, ['plan'], files)
    expect(differences(again)).toEqual([])
    expect(outcomes(again)).toEqual(both('in-sync'))
    await Promise.all(['nft', 'legacy'].map((name) => lab.host(name).reboot()))
    const after = await holdfast(lab, ['plan'], files)
    expect(differences(after)).toEqual([])
    expect(outcomes(after)).toEqual(both('in-sync'))
  })

  it('counts as present where a person has put it into the boot file by hand', async () => {
    const plays = (['nft', 'legacy'] as const).map((backend) => play(`hand${backend}`, byHand(backend), false))
    const ran = await holdfast(lab, ['plan'], { 'playbooks/byhand.yaml': plays })
    expect(differences(ran)).toEqual([])
    expect(outcomes(ran)).toEqual({ handnft: 'in-sync', handlegacy: 'in-sync' })
  })

  it('is refused by the host with its own words where it cannot be loaded', async () => {
    const bad = rows.filter(({ saved, chain }) => saved.nft[0] === 'ERR' && saved.legacy[0] === 'ERR' && chain !== '')
    const wrong = bad.filter(({ rule }) => !/^-6 | ! 192/.test(rule))
    const ran = await holdfast(lab, ['apply', '--limit', 'nft,legacy'], { 'playbooks/bad.yaml': [play('nft,legacy', wrong, false)] })
    for (const name of ['nft', 'legacy']) {
      const { outcome, reason } = ran.host(name)
      expect(outcome).toBe('failed')
      for (const { id } of wrong) expect(reason).toContain(`rule ${id} (`)
      expect(await lab.host(name).must('iptables-save')).toContain('holdfast:r0')
    }
  })

  it('names what is no rule before any connection', async () => {
    const before = lab.hosts.map((one) => one.execs())
    const words = [
      '',
      '-4 -p tcp -j ACCEPT',
      '-c 10 2000 -p tcp -j ACCEPT',
      '-I INPUT 1 -p tcp -j ACCEPT',
      '-6 -p tcp -j ACCEPT',
      '-s ! 192.0.2.1 -j DROP',
    ]
    const iptables = words.map((rule, index) => ({ id: `r${index}`, chain: 'INPUT', rule }))
    for (const item of iptables) {
      const ran = await holdfast(lab, ['validate'], { 'playbooks/x.yaml': [{ hosts: 'all', iptables: [item] }] })
      expect(ran.problems, item.rule).toHaveLength(1)
      expect(ran.problems[0]!.path).toBe('0.iptables.0.rule')
    }
    expect(lab.hosts.map((one) => one.execs())).toEqual(before)
  })
})
