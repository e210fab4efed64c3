import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sign, verify } from '../../src/kept/sign.js'

const bytes = Buffer.from('a plan\n')
let base = ''
const at = (name: string): string => join(base, name)
const run = (command: string, ...argv: string[]) => spawnSync(command, argv, { encoding: 'utf8' })

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'holdfast-sign-'))
  for (const name of ['kim', 'lee', 'eve'])
    expect(run('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', at(name)).status).toBe(0)
  const key = (name: string): string => readFileSync(at(`${name}.pub`), 'utf8')
  writeFileSync(at('allowed'), `kim@example.org ${key('kim')}lee@example.org namespaces="holdfast-plan" ${key('lee')}`)
  writeFileSync(at('elsewhere'), `lee@example.org namespaces="git" ${key('lee')}`)
  writeFileSync(at('past'), `lee@example.org valid-before="20200101" ${key('lee')}`)
})
afterAll(() => rmSync(base, { recursive: true }))

const signed = async (key: string): Promise<string> => {
  const made = await sign(bytes, at(key))
  if ('refused' in made) throw new Error(made.refused)
  writeFileSync(at(`${key}.sig`), made.signature)
  return at(`${key}.sig`)
}

it.each(['kim', 'lee'])('what %s signed, who is allowed to, is taken for theirs', async (name) => {
  expect(await verify(bytes, await signed(name), at('allowed'))).toEqual({ signer: `${name}@example.org` })
})

it('what a second person signed with ssh-keygen alone is taken', async () => {
  writeFileSync(at('plan.json'), bytes)
  expect(run('ssh-keygen', '-q', '-Y', 'sign', '-f', at('lee'), '-n', 'holdfast-plan', at('plan.json')).status).toBe(0)
  expect(await verify(bytes, at('plan.json.sig'), at('allowed'))).toEqual({ signer: 'lee@example.org' })
})

it.each([
  ['a stranger', 'eve', 'allowed', bytes, /^nobody in .*allowed made the signature/],
  ['somebody for other bytes', 'lee', 'allowed', Buffer.from('another plan\n'), /does not hold/],
  ['somebody who may sign other things only', 'lee', 'elsewhere', bytes, /./],
  ['somebody whose time is over', 'lee', 'past', bytes, /./],
  ['somebody, but nobody is allowed', 'lee', 'absent', bytes, /nobody in/],
])('what %s signed is refused', async (_, key, allowed, text, why) => {
  expect(await verify(text, await signed(key), at(allowed))).toEqual({ refused: expect.stringMatching(why) })
})

it('a signature made for another purpose is refused', async () => {
  writeFileSync(at('mail'), bytes)
  expect(run('ssh-keygen', '-q', '-Y', 'sign', '-f', at('lee'), '-n', 'email', at('mail')).status).toBe(0)
  expect(await verify(bytes, at('mail.sig'), at('allowed'))).toEqual({ refused: expect.any(String) })
})

it('a key that is not there is said in words', async () => {
  expect(await sign(bytes, at('absent'))).toEqual({ refused: expect.stringMatching(/absent/) })
})

it('an agent signs where only the public key is at hand', async () => {
  const agent = run('ssh-agent', '-s')
  const [socket, pid] = [/SSH_AUTH_SOCK=([^;]+)/.exec(agent.stdout)![1]!, Number(/SSH_AGENT_PID=(\d+)/.exec(agent.stdout)![1])]
  const before = process.env.SSH_AUTH_SOCK
  try {
    process.env.SSH_AUTH_SOCK = socket
    expect(run('ssh-add', '-q', at('lee')).status).toBe(0)
    rmSync(at('lee'))
    expect(await verify(bytes, await signed('lee.pub'), at('allowed'))).toEqual({ signer: 'lee@example.org' })
  } finally {
    if (before === undefined) delete process.env.SSH_AUTH_SOCK
    else process.env.SSH_AUTH_SOCK = before
    process.kill(pid)
  }
})
