import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { junitOf } from '../../src/report/junit.js'
import { markdownOf } from '../../src/report/markdown.js'
import { metricsOf } from '../../src/report/metrics.js'
import { printable } from '../../src/text.js'
import { capture, must } from '../lab/capture.js'
import { makeHistory } from './report-history.js'
import { need } from './report-needs.js'

const runs = makeHistory(20)
const run = runs.at(-1)!

beforeAll(async () => {
  await need('python3-junitparser', '/usr/lib/python3/dist-packages/junitparser/__init__.py')
  await need('libxml2-utils', '/usr/bin/xmllint')
  await need('python3-prometheus-client', '/usr/lib/python3/dist-packages/prometheus_client/__init__.py')
})

const parseMetrics = (parser: string): string => `
import json, sys
from prometheus_client.${parser} import text_string_to_metric_families as parse
print(json.dumps([[f.name, f.type, [[s.name, s.labels, s.value] for s in f.samples]] for f in parse(sys.stdin.read())]))`

describe('the metrics', () => {
  it.each([
    ['openmetrics', 'openmetrics.parser'],
    ['prometheus', 'parser'],
  ] as const)('%s are what a parser of that format takes', async (format, parser) => {
    const out = await must(['/usr/bin/python3', '-c', parseMetrics(parser)], { stdin: metricsOf(runs, format) })
    const families = JSON.parse(out) as [string, string, [string, Record<string, string>, number][]][]
    const samples = new Map(families.map(([name, , own]) => [name, own]))
    const ones = samples.get('holdfast_host_outcome')!.filter(([, , value]) => value === 1)
    // skipped in the newest run, so as the one before left them: hosts 9 and 19
    expect(ones.map(([, labels]) => labels.outcome).filter((outcome) => outcome === 'failed')).toHaveLength(2)
    expect(ones).toHaveLength(20)
    expect(samples.get('holdfast_runs')).toEqual([['holdfast_runs', {}, 40]])
    expect(samples.get('holdfast_last_run_timestamp_seconds')![0]![2]).toBe(Date.parse(run.began) / 1000)
    expect(ones.map(([, labels]) => labels.host)).toContainEqual(expect.stringMatching(/^host-1<\/pre><script>.*">/))
  })
})

describe('the JUnit', () => {
  it('fits the schema of those who read it, and counts a case per host and resource', async () => {
    const text = junitOf(run)
    const { code, stderr } = await capture(['xmllint', '--noout', '--schema', join(import.meta.dirname, 'junit.xsd'), '-'], { stdin: text })
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(text.match(/<testcase /g)).toHaveLength(40)
    expect(text).toContain('tests="40" failures="8" errors="16" skipped="4"')
    const { stdout } = await capture(['xmllint', '--xpath', 'string((//error)[1])', '-'], { stdin: text })
    expect(stdout).toContain('</pre><script>document.title = "taken"</script>')
  })

  it.each([
    ['a count that is none', / tests="40"/, ' tests="many"'],
    ['skipped cases counted for all suites', /<testsuites /, '<testsuites skipped="4" '],
    ['a suite that does not say its errors', /(<testsuite .*?) errors="\d+"/, '$1'],
    ['a case without a name', /<testcase name="[^"]*"/, '<testcase'],
    ['a case that failed in its own way', /<failure /, '<failure line="3" '],
    ['seconds with a unit', / time="[\d.]+"/, ' time="3 s"'],
    ['a case outside of its suite', /<\/testsuites>/, '<testcase name="x"/></testsuites>'],
  ])('would not fit with %s', async (_, part, instead) => {
    const text = junitOf(run)
    const spoilt = text.replace(part, instead)
    expect(spoilt).not.toBe(text)
    const { code, stderr } = await capture(['xmllint', '--noout', '--schema', join(import.meta.dirname, 'junit.xsd'), '-'], {
      stdin: spoilt,
    })
    // 3: it is no valid document; 1 would be no XML
    expect({ code, stderr }).toMatchObject({ code: 3 })
  })
})

const parseJunit = `
import json, sys
from junitparser import JUnitXml
def result(r): return [type(r).__name__, r.type, r.message, r.text]
def case(c): return [c.classname, c.name, c.time, [result(r) for r in c.result], c.system_out]
def suite(s): return dict(name=s.name, hostname=s.hostname, timestamp=s.timestamp, tests=s.tests, failures=s.failures, errors=s.errors, skipped=s.skipped,
  properties={p.name: p.value for p in s.properties()}, cases=[case(c) for c in s])
xml = JUnitXml.fromstring(sys.stdin.buffer.read())
said = [[s.tests, s.failures, s.errors, s.skipped] for s in xml]
for s in xml: s.update_statistics()
print(json.dumps(dict(suites=[suite(s) for s in xml], said=said)))`

interface Parsed {
  readonly said: readonly (readonly number[])[]
  readonly suites: readonly {
    readonly tests: number
    readonly failures: number
    readonly errors: number
    readonly skipped: number
    readonly timestamp: string
    readonly properties: Readonly<Record<string, string>>
    readonly cases: readonly (readonly [
      string,
      string,
      number,
      readonly (readonly [string, string, string, string | null])[],
      string | null,
    ])[]
  }[]
}

describe('the JUnit as junitparser reads it', () => {
  let parsed: Parsed
  beforeAll(async () => {
    parsed = JSON.parse(await must(['/usr/bin/python3', '-c', parseJunit], { stdin: junitOf(run) })) as Parsed
  })

  it('is one suite, whose counts are those of its cases', () => {
    const [suite, ...others] = parsed.suites
    expect(others).toEqual([])
    expect([suite!.tests, suite!.failures, suite!.errors, suite!.skipped]).toEqual(parsed.said[0])
    expect(suite).toMatchObject({ timestamp: run.began.slice(0, 19), properties: { run: run.run } })
    expect(suite!.cases.map(([host, name]) => [host, name])).toEqual(
      run.hosts.flatMap(({ host, resources }) => resources.map((name) => [printable(host), name])),
    )
  })

  it.each([
    ['in-sync', [], null],
    ['changed', [], /^drift|^upgrade|tcp_rfc1337|proxy/],
    ['pending', ['Failure', 'pending'], null],
    ['failed', ['Error', 'failed'], null],
    ['unreachable', ['Error', 'unreachable'], null],
    ['rolled-back', ['Error', 'rolled-back'], null],
    ['stale', ['Error', 'stale'], null],
    ['skipped', ['Skipped', null], null],
  ] as const)('%s is %j', (outcome, result, output) => {
    const hosts = new Set(run.hosts.filter((host) => host.outcome === outcome).map(({ host }) => printable(host)))
    const cases = parsed.suites[0]!.cases.filter(([host]) => hosts.has(host))
    expect(cases).toHaveLength(hosts.size * 2)
    for (const [, , , results, system] of cases) {
      expect(results.map(([kind, type]) => [kind, type])).toEqual(result.length > 0 ? [result] : [])
      expect(results.every(([, , message]) => message.startsWith(outcome))).toBe(true)
      if (output) expect(system).toMatch(output)
      else expect(system).toBeNull()
    }
  })

  it('gives the words of a host back as they were', () => {
    const text = parsed.suites[0]!.cases.flatMap(([, , , results]) => results).find(([kind]) => kind === 'Error')![3]
    expect(text).toContain('</pre><script>document.title = "taken"</script>"><img src=x onerror="document.title=1"> &')
  })
})

describe('the Markdown', () => {
  it('has a row per host and nothing that hosts made up', () => {
    const text = markdownOf(run)
    expect(text.split('\n## ')[0]!.match(/^\| host\\-\d+/gm)).toHaveLength(20)
    expect(text.replace(/`[^`]*`/g, '')).not.toMatch(/<(?!br>)/)
    expect(text).not.toMatch(/[\u202e\u001b]/)
  })

  it('groups what an upgrade dropped', () => {
    const upgrade = runs[20]!
    expect(markdownOf(upgrade)).toMatch(
      /## What upgrades dropped\n\n\| host \| upgrade \| dropped \|\n.*\n\| host\\-1.* \| 6\.5 SP2 build 1548 → 6\.5 SP3 build 3279 \| `sysctl net\.ipv4\.tcp_rfc1337 \(live\)`<br>`iptables ipv4 filter INPUT proxy \(boot\)` \|/,
    )
  })

  it('groups what upgrades will drop', () => {
    const rows = markdownOf(run).split('\n## What upgrades will drop\n')[1]!.split('\n## ')[0]!.trim().split('\n')
    expect(rows[0]).toBe('| host | upgrade | will drop | as on |')
    expect(rows.slice(2).map((row) => row.split(' | ')[0])).toEqual([
      '| host\\-2',
      '| host\\-6',
      '| host\\-10',
      '| host\\-14',
      '| host\\-18',
    ])
    expect(rows[3]).toMatch(/^\| host\\-6 \| 6\.5 SP3 build 3279 → 6\.5 SP3 build 3312 \| nothing that the playbooks name \| host\\-9, /)
    expect(markdownOf(runs[38]!)).not.toContain('will drop')
  })
})
