import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { HostReport, Outcome } from '../../src/types.js'
import type { Lab } from '../lab/lab.js'
import { holdfastWords, lineOf } from '../program.js'
import { type Files, project } from './run.js'

const root = join(import.meta.dirname, '../..')

/** The module as it is shipped. */
export const library = join(root, 'playbooks/library')

/** What a task of the module gave back to Ansible. */
export interface Result {
  readonly msg: string
  readonly changed: boolean
  readonly failed: boolean
  readonly rc?: number
  readonly executable?: string
  readonly hosts?: Readonly<Record<string, Omit<HostReport, 'host'>>>
  readonly summary?: Readonly<Partial<Record<Outcome, number>>>
  readonly unreachable_hosts?: readonly string[]
  readonly invocation?: { readonly module_args: Readonly<Record<string, unknown>> }
}

/** What a run of ansible-playbook gave back. */
export interface Played {
  readonly code: number | null
  readonly stdout: string
  /** By host its line of the recap: `{ ok: 2, changed: 1 ... }`. */
  readonly recap: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** What the module's tasks gave back, in order (with -v). */
  readonly results: readonly Result[]
}

/** A folder with an Ansible repository: the lab's inventory, these files, the module linked as library/, and a HOME that knows the host keys. */
export const repository = (lab: Lab, files: Files, linked = library): string => {
  const dir = project(lab, files)
  mkdirSync(join(dir, 'home/.ssh'), { recursive: true })
  copyFileSync(join(lab.dir, 'known_hosts'), join(dir, 'home/.ssh/known_hosts'))
  symlinkSync(linked, join(dir, 'library'))
  return dir
}

/** A program `holdfast` at this path, as the sources are now. */
export const program = (path: string): string => {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `#!/bin/sh\nexec ${lineOf(holdfastWords)} "$@"\n`)
  chmodSync(path, 0o755)
  return path
}

/** A folder shaped as the package is, whose dist/cli.js is as the sources are now; without it where it is not built. */
export const packageFolder = (dir: string, isBuilt: boolean): string => {
  mkdirSync(join(dir, 'playbooks/library'), { recursive: true })
  copyFileSync(join(root, 'package.json'), join(dir, 'package.json'))
  copyFileSync(join(library, 'holdfast'), join(dir, 'playbooks/library/holdfast'))
  if (isBuilt) {
    mkdirSync(join(dir, 'dist'))
    const modules = holdfastWords.filter((word) => /\.[cm]?[jt]s$/.test(word))
    writeFileSync(join(dir, 'dist/cli.js'), modules.map((path) => `await import('${path}')\n`).join(''))
  }
  return dir
}

/** Runs Debian's ansible-playbook in the lab's network, in `dir`; `env` is added to an environment that names no holdfast. */
export const play = async (lab: Lab, dir: string, argv: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Played> => {
  const own = {
    PATH: `${dirname(process.execPath)}:/usr/sbin:/usr/bin:/sbin:/bin`,
    HOME: join(dir, 'home'),
    LC_ALL: 'C.UTF-8',
    ANSIBLE_CONFIG: '/nonexistent',
    ANSIBLE_NOCOLOR: '1',
    ANSIBLE_INVENTORY: 'inventory.yaml',
    ANSIBLE_REMOTE_TEMP: join(dir, 'home/tmp'),
  }
  const command = ['/usr/bin/ansible-playbook', ...argv]
  const { code, stdout, stderr } = await lab.run(command, { cwd: dir, env: { ...own, ...env }, timeout: 110_000 })
  const recap = [...stdout.matchAll(/^(\S+) +: (ok=.*)$/gm)].map(([, host, counts]) => [host!, countsOf(counts!)] as const)
  const results = [...stdout.matchAll(/^(ok|changed|fatal): \[\S+(?: -> \S+)?\](?:: FAILED!)? => (\{.*\})$/gm)].map(
    // Ansible prints the status as a word, and leaves `failed` out.
    ([, status, text]) => ({ ...(JSON.parse(text!) as Result), failed: status === 'fatal' }),
  )
  return { code, stdout: stdout + stderr, recap: Object.fromEntries(recap), results }
}

/** Runs the module as Ansible does, a copy of it in a folder of its own, without Ansible: only for what needs no host. */
export const module = (dir: string, args: object, env: NodeJS.ProcessEnv = {}): Result => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-module-'))
  try {
    copyFileSync(join(library, 'holdfast'), join(folder, 'AnsiballZ_holdfast'))
    writeFileSync(join(folder, 'args'), JSON.stringify({ ...args, _ansible_check_mode: true, _ansible_diff: false }))
    const { stdout } = spawnSync(process.execPath, [join(folder, 'AnsiballZ_holdfast'), join(folder, 'args')], {
      cwd: dir,
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...env },
      encoding: 'utf8',
    })
    return JSON.parse(stdout) as Result
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const countsOf = (text: string): Readonly<Record<string, number>> =>
  Object.fromEntries([...text.matchAll(/(\w+)=(\d+)/g)].map(([, name, count]) => [name!, Number(count)]))

/** The shipped example, with `connect_timeout` for the test's patience. */
export const example = (): string =>
  readFileSync(join(root, 'playbooks/ansible/site.yaml'), 'utf8').replace(
    'playbooks: [holdfast.yaml]',
    'playbooks: [holdfast.yaml]\n        connect_timeout: 2',
  )
