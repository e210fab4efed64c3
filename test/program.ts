import { existsSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
/** Where the test run keeps what it built (build.ts); a script run by hand has none. */
const built = process.env.TESTS_BUILT

/** The words that run one of the tests' own programs as its sources are now. */
export const wordsOf = (file: string): readonly string[] => {
  const bundle = built && join(built, file.replace(/\.ts$/, '.js'))
  return bundle && existsSync(bundle)
    ? [process.execPath, bundle]
    : [process.execPath, '--import', import.meta.resolve('tsx'), join(root, file)]
}

/** The words that run the command line; V8's code of it is kept where it was built, not in the home of who tests. */
export const holdfastWords: readonly string[] = built
  ? ['/usr/bin/env', `XDG_CACHE_HOME=${join(built, 'cache')}`, process.execPath, join(built, 'dist/cli.cjs')]
  : wordsOf('src/cli.ts')

/** Words for the shell. */
export const lineOf = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(' ')
