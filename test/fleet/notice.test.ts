import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { noticeOf, sendNotice } from '../../src/fleet/notice.js'
import { redact } from '../../src/history/redact.js'
import { countOutcomes } from '../../src/shown.js'
import type { Cause, HostReport, Outcome, RunReport } from '../../src/types.js'

const host = (name: string, outcome: Outcome, cause?: Cause): HostReport => ({
  host: name,
  outcome,
  ...(outcome === 'failed' && { reason: 'sesame <b>' }),
  changes: cause ? [{ resource: 'sysctl', layer: 'live', at: 'k', before: '1', after: '0', cause }] : [],
})
const report = (...hosts: readonly HostReport[]): RunReport => ({ run: 'r1', command: 'apply', hosts, summary: countOutcomes(hosts) })
const none = { webhooks: [], slack: [], commands: [] }

/** A server that answers with these statuses in turn, the last of them for ever, and what it was sent. */
async function receiver(...statuses: readonly number[]) {
  const got: { readonly path: string; readonly body: never }[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (part) => {
      body += part
    })
    request.on('end', () => {
      got.push({ path: request.url!, body: JSON.parse(body) as never })
      response.writeHead(statuses[Math.min(got.length, statuses.length) - 1]!).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { got, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret/path`, close: () => server.close() }
}

describe('a notice', () => {
  it.each([
    [[host('a', 'in-sync')], undefined],
    [[host('a', 'changed', 'new'), host('b', 'pending', 'intent')], undefined],
    [[host('a', 'changed', 'drift')], ['drift']],
    [[host('a', 'pending', 'upgrade')], ['drift']],
    [
      [host('a', 'changed', 'contested'), host('b', 'unreachable')],
      ['failure', 'contested'],
    ],
    [[host('a', 'rolled-back', 'intent')], ['rollback']],
    [[host('a', 'skipped')], undefined],
  ] as const)('of %j is about %j', (hosts, events) => expect(noticeOf(report(...hosts))?.events).toEqual(events))

  const notice = noticeOf(report(host('a', 'failed'), host('b', 'changed', 'drift'), host('c', 'in-sync')))!

  it('is sent as JSON, and as text to those like Slack, without secrets', async () => {
    const [hook, slack] = [await receiver(200), await receiver(200)]
    expect(await sendNotice(redact(notice, ['sesame']), { ...none, webhooks: [hook.url], slack: [slack.url] })).toEqual([])
    expect(hook.got).toMatchObject([{ body: { run: 'r1', events: ['drift', 'failure'], report: { summary: { failed: 1 } } } }])
    expect(slack.got.map(({ body }) => body)).toEqual([
      { text: 'holdfast run r1: drift, failure\na: failed: *** &lt;b&gt;\nb: changed (drift)' },
    ])
    expect(JSON.stringify([hook.got, slack.got])).not.toContain('sesame')
    for (const each of [hook, slack]) each.close()
  })

  it('is tried again, and who never took it is named without the path, which is a secret', async () => {
    const [late, never] = [await receiver(500, 503, 200), await receiver(500)]
    const failures = await sendNotice(
      notice,
      { ...none, webhooks: [late.url, never.url, 'http://127.0.0.1:1/secret/path', 'nonsense'] },
      [1, 1],
    )
    expect(late.got).toHaveLength(3)
    expect(never.got).toHaveLength(3)
    expect(failures).toEqual([
      expect.stringMatching(/^the webhook at 127\.0\.0\.1:\d+ did not take the notice: it answered 500$/),
      expect.stringContaining('the webhook at 127.0.0.1:1 did not take the notice: '),
      expect.stringContaining('the webhook at an address that is none did not take the notice: '),
    ])
    expect(failures.join()).not.toContain('secret')
    for (const each of [late, never]) each.close()
  })

  it('goes to a command on its stdin', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-notice-'))
    const file = join(folder, 'got')
    expect(await sendNotice(notice, { ...none, commands: [`cat > '${file}'`, 'exit 3', 'true'] }, [])).toEqual([
      'the notice command did not take the notice: it ended with 3',
    ])
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(notice)
    rmSync(folder, { recursive: true })
  })
})
