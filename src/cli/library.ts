import { Writable } from 'node:stream'
import { CommanderError } from 'commander'
import { reportOf } from '../report/json.js'
import type { HostReport, Problem, RunReport } from '../types.js'
import { ansibleConfig } from './ansible-config.js'
import { fillIn } from './ansible-settings.js'
import type { Console } from './console.js'
import { playbooksOf } from './files.js'
import type { Interrupts } from './interrupt.js'
import { loadFleet } from './load.js'
import { type RunOrder, runOnce } from './one-run.js'
import { type FleetOptions, Mistake } from './options.js'
import { realParts } from './parts.js'
import { type Commands, grammarOf } from './program.js'
import { takeVaultPasswords, type VaultOptions } from './vault.js'

/** The options of plan and apply by the command line's names; the same defaults. Times are in seconds. */
export interface RunOptions {
  /** `-i`: files, folders, or `a,b`; inventory.yaml where it is not said. */
  readonly inventory?: string | readonly string[]
  /** playbooks/*.yaml where none is named. */
  readonly playbooks?: readonly string[]
  readonly limit?: string
  readonly tags?: readonly string[]
  readonly extraVars?: Readonly<Record<string, string>>
  readonly vaultPasswordFile?: string
  readonly forks?: number
  /** `1,10%,50%`. */
  readonly serial?: string
  readonly maxFailPercentage?: number
  readonly become?: boolean
  readonly becomePasswordFile?: string
  readonly connectionPasswordFile?: string
  readonly prune?: boolean
  /** `upgrade,drift`. */
  readonly cause?: string
  readonly knownHosts?: string
  readonly acceptNewHostKeys?: boolean
  readonly confirmTimeout?: number
  readonly lockTimeout?: number
  readonly connectTimeout?: number
  /** Folder of the run history; .holdfast beside the inventory where it is not said. */
  readonly state?: string
  /** Once it is aborted no further host is begun; those under way finish. */
  readonly signal?: AbortSignal
  /** Is given each host as soon as it is done. */
  readonly onHost?: (host: HostReport) => void
  /** Is told what belongs to no host, a line at a time. */
  readonly onNote?: (text: string) => void
}

/** Files or options with mistakes: no host was contacted. */
export class ProblemsError extends Error {
  readonly problems: readonly Problem[]
  constructor(problems: readonly Problem[]) {
    super(problems.map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`).join('\n'))
    this.name = 'ProblemsError'
    this.problems = problems
  }
}

let before: Promise<unknown> = Promise.resolve()

/** One run to its document. Runs of one process follow each other: passwords are the process's. */
export function runInProcess(command: 'plan' | 'apply', options: RunOptions, shipped: URL): Promise<RunReport> {
  const run = before.then(() => runNow(command, options, shipped))
  before = run.catch(() => {})
  return run
}

async function runNow(command: 'plan' | 'apply', given: RunOptions, shipped: URL): Promise<RunReport> {
  const { signal, onHost = () => {}, onNote = () => {} } = given
  const { console, written } = quietConsole(onNote)
  try {
    const { playbooks, options } = await understood(command, given, onNote)
    const parts = realParts(shipped)
    const loaded = await loadFleet(playbooks, options, parts, console)
    if (!loaded) throw new ProblemsError((JSON.parse(written()) as { problems: readonly Problem[] }).problems)
    const engine: RunOrder['engine'] = async (order) => {
      const converge = await parts.engine({ ...order, apply: command === 'apply' })
      return async (item, events) => {
        const result = await converge(item, events)
        for (const host of reportOf({ run: order.run, command, hosts: [result], summary: {} }).hosts) onHost(host)
        return result
      }
    }
    const interrupts = interruptsOf(signal)
    const { shown, bug, told } = await runOnce(
      { command, playbooks: playbooksOf(playbooks), ...loaded, options, interrupts, engine },
      console,
    )
    await told
    if (bug !== undefined) throw bug
    return reportOf(shown)
  } catch (error) {
    if (error instanceof Mistake) throw new ProblemsError([{ file: 'options', line: 1, column: 1, path: '', message: error.message }])
    throw error
  }
}

/** The options as the grammar reads them, with Ansible's settings: what the command line refuses is refused here. */
async function understood(
  command: 'plan' | 'apply',
  given: RunOptions,
  onNote: (text: string) => void,
): Promise<{ readonly playbooks: readonly string[]; readonly options: FleetOptions }> {
  let found: { readonly playbooks: readonly string[]; readonly options: FleetOptions } | undefined
  const converge: Commands['converge'] = async (_, playbooks, options) => {
    found = { playbooks, options }
    return 0
  }
  const program = grammarOf(
    { converge } as Commands,
    () => {},
    () => {},
  )
  program.hook('preAction', async (_, chosen) => {
    const ansible = ansibleConfig()
    for (const note of fillIn(chosen, ansible)) onNote(note)
    await takeVaultPasswords(chosen.opts<VaultOptions>(), ansible.settings)
  })
  try {
    await program.parseAsync([command, '--json', ...wordsOf(given)], { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) throw new Mistake(error.message.replace(/^error: /, ''))
    throw error
  }
  if (!found) throw new Mistake(`${command} did not begin`)
  return found
}

/** `{ confirmTimeout: 30, become: true }` is `--confirm-timeout=30 --become`. */
function wordsOf({ playbooks = [], signal, onHost, onNote, ...options }: RunOptions): readonly string[] {
  const words = Object.entries(options).flatMap(([name, value]: [string, unknown]): readonly string[] => {
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
    if (value === undefined || value === false) return []
    if (value === true) return [flag]
    if (name === 'extraVars') return Object.entries(value as object).map(([key, text]) => `${flag}=${key}=${text}`)
    return (Array.isArray(value) ? value : [value]).map((each) => `${flag}=${each}`)
  })
  return [...words, '--', ...playbooks]
}

/** A console that nobody sees: what goes to people goes to `onNote`, the documents are kept. */
function quietConsole(onNote: (text: string) => void): { readonly console: Console; written(): string } {
  let text = ''
  const style = { width: 80, unicode: true, colour: false }
  const note = (said: string | Buffer): void => {
    for (const line of String(said).split('\n')) if (line.trim() !== '') onNote(line)
  }
  const stream = new Writable({
    write(chunk, _, done) {
      note(chunk as Buffer)
      done()
    },
  }) as unknown as NodeJS.WriteStream
  const keep = (said: string | Buffer): void => {
    text += String(said)
  }
  return {
    console: { out: { write: keep, style, terminal: false, stream }, err: { write: note, style, terminal: false, stream } },
    written: () => text,
  }
}

function interruptsOf(stop: AbortSignal = new AbortController().signal): Interrupts {
  const never = new Promise<never>(() => {})
  return { stop, abort: new AbortController().signal, signal: () => undefined, tell: () => {}, crashed: never, end: () => {} }
}
