import { mkdtempSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serve } from '../../src/fleet/serve.js'
import { startRecording } from '../../src/history/history.js'

let state: string
let server: Server
let ailing: string | undefined
let base: string
beforeAll(async () => {
  state = mkdtempSync(join(tmpdir(), 'holdfast-serve-'))
  const head = {
    format: 1,
    run: '20260112T021500Z-1',
    command: 'apply',
    began: '2026-01-12T02:15:00.000Z',
    by: 'x',
    playbooks: [],
  } as const
  const options = { state, keep: { runs: 9, days: 99999 }, secrets: [], say: () => {} }
  startRecording(head, [{ host: 'web1', groups: ['web'], resources: ['sysctl'] }], options).end(
    [{ host: 'web1', outcome: 'in-sync', changes: [] }],
    new Date(),
  )
  server = await serve({ host: '127.0.0.1', port: 0, state, ailing: () => ailing })
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.close()
  rmSync(state, { recursive: true })
})

describe('what a watch serves', () => {
  it.each([
    ['/', '*/*', 'text/html; charset=utf-8', /<title>holdfast report<.*web1/s],
    [
      '/metrics',
      '*/*',
      'text/plain; version=0.0.4; charset=utf-8',
      /holdfast_host_outcome\{host="web1",outcome="in-sync"\} 1\n(?!.*# EOF)/s,
    ],
    ['/metrics', 'application/openmetrics-text;version=1.0.0', 'application/openmetrics-text; version=1.0.0; charset=utf-8', /# EOF\n$/],
    ['/healthz', '*/*', 'text/plain; charset=utf-8', /^ok\n$/],
  ])('%s for %s', async (path, accept, type, body) => {
    const answer = await fetch(base + path, { headers: { accept } })
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, type])
    expect(await answer.text()).toMatch(body)
  })

  it('refuses all else', async () => {
    expect((await fetch(`${base}/../etc/passwd`)).status).toBe(404)
    expect((await fetch(base, { method: 'POST' })).status).toBe(405)
    await expect(
      serve({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, state, ailing: () => undefined }),
    ).rejects.toThrow('EADDRINUSE')
  })

  it('says when the watch ails', async () => {
    ailing = 'no run has ended for 99 s'
    const answer = await fetch(`${base}/healthz`)
    expect([answer.status, await answer.text()]).toEqual([503, 'no run has ended for 99 s\n'])
  })
})
