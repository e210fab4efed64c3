import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { lineOf, wordsOf } from '../program.js'
import { makeFolder } from './process.js'

const program = lineOf(wordsOf('test/cli/ask-here.ts'))

/** Runs a command, typing an answer whenever a question is on the screen. */
const typing = (words: readonly string[], answers: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> =>
  new Promise((resolve) => {
    const { SSH_ASKPASS, SSH_ASKPASS_REQUIRE, ...rest } = process.env
    const child = spawn(words[0]!, words.slice(1), { env: { ...rest, ...env }, stdio: ['pipe', 'pipe', 'ignore'] })
    let screen = ''
    let typed = 0
    child.stdout.on('data', (chunk: Buffer) => {
      screen += chunk.toString()
      if (screen.endsWith('? ') && typed < answers.length) child.stdin.write(answers[typed++]!)
    })
    child.on('close', () => resolve(screen))
  })

describe('a secret is asked for', () => {
  it('on the terminal without echo, several in a row', async () => {
    const screen = await typing(['script', '-qec', `${program} 'first? ' 'second? '`, '/dev/null'], ['hunter2\r', 'päss wörd\r'])
    expect(screen.match(/hunter2/g)?.length).toBe(1)
    expect(screen).toContain('["hunter2","päss wörd"]')
  })

  it('until someone stops it', async () => {
    const screen = await typing(['script', '-qec', `${program} 'first? '`, '/dev/null'], ['hun\x03'])
    expect(screen).toContain('["refused: stopped at a question"]')
  })

  it('of the program that SSH_ASKPASS names', async () => {
    const { folder, remove } = makeFolder()
    const askpass = join(folder, 'askpass')
    writeFileSync(askpass, '#!/bin/sh\nprintf "%s\\n" "answer to $1"\n', { mode: 0o755 })
    const env = { SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force' }
    expect(await typing(['sh', '-c', `${program} 'first: '`], [], env)).toBe('["answer to first: "]\n')
    writeFileSync(askpass, '#!/bin/sh\nexit 1\n', { mode: 0o755 })
    expect(await typing(['sh', '-c', `${program} 'first: '`], [], env)).toContain('gave no answer to: first')
    remove()
  })

  it('of nobody where nobody is there', async () => {
    expect(await typing(['setsid', '-w', 'sh', '-c', `${program} 'first: '`], [])).toBe(
      '["refused: there is no terminal to ask on: first"]\n',
    )
  })
})
