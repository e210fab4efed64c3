import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Output } from '../../src/cli/console.js'
import { runCommandLine } from '../../src/cli/main.js'
import type { Parts } from '../../src/cli/parts.js'
import { holdfastWords, wordsOf } from '../program.js'

const env = { ...process.env, LANG: 'C.UTF-8', LC_ALL: '', NO_COLOR: '1' }

/** A folder with the files named, and how to be rid of it. */
export function makeFolder(files: Readonly<Record<string, string>> = {}): { readonly folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-cli-'))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return { folder, remove: () => rmSync(folder, { recursive: true }) }
}

/** Runs a command line in this process, over no parts at all: for what is refused before any is needed. */
export async function runHere(argv: readonly string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const written = { stdout: '', stderr: '' }
  const style = { width: 80, unicode: true, colour: false }
  const to = (name: 'stdout' | 'stderr'): Output => ({
    write: (text) => {
      written[name] += text
    },
    style,
    terminal: false,
    stream: process[name],
  })
  const parts: Parts = {
    load: () => Promise.reject(new Error('load')),
    named: () => Promise.reject(new Error('named')),
    engine: () => Promise.reject(new Error('engine')),
  }
  const status = await runCommandLine(argv, { out: to('stdout'), err: to('stderr') }, new URL('file:///nowhere/'), () => '0', parts)
  return { status, ...written }
}

const wordsFor = (file: string): readonly string[] => (file === 'src/cli.ts' ? holdfastWords : wordsOf(file))

/** Runs a program of this repository, by its source's path. */
export function runSource(file: string, argv: readonly string[], cwd: string, input?: string) {
  const [command, ...words] = wordsFor(file)
  return spawnSync(command!, [...words, ...argv], {
    encoding: 'utf8',
    cwd,
    env,
    ...(input !== undefined && { input }),
  })
}

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Starts a program of this repository; `act` is called with it whenever it has written to stderr. */
export function startSource(
  file: string,
  argv: readonly string[],
  cwd: string,
  act: (stderr: string, kill: (signal: NodeJS.Signals) => number) => void,
): Promise<Ended> {
  const [command, ...words] = wordsFor(file)
  const child = spawn(command!, [...words, ...argv], { cwd, env, timeout: 20_000, killSignal: 'SIGKILL' })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (part) => {
    stdout += part
  })
  child.stderr.on('data', (part) => {
    stderr += part
    act(stderr, (signal) => Number(child.kill(signal)))
  })
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })))
}
