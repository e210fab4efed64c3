import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startRecording } from '../../src/history/history.js'
import { remember } from '../../src/history/memory.js'
import { makeFolder, runSource } from './process.js'

let place: ReturnType<typeof makeFolder>
const run = (...argv: string[]) => runSource('src/cli.ts', ['report', ...argv], place.folder)

beforeAll(() => {
  place = makeFolder({ 'inventory.yaml': '', 'empty/inventory.yaml': '' })
  const state = join(place.folder, '.holdfast')
  for (const day of [12, 13]) {
    const head = {
      format: 1,
      run: `202601${day}T021500Z-a`,
      command: 'plan',
      began: `2026-01-${day}T02:15:00.000Z`,
      by: 'kim@jump1',
      playbooks: ['a.yaml'],
    } as const
    const options = { state, keep: { runs: 9, days: 99999 }, secrets: [], say: () => {} }
    const recording = startRecording(head, [{ host: 'web1', groups: ['web'], resources: ['sysctl'] }], options)
    recording.end([{ host: 'web1', outcome: 'in-sync', changes: [] }], new Date())
  }
  for (const [host, value] of [
    ['web1', '1'],
    ['web2', '1'],
    ['web3', '0'],
  ] as const)
    remember(state, {
      format: 1,
      host,
      groups: ['web'],
      held: { 'sysctl net.ipv4.ip_forward': value },
      wide: { 'live sysctl net.ipv4.tcp_sack': value },
    })
})
afterAll(() => place.remove())

describe('holdfast report', () => {
  it.each([
    [[], /^<!doctype html>[\s\S]*web1/],
    [['--format', 'json'], /^\{\n {2}"runs": \[\n[\s\S]*20260112[\s\S]*20260113/],
    [['--format', 'json', '--last', '1'], /^(?![\s\S]*20260112)/],
    [['--format', 'json', '--run', '20260112T021500Z-a'], /^\{\n {2}"format": 1/],
    [['--format', 'junit'], /^<\?xml [\s\S]*value="20260113T021500Z-a"/],
    [['--format', 'markdown', '--run', '20260112T021500Z-a'], /^# Planned changes: run 20260112/],
    [['--format', 'metrics'], /holdfast_runs 2\n[\s\S]*# EOF\n$/],
    [['--format', 'prometheus'], /holdfast_runs 2\n(?![\s\S]*# EOF)/],
    [['--outliers'], /^web3 \(web\): sysctl net\.ipv4\.ip_forward: 0, where 2 of 2 others have 1\n$/],
    [['--outliers', '--wide'], /^web3 \(web\): live sysctl net\.ipv4\.tcp_sack: 0, where 2 of 2 others have 1\n$/],
    [['--outliers', '--format', 'json'], /^\{\n {2}"outliers": \[\n/],
    [['--outliers', '--json'], /^\{\n {2}"outliers": \[\n/],
    [['--json'], /^\{\n {2}"runs": \[\n[\s\S]*20260112[\s\S]*20260113/],
  ])('%j', (argv, text) => {
    const { status, stdout, stderr } = run(...argv)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(text)
  })

  it('writes a file whole, for a collector of another user to read', () => {
    expect(run('--format', 'prometheus', '--out', 'holdfast.prom').status).toBe(0)
    const file = join(place.folder, 'holdfast.prom')
    expect(readFileSync(file, 'utf8')).toContain('holdfast_runs 2')
    expect((statSync(file).mode & 0o777).toString(8)).toBe('644')
  })

  it('refuses two forms, in JSON', () => {
    const { status, stdout } = run('--json', '--format', 'html')
    expect(status).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ problems: [{ message: '--json and --format html are two forms: say one' }] })
  })

  it('writes outliers into the file that is named', () => {
    expect(run('--outliers', '--out', 'outliers.txt')).toMatchObject({ status: 0, stdout: '' })
    expect(readFileSync(join(place.folder, 'outliers.txt'), 'utf8')).toMatch(/^web3 \(web\): /)
  })

  it.each([
    [['--run', 'x', '--format', 'junit'], 'there is no run x in the history; the newest is 20260113T021500Z-a'],
    [['-i', 'empty/inventory.yaml'], 'there is no run in the history (empty/.holdfast); plan, apply and watch write it'],
    [['--wide'], '--wide is about --outliers: give both'],
    [
      ['-i', 'empty/inventory.yaml', '--outliers', '--wide'],
      'no host was looked at with --wide yet; holdfast plan --wide does, and changes nothing',
    ],
    [['-i', 'empty/inventory.yaml', '--outliers'], 'no host was looked at yet, as far as the history knows: holdfast plan does'],
    [['--outliers', '--format', 'junit'], '--outliers has no form junit: it is text, or --format json'],
    [['--outliers', '--run', 'x'], '--outliers is about what hosts hold, not about runs: leave --run out'],
    [['--format', 'pdf'], "option '--format <form>' argument 'pdf' is invalid"],
    [['--out', 'inventory.yaml/x'], 'the report cannot be written to inventory.yaml/x'],
  ])('%j: exit 1', (argv, sentence) => {
    const { status, stdout, stderr } = run(...argv)
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toContain(sentence)
    expect(existsSync(join(place.folder, 'empty/.holdfast'))).toBe(false)
  })
})
