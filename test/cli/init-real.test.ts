import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { holdfastWords, lineOf } from '../program.js'
import { makeFolder, runSource } from './process.js'

const command = `${lineOf(holdfastWords)} init`

/** Answers the questions on a terminal of its own; an answer of undefined is the end of input. */
const talk = (folder: string, answers: readonly (string | undefined)[]) =>
  spawnSync('script', ['-qec', command, '/dev/null'], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 50_000,
    input: answers.map((answer) => (answer === undefined ? '\x04' : `${answer}\n`)).join(''),
    env: { ...process.env, TERM: 'xterm', NO_COLOR: '1' },
  })

it('asks on a terminal, and what it writes validates', () => {
  const place = makeFolder()
  try {
    const { stdout, status } = talk(place.folder, ['iwsva1=192.0.2.9', 'admin', '2', 'p1=192.0.2.1 p2=192.0.2.2'])
    expect(stdout).toMatch(/Hosts[\s\S]*Log in as[\s\S]*2 {2}downstream-proxy: [\s\S]*group proxy[\s\S]*wrote inventory\.yaml/)
    expect(status).toBe(0)
    const inventory = readFileSync(join(place.folder, 'inventory.yaml'), 'utf8')
    for (const part of ['ansible_user: admin', 'ansible_become: true', 'appliance:\n', 'iwsva1: { ansible_host: 192.0.2.9 }', 'p2:'])
      expect(inventory).toContain(part)
    expect(runSource('src/cli.ts', ['validate'], place.folder)).toMatchObject({ status: 0, stdout: 'no problems; the plays name 1 host\n' })
  } finally {
    place.remove()
  }
})

it('writes nothing where the person stops', () => {
  const place = makeFolder()
  try {
    const { stdout, status } = talk(place.folder, ['web1', undefined])
    expect(stdout).toContain('stopped at a question; nothing was written')
    expect(status).toBe(1)
    expect(spawnSync('ls', ['-A', place.folder], { encoding: 'utf8' }).stdout).toBe('')
  } finally {
    place.remove()
  }
})
