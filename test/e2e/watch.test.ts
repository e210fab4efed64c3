import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunDocument } from '../../src/history/document.js'
import { readRuns } from '../../src/history/runs.js'
import { sayPrediction } from '../../src/report/upgrades.js'
import type { RunReport } from '../../src/types.js'
import { capture } from '../lab/capture.js'
import { type Lab, startLab } from '../lab/lab.js'
import { holdfastWords, wordsOf } from '../program.js'
import { project } from './run.js'

const window = { holdfast_change_windows: 'Sun 02:00-04:00 Europe/Berlin' }
const appliances = ['appl1', 'appl2', 'appl3', 'appl4']
const files = {
  'playbooks/a.yaml': [
    {
      hosts: 'appliance',
      profile: 'iwsva-6.5',
      sysctl: { 'net.ipv4.tcp_rfc1337': 0 },
      iptables: [
        {
          id: 'proxy',
          chain: 'INPUT',
          rule: '-p tcp -s 198.18.0.99 -j ACCEPT',
          after: '-m state --state ESTABLISHED,RELATED -j ACCEPT',
        },
      ],
    },
    { hosts: 'web', sysctl: { 'net.ipv4.tcp_keepalive_time': 300 } },
  ],
}

let lab: Lab
let dir: string
beforeAll(async () => {
  const vendor = { '/etc/cron.d/vendor': '* * * * * root sysctl -w net.ipv4.tcp_keepalive_time=7200\n' }
  lab = await startLab([...appliances.map((name) => ({ name, kind: 'appliance' as const })), { name: 'web', kind: 'web', files: vendor }])
  dir = project(lab, { ...files, 'group_vars/appliance.yaml': window })
})
afterAll(() => lab?.stop())

/** One run of the schedule at that time. */
async function runAt(time: string, ...more: readonly string[]): Promise<RunDocument> {
  const options = ['--once', '--connect-timeout', '2', '--known-hosts', join(lab.dir, 'known_hosts'), '--keep-days', '9999', ...more]
  const argv = [...wordsOf('test/e2e/watch-drive.ts'), time, 'watch', ...options]
  const { stderr } = await lab.run(argv, { cwd: dir, timeout: 60_000 })
  const run = readRuns(join(dir, '.holdfast')).findLast(({ began }) => began.slice(0, 13) === time.slice(0, 13))
  if (!run) throw new Error(stderr)
  return run
}

const outcomes = (run: RunDocument): Readonly<Record<string, string>> =>
  Object.fromEntries(
    run.hosts.map(({ host, outcome, changes }) => [host, [outcome, ...new Set(changes.map(({ cause }) => cause))].join(' ')]),
  )
const rival = (): Promise<string> => lab.host('web').must('sysctl -w net.ipv4.tcp_keepalive_time=7200')
const rules = (name: string): Promise<string> => lab.host(name).must('iptables-save | grep -c holdfast:proxy || true')

