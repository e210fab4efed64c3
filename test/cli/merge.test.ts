import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { beginJournal } from '../../src/history/journal.js'
import { shardNumber } from '../../src/shard.js'
import { makeFolder, runHere } from './process.js'

const fleet = ['web1', 'web2', 'web4', 'web7']
let place: ReturnType<typeof makeFolder>
const at = (path: string): string => join(place.folder, path)
const run = (...argv: string[]) =>
  runHere(['report', 'merge', ...argv.map((word) => (word.startsWith('-') || !existsSync(at(word)) ? word : at(word)))])

/** Writes what a controller does: the run of one shard, ended or not. */
const shard = (state: string, number: number, began: Date, ended: boolean): void => {
  const run = `${began.toISOString().replace(/[-:]|\.\d+/g, '')}-${number}`
  const own = fleet.filter((host) => shardNumber(host, 2) === number).map((host) => ({ host, groups: [], resources: ['sysctl'] }))
  const head = { format: 1, run, command: 'apply', began: began.toISOString(), by: `kim@jump${number}`, playbooks: ['a.yaml'] } as const
  const journal = beginJournal(at(state), { ...head, shard: { number, of: 2, fleet } }, own)
  if (ended)
    journal.end(
      own.map((host) => ({ ...host, outcome: 'changed', changes: [] })),
      began.toISOString(),
    )
}

beforeAll(() => {
  place = makeFolder({ 'junk/a.json': '{', 'junk/b.json': '{"format":1}', 'junk/c.txt': 'x', 'no.json': '[]' })
  const now = new Date()
  shard('both/states/jump1', 1, now, true)
  shard('both/states/jump2', 2, now, true)
  shard('half/.holdfast', 1, now, true)
  shard('cut/.holdfast', 1, now, true)
  shard('cut/.holdfast', 2, now, false)
  shard('old', 2, new Date(now.getTime() - 5 * 3_600_000), true)
  mkdirSync(at('both/states/jump1/hosts'), { recursive: true })
  writeFileSync(at('both/states/jump1/hosts/web1.json'), '{"format":1,"host":"web1","groups":[]}')
  const report = { run: '20260112T021500Z-4f2a9c', command: 'plan', summary: {} }
  const changes = [{ resource: 'sysctl', layer: 'live', at: 'net.ipv4.tcp_rfc1337', before: '1', after: '0', cause: 'drift' }]
  writeFileSync(
    at('said-1.json'),
    JSON.stringify({ ...report, hosts: [{ host: 'b', outcome: 'pending', changes }], shard: { number: 1, of: 2 } }),
  )
  writeFileSync(at('said-2.json'), JSON.stringify({ ...report, run: '20260112T021600Z-1', hosts: [], shard: { number: 2, of: 2 } }))
})
afterAll(() => place.remove())

describe('report merge', () => {
  it.each([
    [['both', '--format', 'markdown'], 0, /4 hosts: 4 changed/, '4 hosts, runs merged: 2: 4 changed'],
    [['both', '--format', 'junit'], 0, /tests="4" failures="0" errors="0"/, '4 changed'],
    [['both', '--format', 'prometheus'], 0, /holdfast_host_outcome\{host="web7",outcome="changed"\} 1/, '4 changed'],
    [['both', '--json'], 0, /^\{\n {2}"format": 1,[\s\S]*"merged"/, '4 changed'],
    [['both'], 0, /^<!doctype html>[\s\S]*web7/, '4 changed'],
    [['half/.holdfast', 'both/states/jump2', '--format', 'json'], 0, /^\{\n {2}"format": 1,[\s\S]*"merged"/, '4 changed'],
    [['half', '--format', 'markdown'], 3, /2 changed, 2 failed|2 failed, 2 changed/, 'no run was given of shard 2/2'],
    [['cut', '--format', 'markdown'], 3, /not ended[\s\S]*the controller ended before this host had/, 'has not ended'],
    [['half', 'old', '--format', 'markdown'], 0, /4 changed/, 'shard 2/2: its newest run began 5 h before that of another'],
    [['half', 'old', '--since', '4h', '--format', 'markdown'], 3, /2 failed/, 'no run was given of shard 2/2'],
    [['said-1.json', 'said-2.json', '--format', 'markdown'], 2, /\| b \| pending \|/, '1 pending'],
    [['said-2.json', '--format', 'markdown'], 3, /0 hosts/, 'no run was given of shard 1/2'],
  ])('%j: exit %i', async (argv, code, text, note) => {
    const { status, stdout, stderr } = await run(...argv)
    expect(stdout).toMatch(text)
    expect(stderr).toContain(note)
    expect(status).toBe(code)
  })

  it('writes the report whole', async () => {
    const { status, stdout } = await runHere(['report', 'merge', at('both'), '--format', 'json', '--out', at('fleet.json')])
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
    const merged = JSON.parse(readFileSync(at('fleet.json'), 'utf8')) as { hosts: { host: string }[] }
    expect(merged.hosts.map(({ host }) => host)).toEqual(fleet)
  })

  it.each([
    [[], 'report merge needs PATH (state folders (.holdfast)'],
    [['nowhere'], 'nowhere cannot be read; name state folders (.holdfast), or files of runs'],
    [['junk'], 'junk; name state folders (.holdfast), or what --json printed'],
    [['no.json'], 'there is no run in'],
    [['old', '--since', '1h'], 'none of the 1 runs in'],
    [['both', '--format', 'pdf'], "argument 'pdf' is invalid"],
    [['both', '--run', 'x'], "unknown option '--run'"],
  ])('%j: exit 1', async (argv, sentence) => {
    const { status, stdout, stderr } = await run(...argv)
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toContain(sentence)
  })
})

describe('--shard', () => {
  it.each([
    ['0/2', '--shard 0/2 is no shard: shards are numbered from 1: the first is 1/2'],
    ['3/2', '--shard 3/2 is no shard: of 2 shards the last is 2/2'],
    ['third', '--shard third is no shard: it must be like 3/8, or auto'],
  ])('%s: exit 1, before anything is read', async (text, sentence) => {
    for (const command of [['plan'], ['apply'], ['watch', '--once'], ['diagnose'], ['rollback', 'all']])
      expect(await runHere([...command, '--shard', text])).toMatchObject({ status: 1, stdout: '', stderr: `holdfast: ${sentence}\n` })
  })
})
