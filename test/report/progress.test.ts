import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { widthOf } from '../../src/report/columns.js'
import { rowOf, startProgress } from '../../src/report/progress.js'
import type { HostResult } from '../../src/shown.js'
import { lineOf, wordsOf } from '../program.js'

const style = { width: 80, unicode: true, colour: false }

describe('the row', () => {
  it('says how the run stands', () => {
    const active = new Map([
      ['web3', 'act'],
      ['web4', 'look'],
    ])
    expect(rowOf({ active, counts: { changed: 11, failed: 1 }, batch: 'batch 2/5  ', hosts: 50 }, style)).toBe(
      'batch 2/5  12/50 done, 1 failed: web3 (act), web4 (look)',
    )
  })

  it('names at most five hosts, harmless, within the width', () => {
    const active = new Map(Array.from({ length: 9 }, (_, at) => [`h${at}\u001b`, 'act'] as const))
    const row = rowOf({ active, counts: {}, batch: '', hosts: 9 }, { ...style, width: 200 })
    expect(row).toMatch(/h4\\x1b \(act\), 4 more$/)
    expect(widthOf(rowOf({ active: new Map([['日'.repeat(90), 'act']]), counts: {}, batch: '', hosts: 9 }, style))).toBeLessThanOrEqual(76)
  })
})

describe('lines', () => {
  const told = async (form: 'lines' | 'none'): Promise<string> => {
    let text = ''
    const stream = { write: (part: string) => (text += part) } as never
    const progress = await startProgress({ hosts: 1, form, style, stream })
    progress.batch(1, 1)
    progress.stage('web1', 'act')
    progress.done({ host: 'web1\u001b', outcome: 'failed', reason: 'x\ny', changes: [] } satisfies HostResult)
    await progress.end()
    return text
  }
  it('one per finished host in a pipe', async () => expect(await told('lines')).toBe('web1\\x1b: failed (x ...)\n'))
  it('or nothing', async () => expect(await told('none')).toBe(''))
})

describe('the row on a terminal (script(1))', () => {
  it('draws to stderr only, leaves the cursor shown and costs little for 1000 hosts', () => {
    const root = fileURLToPath(new URL('../..', import.meta.url))
    const command = `stty cols 80 rows 24; cd '${root}' && ${lineOf(wordsOf('test/report/row-drive.ts'))} | sed 's/^/out:/'`
    const { stdout, status } = spawnSync('script', ['-qec', command, '/dev/null'], {
      encoding: 'utf8',
      env: { ...process.env, TERM: 'xterm', CI: '' },
    })
    expect(status).toBe(0)
    expect(stdout).toMatch(/\/1000 done: host\d+ \(act\)/)
    expect(Array.from(stdout.matchAll(/out:([^\r\n]*)/g), ([, line]) => line)).toEqual(['report'])
    expect(stdout.lastIndexOf('\u001b[?25h')).toBeGreaterThan(stdout.lastIndexOf('\u001b[?25l'))
    expect(Number(/cpu (\d+)/.exec(stdout)?.[1])).toBeLessThan(3000)
  }, 30_000)
})