describe('a month of March in Berlin, with real hosts', () => {
  const every = (outcome: string) => Object.fromEntries(appliances.map((name) => [name, outcome]))

  it('1 March, in the window: all are converged', async () => {
    expect(outcomes(await runAt('2026-03-01T01:30:00Z'))).toEqual({ ...every('changed new'), web: 'changed new' })
  })

  it('2 March: two were upgraded; outside of the window they are only reported, the web host has none and is repaired', async () => {
    await Promise.all([lab.host('appl1').upgrade('sp3', { wipeVar: true }), lab.host('appl2').upgrade('sp3'), rival()])
    const run = await runAt('2026-03-02T12:00:00Z')
    expect(outcomes(run)).toEqual({ ...every('in-sync'), appl1: 'pending upgrade', appl2: 'pending upgrade', web: 'changed drift' })
    expect(run.hosts[0]).toMatchObject({ version: '6.5 SP3 build 3279', previousVersion: '6.5 SP2 build 1548' })
    const [wiped, kept] = run.hosts.map(({ warnings }) => (warnings ?? []).join('\n'))
    expect(wiped).toContain('the host holds no record of earlier runs')
    expect(kept).not.toContain('the host holds no record')
    for (const said of [wiped, kept]) expect(said).toContain('the next opens at 2026-03-08T01:00:00.000Z (Sun 02:00-04:00 Europe/Berlin)')
    expect(await rules('appl1')).toBe('0\n')
  })

  it('2 March: what the others will lose is foretold, and --cause picks what is repaired', async () => {
    const state = mkdtempSync(join(lab.dir, 'state-'))
    await capture(['cp', '-r', `${join(dir, '.holdfast')}/.`, state])
    const run = async (...argv: readonly string[]): Promise<RunReport> => {
      const own = ['--json', '--state', state, '--known-hosts', join(lab.dir, 'known_hosts')]
      const { stdout } = await lab.run([...holdfastWords, ...argv, ...own], { cwd: dir, timeout: 60_000 })
      return JSON.parse(stdout) as RunReport
    }
    const planned = await run('plan', '--predict-upgrade', '--limit', 'appliance')
    const foretold = planned.hosts.map(({ warnings }) => (warnings ?? []).filter((text) => text.startsWith('predicted')))
    const sentence =
      'predicted: the upgrade 6.5 SP2 build 1548 -> 6.5 SP3 build 3279 will drop iptables ipv4 filter INPUT proxy (live, boot); as on appl1, appl2'
    expect(foretold).toEqual([[], [], [sentence], [sentence]])
    const entries = readRuns(state).at(-1)!.hosts
    expect(entries.map(({ predictions }) => predictions?.map(sayPrediction))).toEqual(foretold)
    expect(JSON.stringify(entries.map(({ warnings }) => warnings))).not.toContain('predicted')
    const shown = await lab.run([...holdfastWords, 'report', '--state', state, '--format', 'markdown'], { cwd: dir })
    expect(shown.stdout).toMatch(
      /## What upgrades will drop\n\n.*\n.*\n\| appl3 .*`iptables ipv4 filter INPUT proxy \(live, boot\)` \| appl1, appl2 \|\n\| appl4 /,
    )
    const check = ['apply', '--check', '--limit', 'appl2', '--cause']
    expect((await run(...check, 'drift,new')).summary).toEqual({ 'in-sync': 1 })
    expect((await run(...check, 'drift,upgrade')).summary).toEqual({ pending: 1 })
  })

  it('3 and 4 March: one is down, and a rival goes on', async () => {
    await Promise.all([lab.host('appl4').kill(), rival()])
    expect(outcomes(await runAt('2026-03-03T12:00:00Z'))).toMatchObject({ appl3: 'in-sync', appl4: 'unreachable', web: 'changed drift' })
    await Promise.all([lab.host('appl4').reboot(), rival()])
    expect(outcomes(await runAt('2026-03-04T12:00:00Z'))).toMatchObject({ appl4: 'in-sync', web: 'changed drift' })
  })

  it('5 March: the rival is named', async () => {
    await rival()
    const run = await runAt('2026-03-05T12:00:00Z')
    expect(outcomes(run)).toMatchObject({ web: 'changed contested' })
    expect(run.hosts.at(-1)?.changes[0]?.note).toContain('the rival may be /etc/cron.d/vendor:1')
  })

  it('8 March: nothing a second before the window, the repair in it', async () => {
    expect(outcomes(await runAt('2026-03-08T00:59:00Z'))).toMatchObject({ appl1: 'pending upgrade', appl2: 'pending upgrade' })
    expect(outcomes(await runAt('2026-03-08T01:00:00Z'))).toMatchObject({ appl1: 'changed upgrade', appl2: 'changed upgrade' })
    expect(await rules('appl1')).toBe('1\n')
  })

  it('29 March, when 02:00 is left out: the window is the hour from 03:00 to 04:00', async () => {
    await lab.host('appl3').must('sysctl -w net.ipv4.tcp_rfc1337=1')
    expect(outcomes(await runAt('2026-03-29T00:59:00Z'))).toMatchObject({ appl3: 'pending drift' })
    expect(outcomes(await runAt('2026-03-29T02:30:00Z'))).toMatchObject({ appl3: 'pending drift' })
    expect(outcomes(await runAt('2026-03-29T01:10:00Z'))).toMatchObject({ appl3: 'changed drift' })
  })

  it('every run is in the history, by the schedule, and nothing was applied outside a window', () => {
    const runs = readRuns(join(dir, '.holdfast'))
    expect(runs).toHaveLength(10)
    expect(runs.every(({ trigger, ended }) => trigger === 'watch' && ended !== undefined)).toBe(true)
    const applied = runs.filter(({ hosts }) => hosts.some(({ host, outcome }) => host !== 'web' && outcome === 'changed'))
    expect(applied.map(({ began }) => began.slice(0, 16))).toEqual(['2026-03-01T01:30', '2026-03-08T01:00', '2026-03-29T01:10'])
  })
})

