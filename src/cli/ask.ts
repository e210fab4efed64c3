import { execFile } from 'node:child_process'
import { openSync, writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { PassThrough } from 'node:stream'
import { ReadStream } from 'node:tty'
import { promisify } from 'node:util'
import { show, styleOf } from '../report/style.js'
import { Mistake } from './options.js'

/** Asks a person for a secret: on the terminal without echo, or where there is none by the program that SSH_ASKPASS names, as ssh(1) does. */
export async function askHidden(question: string): Promise<string> {
  const { SSH_ASKPASS, SSH_ASKPASS_REQUIRE } = process.env
  if (SSH_ASKPASS && /^(force|prefer)$/.test(SSH_ASKPASS_REQUIRE ?? '')) return askProgram(SSH_ASKPASS, question)
  const terminal = openTerminal()
  if (terminal !== undefined) return askTerminal(terminal, question)
  if (SSH_ASKPASS) return askProgram(SSH_ASKPASS, question)
  throw new NobodyThere(`there is no terminal to ask on: ${question.replace(/: $/, '')}`)
}

/** There is neither a terminal nor a program to ask by. */
export class NobodyThere extends Mistake {}

async function askProgram(program: string, question: string): Promise<string> {
  try {
    return (await promisify(execFile)(program, [question])).stdout.replace(/\r?\n$/, '')
  } catch {
    throw new Mistake(`${program} (SSH_ASKPASS) gave no answer to: ${question.replace(/: $/, '')}`)
  }
}

function openTerminal(): number | undefined {
  try {
    return openSync('/dev/tty', 'r+')
  } catch {
    return undefined
  }
}

function askTerminal(terminal: number, question: string): Promise<string> {
  const input = new ReadStream(terminal)
  // what is typed is echoed to a stream that nobody reads
  const lines = createInterface({ input, output: new PassThrough().resume(), terminal: true })
  writeSync(terminal, show(question, styleOf({ env: process.env })))
  return new Promise((resolve, reject) => {
    const end = (then: () => void): void => {
      writeSync(terminal, '\n')
      lines.removeAllListeners('close')
      lines.close()
      input.destroy()
      then()
    }
    lines.once('line', (line) => end(() => resolve(line)))
    lines.once('SIGINT', () => end(() => reject(new Mistake('stopped at a question'))))
    lines.once('close', () => end(() => reject(new Mistake('stopped at a question'))))
  })
}
