import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RunHead } from '../../src/history/document.js'
import { startRecording } from '../../src/history/history.js'
import { beginJournal } from '../../src/history/journal.js'
import { recall, recallAll, remember } from '../../src/history/memory.js'
import { redact } from '../../src/history/redact.js'
import { prune, readRuns, stampOf } from '../../src/history/runs.js'
import type { HostResult } from '../../src/shown.js'
import type { HostRecord } from '../../src/types.js'

const attendees = ['web1', 'web2'].map((host) => ({ host, groups: ['web'], resources: ['sysctl'] }))
const head = (run: string): RunHead => ({
  format: 1,
  run,
  command: 'apply',
  began: '2026-01-12T02:15:00.000Z',
  by: 'kim@jump1',
  playbooks: ['a.yaml'],
})
const record: HostRecord = { format: 1, run: 'r', at: '2026-01-12T02:15:00.000Z', bootId: 'b', items: { sysctl: {} } }
const changed: HostResult = {
  host: 'web1',
  outcome: 'changed',
  reason: 'said sesame!',
  changes: [{ resource: 'sysctl', layer: 'live', at: 'net.ipv4.tcp_rfc1337', before: '1', after: '0', cause: 'drift' }],
  plan: { steps: [] },
  record,
}
const inSync: HostResult = { host: 'web2', outcome: 'in-sync', changes: [] }

const ended = new Date('2026-01-12T02:16:00Z')

