import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { RunReport } from '../../src/types.js'
import { inventory } from '../lab/inventory.js'
import type { Lab, LabHost } from '../lab/lab.js'
import { ansibleCollections, mitogen } from '../lab/needs.js'
import type { Case, Task } from './cases.js'
import { ansiblePlaybook, holdfastPlaybook, readCommand, ruleLines, type Things, wantedValues } from './things.js'

export type ContenderName = 'holdfast' | 'ssh' | 'ssh-curve25519' | 'ansible' | 'mitogen'

/** A case made ready: its hosts, and a folder with the inventory and the playbooks. */
export interface Stage {
  readonly task: Task
  readonly lab: Lab
  readonly hosts: readonly LabHost[]
  readonly things: Things
  readonly dir: string
}

/** A tool that does the task of a case. */
export interface Contender {
  readonly name: ContenderName
  /** Takes part in every second round of a case, from the first one on. */
  readonly isSlow: boolean
  readonly env: Readonly<Record<string, string>>
  argv(stage: Stage): readonly string[]
  /** Why a run that ended with `code`, and wrote into `dir`, did not do the task; undefined where it did. */
  complaint(stage: Stage, code: number | null, dir: string): string | undefined
}

/** Writes the files that all contenders of a case read. */
export const makeStage = (lab: Lab, { task, hosts: count, things, name }: Case, dir: string): Stage => {
  const hosts = lab.hosts.slice(0, count)
  const folder = join(dir, name)
  mkdirSync(folder, { recursive: true })
  const files = {
    'inventory.yaml': inventory(hosts, lab.dir),
    'holdfast.yaml': holdfastPlaybook(things),
    'ansible.yaml': ansiblePlaybook(things),
  }
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text)
  return { task, lab, hosts, things, dir: folder }
}

/** All contenders that there are; downloads what Ansible needs where it is not there, and says where that cannot be had. */
export const contenders = async (lab: Lab, dir: string, say: (text: string) => void): Promise<ReadonlyMap<ContenderName, Contender>> => {
  const home = join(dir, 'home')
  mkdirSync(home, { recursive: true })
  const env = { PATH: `${dirname(process.execPath)}:/usr/sbin:/usr/bin:/sbin:/bin`, HOME: home, LC_ALL: 'C.UTF-8' }
  const collections = await orLeftOut('ansible and mitogen are', ansibleCollections, say)
  const packages = collections && (await orLeftOut('mitogen is', mitogen, say))
  const ansible = { ...env, ...ansibleSettings(lab, home), ANSIBLE_COLLECTIONS_PATH: collections ?? '' }
  const faster = {
    PYTHONPATH: packages ?? '',
    ANSIBLE_STRATEGY: 'mitogen_linear',
    ANSIBLE_STRATEGY_PLUGINS: join(packages ?? '', 'ansible_mitogen/plugins/strategy'),
  }
  const needed = { ansible: collections, mitogen: packages }
  const list: readonly Contender[] = [
    { name: 'holdfast', isSlow: false, env, argv: holdfastArgv, complaint: holdfastComplaint },
    { name: 'ssh', isSlow: false, env, argv: sshArgv([]), complaint: sshComplaint },
    { name: 'ssh-curve25519', isSlow: false, env, argv: sshArgv(['-o', 'KexAlgorithms=curve25519-sha256']), complaint: sshComplaint },
    { name: 'ansible', isSlow: true, env: ansible, argv: ansibleArgv, complaint: ansibleComplaint },
    { name: 'mitogen', isSlow: true, env: { ...ansible, ...faster }, argv: ansibleArgv, complaint: ansibleComplaint },
  ]
  const there = list.filter(({ name }) => !(name in needed) || needed[name as keyof typeof needed] !== undefined)
  return new Map(there.map((contender) => [contender.name, contender]))
}

