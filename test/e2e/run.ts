import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parse, stringify } from 'yaml'
import type { Change, HostReport, Layer, Problem, RunReport } from '../../src/types.js'
import type { Lab } from '../lab/lab.js'
import { holdfastWords } from '../program.js'

/** What a run of the command line gave back; `json` is its one document. */
export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  readonly report: RunReport
  readonly problems: readonly Problem[]
  /** What the run says of one host. */
  host(name: string): HostReport
}

/** The project's files by path below its folder: text, or data that is written as YAML. */
export type Files = Readonly<Record<string, unknown>>

const root = join(import.meta.dirname, '../..')

/** Makes a folder with an inventory (the lab's unless given) and the shipped profiles. */
export const project = (lab: Lab, files: Files): string => {
  const dir = mkdtempSync(join(lab.dir, 'project-'))
  cpSync(join(root, 'playbooks/profiles'), join(dir, 'playbooks/profiles'), { recursive: true })
  const all = { 'inventory.yaml': readFileSync(join(lab.dir, 'inventory.yaml'), 'utf8'), ...files }
  for (const [path, content] of Object.entries(all)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), typeof content === 'string' ? content : stringify(content))
  }
  return dir
}

/** Runs the command line in the lab's network, on the lab's known_hosts, over a new project; `--json` is added. */
export const holdfast = async (lab: Lab, argv: readonly string[], files: Files): Promise<Ran> => {
  const known = argv[0] === 'validate' ? [] : ['--known-hosts', join(lab.dir, 'known_hosts')]
  const command = [...holdfastWords, ...argv, ...known, '--json']
  const { code, signal, stdout, stderr } = await lab.run(command, { cwd: project(lab, files), timeout: 110_000 })
  if (signal !== null || stdout === '') throw new Error(`holdfast ${argv.join(' ')} ended with ${code ?? signal}: ${stderr}`)
  const json = JSON.parse(stdout) as RunReport & { problems?: readonly Problem[] }
  return {
    code,
    stdout,
    stderr,
    report: json,
    problems: json.problems ?? [],
    host: (name) => {
      const found = json.hosts?.find((host) => host.host === name)
      if (!found) throw new Error(`${name} is not in the report: ${stdout}${stderr}`)
      return found
    },
  }
}

/** Outcomes by host, for one look at a whole run; what went wrong stands behind it. */
export const outcomes = (ran: Ran): Readonly<Record<string, string>> => {
  if (!ran.report.hosts) throw new Error(`no host was contacted: ${ran.stdout}`)
  return Object.fromEntries(
    ran.report.hosts.map(({ host, outcome, reason }) => [host, reason === undefined ? outcome : `${outcome}: ${reason}`]),
  )
}

/** The changes of one layer as `at: before -> after`. */
export const changed = (changes: readonly Change[], layer?: Layer): readonly string[] =>
  changes
    .filter((change) => layer === undefined || change.layer === layer)
    .map(({ at, before, after, from, to }) => {
      const side = (text: string | undefined, place: number | undefined) =>
        text === undefined ? '-' : place === undefined ? text : `${place} ${text}`
      return `${at}: ${side(before, from)} -> ${side(after, to)}`
    })

/** All changes of a run, to be compared with none: `web live net.ipv4.tcp_rfc1337: 1 -> 0`. */
export const differences = (ran: Ran): readonly string[] =>
  (ran.report.hosts ?? []).flatMap(({ host, changes }) =>
    (['live', 'boot'] as const).flatMap((layer) => changed(changes, layer).map((text) => `${host} ${layer} ${text}`)),
  )

/** A shipped playbook as data, so that a test can ask for other hosts. */
export const shipped = (name: string): readonly Readonly<Record<string, unknown>>[] =>
  parse(readFileSync(join(root, 'playbooks', `${name}.yaml`), 'utf8')) as readonly Readonly<Record<string, unknown>>[]
