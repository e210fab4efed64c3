import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Script } from 'node:vm'
import { type CodeCache, openCodeCache } from './code-cache.js'
import type { start } from './start.js'

/** The program, and what keeps its machine code for the next start. */
export interface Program {
  readonly start: typeof start
  keepCode(): void
}

/** The program from its one-file bundle, with the code that an earlier run of the same command left; from its sources where nothing was built. */
export async function loadProgram(bundle: URL, command: string): Promise<Program> {
  const path = fileURLToPath(bundle)
  if (!existsSync(path)) return { start: (await import('./start.js')).start, keepCode: () => {} }
  return run(path, openCodeCache(path, command))
}

function run(path: string, cache: CodeCache | undefined): Program {
  const code = cache?.read()
  // esbuild writes ASCII: read as latin1, V8 holds it in one byte a character
  const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(path, 'latin1')}\n})`
  const script = new Script(source, { filename: path, ...(code && { cachedData: code }) })
  const module = { exports: {} as { readonly start: typeof start } }
  script.runInThisContext()(module.exports, createRequire(path), module, path, dirname(path))
  const fresh = code === undefined || script.cachedDataRejected === true
  return {
    start: module.exports.start,
    keepCode: () => (fresh ? cache?.write(script.createCachedData()) : undefined),
  }
}