describe('the history of a controller', () => {
  let state: string
  const said: string[] = []
  const options = () => ({ state, keep: { runs: 500, days: 90 }, secrets: ['sesame'], say: (text: string) => void said.push(text) })
  beforeEach(() => {
    state = join(mkdtempSync(join(tmpdir(), 'holdfast-history-')), 'state')
    said.length = 0
  })
  afterEach(() => rmSync(join(state, '..'), { recursive: true, force: true }))

  it('is one document per run, of its owner alone, without secrets and without the plan', () => {
    const run = stampOf(new Date())
    const recording = startRecording(head(run), attendees, options())
    recording.done(changed)
    expect(recall(state, 'web1')?.record).toEqual(record)
    recording.end([{ ...inSync, host: 'web1', outcome: 'changed', reason: changed.reason!, changes: changed.changes }, inSync], ended)
    const file = join(state, 'runs', `${run}.json`)
    expect(readdirSync(join(state, 'runs'))).toEqual([`${run}.json`])
    expect([state, join(state, 'runs'), file].map((path) => (statSync(path).mode & 0o777).toString(8))).toEqual(['700', '700', '600'])
    expect(readRuns(state)).toEqual([JSON.parse(readFileSync(file, 'utf8'))])
    expect(readRuns(state)).toMatchObject([
      {
        run,
        by: 'kim@jump1',
        ended: '2026-01-12T02:16:00.000Z',
        summary: { changed: 1, 'in-sync': 1 },
        hosts: [
          { host: 'web1', groups: ['web'], reason: 'said ***!', changes: changed.changes },
          { host: 'web2', resources: ['sysctl'] },
        ],
      },
    ])
    expect(readFileSync(file, 'utf8')).not.toMatch(/sesame|"plan"|"record"/)
    expect(recall(state, 'web1')?.record).toEqual(record)
    expect(recall(state, 'web2')).toBeUndefined()
    expect(said).toEqual([])
  })

  it('keeps what a controller had done that died, whenever it died', () => {
    const journal = beginJournal(state, head('20260112T021500Z-1'), attendees)
    journal.add({ ...inSync, groups: ['web'], resources: ['sysctl'] })
    const part = join(state, 'runs', '20260112T021500Z-1.part')
    writeFileSync(part, `${readFileSync(part, 'utf8').replace(/"pid":\d+/, '"pid":999999999')}{"host":"web1","outco`)
    const [run] = readRuns(state)
    expect(run?.ended).toBeUndefined()
    expect(run?.hosts.map(({ host, outcome }) => `${host} ${outcome}`)).toEqual(['web1 failed', 'web2 in-sync'])
    expect(run?.hosts[0]?.reason).toContain('the controller ended before this host had')
    beginJournal(state, head('20260112T021600Z-2'), attendees).end([], 'x')
    expect(readdirSync(join(state, 'runs'))).toEqual(['20260112T021500Z-1.json', '20260112T021600Z-2.json'])
    expect(readRuns(state)[0]).toEqual(run)
  })

  it('leaves the journal of a controller alone that lives', () => {
    beginJournal(state, head('20260112T021500Z-1'), attendees)
    const part = join(state, 'runs', '20260112T021500Z-1.part')
    writeFileSync(part, readFileSync(part, 'utf8').replace(/"pid":\d+/, '"pid":1'))
    beginJournal(state, head('20260112T021600Z-2'), attendees).end([], 'x')
    expect(existsSync(part)).toBe(true)
  })

  it.each([
    ['of this machine', hostname(), 0, true],
    ['of another machine', 'jump2', 0, false],
    ['of another machine, a day old', 'jump2', 25, true],
  ])('takes the journal of a dead process %s for a dead controller, or not', (_, machine, hours, dead) => {
    beginJournal(state, head('20260112T021500Z-1'), attendees)
    const part = join(state, 'runs', '20260112T021500Z-1.part')
    const text = readFileSync(part, 'utf8').replace(/"pid":\d+,"machine":"[^"]+"/, `"pid":999999999,"machine":"${machine}"`)
    expect(text).toContain('"pid":999999999')
    writeFileSync(part, text)
    const time = new Date(Date.now() - hours * 3_600_000)
    utimesSync(part, time, time)
    beginJournal(state, head('20260112T021600Z-2'), attendees).end([], 'x')
    expect(existsSync(part)).toBe(!dead)
  })

  it.each([
    [{ runs: 2, days: 90 }, ['20260112', '20260113']],
    [{ runs: 9, days: 2 }, ['20260112', '20260113']],
    [{ runs: 9, days: 90 }, ['20260110', '20260111', '20260112', '20260113']],
  ])('keeps %j', (keep, left) => {
    mkdirSync(join(state, 'runs'), { recursive: true })
    for (const day of [10, 11, 12, 13]) writeFileSync(join(state, 'runs', `202601${day}T120000Z-a.json`), '{}')
    prune(state, keep, new Date('2026-01-14T06:00:00Z'))
    expect(readdirSync(join(state, 'runs')).map((name) => name.slice(0, 8))).toEqual(left)
  })

  it('says once that it cannot be written, and never stops a run', () => {
    writeFileSync(state, 'no folder')
    const recording = startRecording(head('r'), attendees, options())
    recording.done(changed)
    recording.end([changed], new Date())
    expect(recording.recall('web1')).toBeUndefined()
    expect(said).toEqual([expect.stringMatching(/^the history cannot be written to .*: .+; the run goes on without it$/)])
  })

  it('leaves out files that are no runs', () => {
    mkdirSync(join(state, 'runs'), { recursive: true })
    for (const [at, text] of ['', '{', 'null', '[]', '{"format":1}', '{"format":1,"run":"r","began":"b","hosts":[1]}'].entries())
      writeFileSync(join(state, 'runs', `${at}.json`), text)
    writeFileSync(join(state, 'runs', 'x.part'), 'nonsense')
    expect(readRuns(state)).toEqual([])
    expect(readRuns(join(state, 'nowhere'))).toEqual([])
  })

  it.each(['web1', '..', 'a/b', '日本語', 'x'.repeat(60)])('remembers a host named %s', (host) => {
    remember(state, { format: 1, host, groups: [], record })
    expect(recall(state, host)?.record).toEqual(record)
    expect(recallAll(state).map((memory) => memory.host)).toEqual([host])
  })

  it('takes secrets out of every text, longest first, and leaves words alone', () => {
    expect(redact({ a: ['pass1word', { b: 'x pass1 y' }], n: 1, e: null }, ['pass1', 'pass1word', 'a'])).toEqual({
      a: ['***', { b: 'x *** y' }],
      n: 1,
      e: null,
    })
  })

  it.each([
    ['abcdefgh', ['abcde', 'defgh'], '***'],
    ['x abcdef abcd', ['cdef', 'abcd'], 'x *** ***'],
    ['abcdabcd', ['abcd'], '******'],
    ['日本語の鍵 and abc', ['日本語の鍵', 'abc'], '*** and abc'],
    ['.*(a|b)', ['.*(a'], '***|b)'],
  ])('leaves nothing of secrets in %s', (text, secrets, shown) => {
    expect(redact(text, secrets)).toBe(shown)
  })

  it('asks not every secret at every host: 5,000 hosts have a password each', () => {
    const secrets = Array.from({ length: 5000 }, (_, at) => `secret-${at}-of-a-host`)
    const before = process.cpuUsage().user
    for (const secret of secrets) expect(redact(`the host said ${secret} and more of what hosts say`, secrets)).not.toContain(secret)
    expect((process.cpuUsage().user - before) / 1000).toBeLessThan(3000)
  })
})
