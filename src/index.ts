import { ProblemsError, type RunOptions, runInProcess } from './cli/library.js'
import type { Cause, Change, HostReport, Layer, Outcome, Problem, RunReport } from './types.js'

export type { Cause, Change, HostReport, Layer, Outcome, Problem, RunOptions, RunReport }
export { ProblemsError }

const shipped = new URL('../playbooks/', import.meta.url)

/** Looks at the hosts and gives what would change, as `holdfast plan --json` does; changes nothing. Throws a ProblemsError for mistakes in files or options. */
export const plan = (options: RunOptions = {}): Promise<RunReport> => runInProcess('plan', options, shipped)

/** Converges the hosts, as `holdfast apply --json` does. A host that fails is an outcome in the document, no error. */
export const apply = (options: RunOptions = {}): Promise<RunReport> => runInProcess('apply', options, shipped)