describe('a watch', () => {
  const watch = (...more: readonly string[]) => [
    ...holdfastWords,
    ...more,
    '--limit',
    'web',
    '--confirm-timeout',
    '5',
    '--known-hosts',
    join(lab.dir, 'known_hosts'),
  ]

  it('killed at any moment and begun again loses no history and leaves no host locked', async () => {
    const state = mkdtempSync(join(lab.dir, 'state-'))
    for (const lived of [600, 1000, 1500, 2700]) {
      await rival()
      const { signal } = await lab.run([...watch('watch', '--every', '1s'), '--state', state], { cwd: dir, timeout: lived })
      expect(signal).toBe('SIGKILL')
    }
    const names = readdirSync(join(state, 'runs'))
    expect(names.length).toBeGreaterThan(0)
    expect(readRuns(state)).toHaveLength(new Set(names.map((name) => name.split('.')[0])).size)
    await sleep(6000)
    const { code, stderr } = await lab.run([...watch('apply', '--lock-timeout', '20'), '--state', state], { cwd: dir, timeout: 60_000 })
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(readdirSync(join(state, 'runs')).filter((name) => name.endsWith('.part'))).toEqual([])
    expect(await lab.host('web').must('cat /proc/sys/net/ipv4/tcp_keepalive_time; ls -d /run/holdfast*/lock 2>/dev/null || true')).toBe(
      '300\n',
    )
  })

  it('stops when it is told to, after the run under way', async () => {
    const { code, stderr } = await lab.run(['timeout', '-s', 'TERM', '5', ...watch('watch', '--every', '1s')], {
      cwd: dir,
      timeout: 30_000,
    })
    expect(code).toBe(124) // of timeout(1); its own is in what it said
    expect(stderr).toContain('stopping: hosts under way finish')
  })

  it.each([[[]], [['--once', '--every', '15m', '--jitter', '90s']]])('has a unit that systemd takes: %j', async (more) => {
    const folder = mkdtempSync(join(lab.dir, 'units-'))
    const { stdout } = await lab.run(watch('watch', '--print-systemd', '-e', 'x=a b"$c%d', ...more), { cwd: dir })
    const units = stdout.split(/^(?=# \/etc\/systemd\/system\/)/m)
    const names = units.map((text) => text.split('\n')[0]!.split('/').at(-1)!)
    expect(names).toEqual(more.length > 0 ? ['holdfast.service', 'holdfast.timer'] : ['holdfast.service'])
    for (const [at, name] of names.entries()) writeFileSync(join(folder, name), units[at]!)
    const { code, stderr } = await capture(['systemd-analyze', 'verify', ...names.map((name) => join(folder, name))])
    expect({ code, stderr: stderr.split('\n').filter((line) => line.includes('holdfast.')) }).toEqual({ code: 0, stderr: [] })
  })

  it('is not the only one to keep windows: a kept plan waits for them, or is refused where it would expire before', async () => {
    const later = new Date(Date.now() + 3 * 86_400_000).toUTCString().slice(0, 3)
    const windows = join(dir, 'group_vars/web.yaml')
    const run = (...argv: readonly string[]) =>
      lab.run([...argv, '--known-hosts', join(lab.dir, 'known_hosts')], { cwd: dir, timeout: 60_000 })
    const value = () => lab.host('web').must('cat /proc/sys/net/ipv4/tcp_keepalive_time')
    await rival()
    const plan = ['plan', '--limit', 'web', '--out']
    expect(await run(...holdfastWords, ...plan, 'long.json', '--valid-for', '9d')).toMatchObject({ code: 2 })
    expect(await run(...holdfastWords, ...plan, 'short.json', '--valid-for', '1d')).toMatchObject({ code: 2 })
    writeFileSync(windows, `holdfast_change_windows: ${later} 00:00-24:00\n`)
    const early = await run(...holdfastWords, 'apply', 'short.json', '--at-window')
    expect(early).toMatchObject({ code: 1, stderr: expect.stringMatching(/the plan expires at .*, before the change window opens at/) })
    const waiting = await run('timeout', '-s', 'TERM', '4', ...holdfastWords, 'apply', 'long.json', '--at-window')
    expect(waiting.stderr).toContain('waiting for the change window, which opens at')
    expect(await value()).toBe('7200\n')
    writeFileSync(windows, 'holdfast_change_windows: daily 00:00-24:00\n')
    expect(await run(...holdfastWords, 'apply', 'long.json', '--at-window')).toMatchObject({ code: 0 })
    expect(await value()).toBe('300\n')
  })
})
