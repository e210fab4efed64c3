import { openConsole } from './console.js'
import { runCommandLine } from './main.js'

/** The program behind the command line; `shipped` is the folder of the playbooks that come with the package. Gives the exit code. */
export function start(argv: readonly string[], shipped: URL, version: () => string): Promise<number> {
  return runCommandLine(argv, openConsole(), shipped, version)
}
