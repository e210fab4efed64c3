import { describe, expect, it } from 'vitest'
import { timingText } from '../../src/report/timing.js'
import type { HostReport, TimedSpan } from '../../src/types.js'

const style = { width: 60, unicode: false, colour: false }
const own = { files: 20, processor: 250, peak: 71e6 }
/** `look script 40 100`: stage, part, at (since the process began), took. */
const spansOf = (rows: readonly string[]): readonly TimedSpan[] =>
  rows.map((row) => {
    const [stage = '', part = '', at, took] = row.split('/')
    return { stage, part, at: Number(at), took: Number(took) }
  })
const hostOf = (host: string, took: number, rows: readonly string[]): HostReport => ({
  ...{ host, outcome: 'in-sync', changes: [] },
  timing: { at: 100, took, execs: 1, bytesIn: 16_234, bytesOut: 9000, spans: spansOf(rows) },
})
const looked = (look: number): readonly string[] => [
  ...['connect/connect/100/30', 'connect/tcp/100/10', 'connect/keys/110/20'],
  ...[`look/script/130/${look}`, 'look/first byte/130/10'],
]

describe('the timing of a run', () => {
  it('is a waterfall of one host: bars stand where and as long as the spans did', () => {
    expect(timingText([hostOf('web1', 100, looked(60))], own, style).split('\n')).toEqual([
      '',
      'timing  web1',
      '  connect         30.0 ms  ##########',
      '    tcp           10.0 ms  ###',
      '    keys          20.0 ms     #######',
      '  look            60.0 ms            ###################',
      '    first byte    10.0 ms            ###',
      '  plan            10.0 ms                               ###',
      '  total          100.0 ms  ################################',
      '  1 script, 16.2 kB from it, 9.0 kB to it',
      '  controller: 100.0 ms to the first host (files 20.0 ms),',
      '    250.0 ms of the processor, 71 MB at most',
      '',
    ])
  })

  it('is the medians of several hosts, and names the slowest', () => {
    const text = timingText([hostOf('a', 80, looked(40)), hostOf('b', 500, looked(460)), hostOf('c', 100, looked(60))], own, style)
    expect(text).toContain('timing  medians of 3 hosts; the slowest, b, took 500.0 ms')
    expect(text).toMatch(/^ {2}look +60\.0 ms/m)
    expect(text).toMatch(/^ {2}total +100\.0 ms/m)
  })

  it('is no wider than the terminal', () => {
    const hosts = ['one', 'another-with-a-long-name.example.com'].map((name, index) => hostOf(name, 100 + index, looked(60)))
    const lines = timingText(hosts, own, style).split('\n')
    expect(lines.slice(1, 3)).toEqual([
      'timing  medians of 2 hosts; the slowest,',
      '        another-with-a-long-name.example.com, took 101.0 ms',
    ])
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(style.width)
  })

  it('tells two looks apart, and the new connection of settle', () => {
    const rows = [...looked(30), 'look/script/165/10', 'act/script/180/20', 'settle/connect/200/10', 'settle/script/210/20']
    const names = timingText([hostOf('a', 140, rows)], own, style)
      .split('\n')
      .map((line) => /^ {2,4}(\S.*?) {2,}\d/.exec(line)?.[1])
      .filter(Boolean)
    expect(names).toEqual([
      'connect',
      'tcp',
      'keys',
      'look',
      'first byte',
      'plan',
      'look (2)',
      'plan (2)',
      'act',
      'settle: connect',
      'settle',
      'total',
    ])
  })

  it('says nothing of hosts that were not measured, and trusts no name', () => {
    expect(timingText([{ host: 'a', outcome: 'in-sync', changes: [] }], own, style)).toBe('')
    expect(timingText([hostOf('a\u001b[2J', 100, looked(60))], own, style)).not.toContain('\u001b')
  })
})
