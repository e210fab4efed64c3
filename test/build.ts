import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import type { TestProject } from 'vitest/node'

const root = join(import.meta.dirname, '..')
/** The tests' own programs over the sources, as processes of their own. */
const drivers = ['test/cli/drive.ts', 'test/cli/ask-here.ts', 'test/e2e/watch-drive.ts', 'test/e2e/relay.ts', 'test/report/row-drive.ts']

const prefix = 'holdfast-built-'

/**
 * Before the tests: the program as it is shipped, and the tests' own drivers of it, bundled from the sources as they are now (it takes a
 * second; each start from the sources takes another). Anew before a watching vitest runs tests again, so that none meets an old one.
 * Gives what removes it all.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  clearLeftovers()
  const folder = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`))
  for (const name of ['package.json', 'playbooks', 'schemas', 'node_modules']) symlinkSync(join(root, name), join(folder, name))
  await bundle(folder)
  project.onTestsRerun(() => bundle(folder))
  process.env.TESTS_BUILT = folder
  return () => rm(folder, { recursive: true })
}

/** What test runs left that were killed. */
function clearLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const owner = name.startsWith(prefix) ? name.slice(prefix.length).split('-')[0] : undefined
    if (owner && !existsSync(`/proc/${owner}`)) rmSync(join(tmpdir(), name), { recursive: true, force: true })
  }
}

async function bundle(folder: string): Promise<void> {
  await Promise.all([
    promisify(execFile)(process.execPath, [join(root, 'src/bundle.mjs'), join(folder, 'dist')]),
    build({
      absWorkingDir: root,
      entryPoints: drivers,
      outbase: '.',
      outdir: folder,
      chunkNames: 'chunks/[name]-[hash]',
      bundle: true,
      splitting: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      logLevel: 'warning',
    }),
  ])
}
