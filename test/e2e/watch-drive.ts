// Run by the tests as a process of its own: the command line at a time that its first argument says (ISO); the rest is the command line.
import { openConsole } from '../../src/cli/console.js'
import { runCommandLine } from '../../src/cli/main.js'
import { realParts } from '../../src/cli/parts.js'

const [time = '', ...argv] = process.argv.slice(2)
const start = Date.now()
const now = (): number => Date.parse(time) + Date.now() - start
const shipped = new URL('../../playbooks/', import.meta.url)
const parts = { ...realParts(shipped), clock: { now, steady: () => performance.now(), wait: async () => {} } }

process.exitCode = await runCommandLine(argv, openConsole(), shipped, () => '0', parts)
process.exit()