const orLeftOut = (who: string, get: () => Promise<string>, say: (text: string) => void): Promise<string | undefined> =>
  get().catch((error: unknown) => {
    say(`${who} left out: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  })

const cli = join(import.meta.dirname, '../../dist/cli.cjs')
const forks = 50

const holdfastArgv = ({ task, lab, dir }: Stage): readonly string[] => [
  process.execPath,
  cli,
  task === 'plan' ? 'plan' : 'apply',
  join(dir, 'holdfast.yaml'),
  '-i',
  join(dir, 'inventory.yaml'),
  '--known-hosts',
  join(lab.dir, 'known_hosts'),
  '--forks',
  String(forks),
  '--json',
]

const holdfastComplaint = ({ task, hosts }: Stage, code: number | null, dir: string): string | undefined => {
  const text = readFileSync(join(dir, 'stdout'), 'utf8')
  if (code !== 0) return failure(code, readFileSync(join(dir, 'stderr'), 'utf8') + text)
  const seen = (JSON.parse(text) as RunReport).hosts.map(({ outcome }) => (outcome === 'changed' ? 1 : outcome === 'in-sync' ? 0 : -1))
  return countComplaint(task, hosts.length, seen)
}

// Ansible's own default arguments of ssh, on the lab's host keys; the master's socket must have a short path.
const ansibleSettings = (lab: Lab, home: string): Readonly<Record<string, string>> => ({
  ANSIBLE_CONFIG: '/nonexistent',
  ANSIBLE_NOCOLOR: '1',
  ANSIBLE_PIPELINING: '1',
  ANSIBLE_TIMEOUT: '120', // 10 s are too short for 50 logins at once on a busy machine
  ANSIBLE_LOCAL_TEMP: join(home, 'tmp'),
  ANSIBLE_SSH_CONTROL_PATH_DIR: join(home, 'cp'),
  ANSIBLE_SSH_ARGS: `-C -o ControlMaster=auto -o ControlPersist=60s -o UserKnownHostsFile=${join(lab.dir, 'known_hosts')} -F none`,
})

const ansibleArgv = ({ task, hosts, dir }: Stage): readonly string[] => [
  '/usr/bin/ansible-playbook',
  ...(task === 'plan' ? ['--check'] : []),
  '--forks',
  String(hosts.length),
  '-i',
  join(dir, 'inventory.yaml'),
  join(dir, 'ansible.yaml'),
]

const ansibleComplaint = ({ task, hosts }: Stage, code: number | null, dir: string): string | undefined => {
  const text = readFileSync(join(dir, 'stdout'), 'utf8')
  if (code !== 0) return failure(code, readFileSync(join(dir, 'stderr'), 'utf8') + text)
  const recap = [...text.matchAll(/^\S+ +: ok=\d+ +changed=(\d+) +unreachable=(\d+) +failed=(\d+)/gm)]
  const seen = recap.map(([, changed, unreachable, failed]) => (unreachable !== '0' || failed !== '0' ? -1 : Math.min(1, Number(changed))))
  return countComplaint(task, hosts.length, seen)
}

/** On one line: what Ansible says of a host that failed, else what was said first. */
const failure = (code: number | null, said: string): string => {
  const line = said.match(/^(failed|fatal|ERROR).*$/m)?.[0] ?? said
  return `ended with ${code ?? 'a signal'}: ${line.replace(/\s+/g, ' ').trim().slice(0, 300)}`
}

/** `seen` has per host 1 = changed, 0 = in sync, -1 = anything else. */
const countComplaint = (task: Task, hosts: number, seen: readonly number[]): string | undefined => {
  const changed = { plan: 0, converge: hosts, drift: 1 }[task]
  const ok = seen.length === hosts && !seen.includes(-1) && seen.filter((one) => one === 1).length === changed
  return ok ? undefined : `of ${hosts} hosts ${changed} should have changed; it says ${JSON.stringify(seen)}`
}

const sshArgv =
  (options: readonly string[]) =>
  ({ lab, hosts, things }: Stage): readonly string[] => {
    const files = ['-i', join(lab.dir, 'id_ed25519'), '-o', `UserKnownHostsFile=${join(lab.dir, 'known_hosts')}`]
    const ssh = ['ssh', '-n', '-F', 'none', '-l', 'root', '-o', 'BatchMode=yes', ...files, ...options]
    if (hosts.length === 1) return [...ssh, hosts[0]!.address, readCommand(things)]
    return ['bash', '-c', loop, 'loop', hosts.map(({ address }) => address).join(' '), readCommand(things), ...ssh]
  }

// All hosts at once, up to the forks; each host's output in a file of its own.
const loop = `hosts=$1 command=$2 running=0
shift 2
for host in $hosts; do
  "$@" "$host" "$command" >"read-$host" &
  [ $((++running)) -lt ${forks} ] || wait -n
done
wait`

const sshComplaint = ({ hosts, things }: Stage, code: number | null, dir: string): string | undefined => {
  if (code !== 0) return failure(code, readFileSync(join(dir, 'stderr'), 'utf8'))
  const short = hosts.find(({ address }) => {
    const text = readFileSync(join(dir, hosts.length === 1 ? 'stdout' : `read-${address}`), 'utf8')
    return !holdsTwice(text.replace(/ -m comment --comment "?holdfast:[^" ]*"?/g, ''), things)
  })
  return short && `${short.name}: what was read does not hold everything, live and in the boot files`
}

/** Everything wanted stands there live and once more in a boot file: holdfast's drop-in writes `key=value` with or without blanks. */
const holdsTwice = (text: string, things: Things): boolean => {
  const lines = new Map<string, number>()
  for (const line of text.split('\n')) {
    const one = line.startsWith('-A') ? line : line.replaceAll(' ', '')
    lines.set(one, (lines.get(one) ?? 0) + 1)
  }
  const wanted = [...ruleLines(things), ...[...wantedValues(things)].map(([key, value]) => `${key}=${value}`)]
  return wanted.every((line) => (lines.get(line) ?? 0) >= 2)
}
