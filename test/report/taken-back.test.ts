import { describe, expect, it } from 'vitest'
import type { RunDocument } from '../../src/history/document.js'
import { pageOf } from '../../src/report/html/page.js'
import { markdownOf } from '../../src/report/markdown.js'

const run = (command: string): RunDocument => ({
  ...{ format: 1, run: '20260112T021500Z-4f2a9c', command, by: 'kim@jump1', playbooks: [] },
  ...{ began: '2026-01-12T02:15:00.000Z', ended: '2026-01-12T02:15:02.000Z', summary: { changed: 1 } },
  hosts: [
    {
      ...{ host: 'web1', outcome: 'changed', groups: ['web'], resources: command === 'apply' ? ['sysctl'] : [] },
      changes: [{ resource: 'sysctl', layer: 'boot', at: 'net.ipv4.tcp_rfc1337', before: '0', after: '1', cause: 'intent' }],
    },
  ],
})
const page = (command: string): string => pageOf([run(command)], new Date('2026-01-13T00:00:00Z'))

describe('a rollback in the reports', () => {
  it('is not taken for what playbooks want', () => {
    expect(page('apply')).toMatch(/corrected: live 0, boot 1[\s\S]*It will hold what is wanted/)
    expect(page('rollback')).toMatch(/from 1 run;[\s\S]*taken back: live 0, boot 1[\s\S]*Unknown: a rollback does not ask what is wanted/)
    expect(page('rollback')).not.toMatch(/It will hold what is wanted|corrected/)
  })

  it.each([
    ['plan', '# Planned changes: run'],
    ['apply', '# Changes: run'],
    ['rollback', '# Changes taken back: run'],
  ])('%s has its title in a ticket', (command, title) => {
    expect(markdownOf(run(command)).startsWith(title)).toBe(true)
    expect(markdownOf(run(command))).toContain('- 1 host: 1 changed')
  })
})
