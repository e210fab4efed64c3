#!/usr/bin/env node
import { readFileSync } from 'node:fs'

const root = new URL('..', import.meta.url)

/** The whole program: the command line in, the exit code out. What a command needs is loaded when it is known. */
async function main(argv: readonly string[]): Promise<number> {
  if (argv.length === 1 && argv[0] === '--version') {
    process.stdout.write(`${version()}\n`)
    return 0
  }
  const { loadProgram } = await import('./cli/bundle.js')
  const { start, keepCode } = await loadProgram(new URL('holdfast.cjs', import.meta.url), argv[0] ?? '')
  const code = await start(argv, new URL('playbooks/', root), version)
  keepCode()
  return code
}

const version = (): string => (JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string }).version

/** Waits until what was written has left the process: a pipe may be slower than we are. */
const drained = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => (stream.destroyed ? resolve() : void stream.write('', () => resolve())))

main(process.argv.slice(2))
  .catch((error: unknown) => {
    process.stderr.write(`holdfast: this is a bug: ${error instanceof Error ? error.stack : String(error)}\n`)
    return 70
  })
  .then(async (code) => {
    await Promise.all([drained(process.stdout), drained(process.stderr)])
    process.exit(code)
  })
