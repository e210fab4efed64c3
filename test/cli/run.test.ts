import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lineOf, wordsOf } from '../program.js'
import { makeFolder, runSource, startSource } from './process.js'

const drive = 'test/cli/drive.ts'
const [node, ...words] = wordsOf(drive)
let place: ReturnType<typeof makeFolder>
beforeAll(() => {
  place = makeFolder({ 'inventory.yaml': '', 'playbooks/a.yaml': '' })
})
afterAll(() => place.remove())
const run = (...argv: string[]) => runSource(drive, argv, place.folder)

describe('a run, over an engine that needs no host', () => {
  it.each([
    ['web1:in-sync', 'apply', 0],
    ['web1:differs', 'plan', 2],
    ['web1:differs', 'apply', 0],
    ['web1:differs', 'apply --check', 2],
    ['web1:unreachable,web2:differs', 'plan', 4],
    ['web1:rolled-back,web2:failed', 'apply', 5],
    ['web1:failed,web2:differs', 'apply --serial 1', 3],
    ['web1:throws,web2:differs', 'apply --forks 1', 70],
    ['web1:stray', 'apply', 70],
  ])('%s, %s: exit %i', (fleet, line, code) => {
    const { status, stdout, stderr } = run(fleet, ...line.split(' '))
    expect({ status, stderr }).toMatchObject({ status: code })
    for (const entry of fleet.split(',')) expect(stdout).toContain(`${entry.split(':')[0]} : `) // the summary so far
    if (code === 70) expect(stderr).toMatch(/this is a bug: TypeError: (boom|stray)\n +at /)
  })

  it('keeps stdout for the report: progress and notes are on stderr', () => {
    const { stdout, stderr } = run('web1:differs', 'plan')
    expect(stdout).toMatch(/^web1 {2}pending\n.*live/)
    expect(stderr).toBe('note: proxy.example is 192.0.2.1\nweb1: pending\n')
  })

  it('with --json: one document on stdout, text on stderr, progress only with -v', () => {
    const { stdout, stderr } = run('web1:differs', 'plan', '--json')
    expect(JSON.parse(stdout)).toMatchObject({ command: 'plan', hosts: [{ host: 'web1', outcome: 'pending' }], summary: { pending: 1 } })
    expect(JSON.parse(stdout).run).toMatch(/^\d{8}T\d{6}Z-[0-9a-f]{6}$/)
    expect(stderr).toContain('1 host: 1 pending')
    expect(stderr).not.toContain('web1: pending')
    expect(run('web1:differs', 'plan', '--json', '-v').stderr).toContain('web1: pending\n')
  })

  it('prints scripts byte for byte into a pipe', () => {
    const { stdout } = spawnSync(node!, [...words, 'web1:differs', 'plan', '--script'], { cwd: place.folder })
    expect(stdout.toString('latin1')).toBe('# web1: act\necho \u001b[31m\x80\n')
  })

  it('keeps a plan in a file of its owner', () => {
    const file = join(place.folder, 'kept.json')
    expect(run('web1:differs,web2:in-sync', 'plan', '--out', 'kept.json').status).toBe(2)
    const kept = { format: 1, tool: '0', hosts: [{ host: 'web1' }, { host: 'web2' }], digest: expect.stringMatching(/^sha256:/) }
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject(kept)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const failed = run('web1:differs', 'plan', '--out', 'none/kept.json')
    expect(failed.status).toBe(1)
    expect(failed.stderr).toMatch(/^holdfast: no plan can be kept in none\/kept\.json: ENOENT/)
    expect(existsSync(join(place.folder, 'none'))).toBe(false)
  })

  it('is silent when its reader goes away', () => {
    const command = `${lineOf(wordsOf(drive))} web1:differs plan 2>err | true; code="\${PIPESTATUS[0]}"; cat err; echo "$code"`
    const { stdout } = spawnSync('bash', ['-c', command], { cwd: place.folder, encoding: 'utf8' })
    expect(stdout).toBe('note: proxy.example is 192.0.2.1\nweb1: pending\n2\n')
  })
})

describe('signals', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 143],
  ] as const)('%s once: hosts under way finish, no other starts, exit %i', async (signal, code) => {
    let sent = false
    const ended = await startSource(
      drive,
      ['web1:in-sync,web2:slow,web3:in-sync', 'apply', '--forks', '1'],
      place.folder,
      (stderr, kill) => {
        if (!sent && stderr.includes('web1: in-sync')) kill(signal)
        sent ||= stderr.includes('web1: in-sync')
      },
    )
    expect(ended.code).toBe(code)
    expect(ended.stdout).toMatch(/web2 : changed/)
    expect(ended.stdout).toMatch(new RegExp(`web3 : skipped +not started: stopped by ${signal}`))
    expect(ended.stderr).toContain('stopping: hosts under way finish, once more stops them too')
  })

  it('twice: those under way are stopped too', async () => {
    let sent = 0
    const ended = await startSource(
      drive,
      ['web1:in-sync,web2:waits,web3:in-sync', 'apply', '--forks', '1'],
      place.folder,
      (stderr, kill) => {
        if (sent === 0 && stderr.includes('web1: in-sync')) sent += kill('SIGINT')
        else if (sent === 1 && stderr.includes('stopping')) sent += kill('SIGINT')
      },
    )
    expect(ended.code).toBe(130)
    expect(ended.stdout).toMatch(/web2 : failed +stopped/)
  })
})
