/** `npm run bench`: holdfast and others side by side in the lab. `--help` says what can be asked for. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startLab } from '../lab/lab.js'
import { type Case, full, quick, usual } from './cases.js'
import { contenders, makeStage } from './contenders.js'
import { measure } from './measure.js'
import { rowsOf } from './numbers.js'
import { type Found, pageOf } from './page.js'
import { type Ground, type Outcome, playCase } from './play.js'
import { plotOf } from './plot.js'
import { effectOf, firstDifference, keep, onEach, putBack } from './state.js'
import { type FleetRow, type Target, targetsOf } from './targets.js'

const root = join(import.meta.dirname, '../..')
const usage = `usage: npm run bench -- [OPTION...]
  --quick         a minute: does the harness work?
  --full          every size, delay and contender: hours
  --case NAME     only this case (again for more); --list names them
  --rounds N      how often the contenders take turns (3; thrice as often for one host); Ansible takes every second
  --out FOLDER    where bench.md, bench.json and bench.svg go (.cache/bench)
  --publish       into docs/, with the simulated fleet of 1,000 hosts`

const options = {
  quick: { type: 'boolean', default: false },
  full: { type: 'boolean', default: false },
  publish: { type: 'boolean', default: false },
  list: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
  case: { type: 'string', multiple: true },
  rounds: { type: 'string' },
  out: { type: 'string' },
} as const

const say = (text: string): void => void process.stderr.write(`bench: ${text}\n`)

/** What the command line asks for; throws a sentence where it asks for nothing that there is. */
const asked = () => {
  const { values } = parseArgs({ options })
  const matrix = values.quick ? quick : values.full ? full : usual
  const named = values.case?.map((name) => {
    const found = [...matrix, ...usual, ...full].find((one) => one.name === name)
    if (!found) throw new Error(`there is no case ${name}: --list names them (--full --list all)`)
    return found
  })
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 3))
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds takes a whole number from 1 on, not ${values.rounds}`)
  const out = values.out ?? (values.publish ? join(root, 'docs') : join(root, '.cache/bench'))
  return { ...values, cases: named ?? matrix, rounds, out }
}

const play = async (cases: readonly Case[], rounds: number, dir: string, isCold: boolean): Promise<readonly Outcome[]> => {
  const count = Math.max(...cases.map(({ hosts }) => hosts))
  say(`starts ${count} hosts`)
  const lab = await startLab(Array.from({ length: count }, (_, index) => ({ name: `web${index + 1}`, kind: 'web' as const })))
  try {
    await onEach(lab.hosts, (host) => keep(host, 'fresh'))
    const effects = await onEach(lab.hosts, effectOf)
    const other = effects.find((effect) => effect !== effects[0])
    if (other) throw new Error(`the fresh hosts are not alike: ${firstDifference(effects[0]!, other)}`)
    const all = await contenders(lab, dir)
    const ground: Ground = { lab, dir, all, fresh: effects[0]!, rounds, seconds: 3600, kept: new Set(), say }
    if (!isCold) await warmUp(ground, cases)
    const outcomes: Outcome[] = []
    for (const one of cases) outcomes.push(await playCase(ground, one))
    return outcomes
  } finally {
    await lab.stop()
  }
}

/** One run of each contender that nobody counts: its files are then in the page cache, its .pyc and its bytecode written. */
const warmUp = async ({ lab, dir, all, seconds }: Ground, cases: readonly Case[]): Promise<void> => {
  say('warms up')
  for (const task of new Set(cases.map((one) => one.task))) {
    const stage = makeStage(lab, { ...cases[0]!, name: `warm-up-${task}`, task, hosts: 1, things: { keys: 3, rules: 3 } }, dir)
    for (const name of new Set(cases.filter((one) => one.task === task).flatMap((one) => one.contenders))) {
      const { argv, env } = all.get(name)!
      await measure(lab, stage.hosts, { argv: argv(stage), env, dir: join(stage.dir, name), pid: lab.pid }, seconds)
    }
    await onEach(stage.hosts, (host) => putBack(host, 'fresh'))
  }
}

/** The simulated fleet, run alone after the lab is gone. */
const fleetRows = (dir: string): readonly FleetRow[] => {
  const json = join(dir, 'fleet.json')
  say('measures the simulated fleet of 50 and 1,000 hosts')
  const argv = [join(import.meta.dirname, 'fleet.ts'), '--hosts', '50,1000', '--json', json]
  execFileSync(join(root, 'node_modules/.bin/tsx'), argv, { stdio: ['ignore', 2, 2] })
  const found = JSON.parse(readFileSync(json, 'utf8')) as readonly FleetRow[] | { readonly rows: readonly FleetRow[] }
  return 'rows' in found ? found.rows : found
}

const machine = (): Readonly<Record<string, string>> => {
  const first = (command: string, ...args: string[]): string =>
    execFileSync(command, args, { encoding: 'utf8', stdio: 'pipe' }).split('\n')[0]!
  return {
    CPU: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    Linux: release(),
    Node: process.version,
    OpenSSH: first('sh', '-c', 'ssh -V 2>&1').replace(/^OpenSSH_|,.*/g, ''),
    Ansible: first('ansible', '--version').replace(/[^\d.]/g, ''),
  }
}

const notes = [
  'Hosts are network namespaces on this machine, each with an sshd of its own: their work is part of every wall time, and of no CPU time here.',
  'Every run connects anew; what Ansible’s ControlPersist leaves behind is ended after the run, and its CPU counted.',
  'ssh = OpenSSH’s client with its default key exchange, ssh-curve25519 with KexAlgorithms=curve25519-sha256; 50 at once, as holdfast. They read, and compare nothing.',
  'ansible = ansible-playbook of Debian with ansible.posix.sysctl and ansible.builtin.iptables, gather_facts off, pipelining, forks = hosts; a handler saves the rules. mitogen = the same with Debian’s ansible-mitogen.',
  'A first converge of holdfast is guarded: rehearsed, with an undo armed, confirmed over a new connection. The others have no such thing.',
  'pyinfra is no package of Debian and is left out.',
  'After each run that writes, what every host does is compared with what was wanted, and one host is rebooted and compared again; a run that did something else does not count.',
]

const write = (out: string, found: Found, outcomes: readonly Outcome[]): void => {
  mkdirSync(out, { recursive: true })
  writeFileSync(join(out, 'bench.json'), `${JSON.stringify(found, null, 1)}\n`)
  writeFileSync(join(out, 'bench.md'), pageOf(found, outcomes))
  writeFileSync(
    join(out, 'bench.svg'),
    plotOf(
      outcomes.map((outcome) => outcome.case),
      found.rows,
    ),
  )
}

const tell = ({ says, atMost, unit, measured, isMet }: Target): string =>
  `${isMet === undefined ? 'not measured' : isMet ? 'met   ' : 'MISSED'}  ${says}: ${measured?.toFixed(3) ?? '-'} (at most ${atMost.toFixed(3)} ${unit})`

const main = async (): Promise<void> => {
  const { cases, rounds, out, publish, list, help, quick: isQuick } = asked()
  if (help) return console.log(usage)
  if (list) return console.log(cases.map(({ name, contenders: who }) => `${name}  ${who.join(' ')}`).join('\n'))
  if (!existsSync(join(root, 'dist/cli.cjs'))) throw new Error('dist/cli.cjs is not built: npm run build')
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
  process.on('exit', () => rmSync(dir, { recursive: true, force: true }))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))
  const alive = setInterval(() => {}, 60_000) // the hosts' own processes do not keep this one from ending
  try {
    const outcomes = await play(cases, rounds, dir, isQuick)
    const rows = outcomes.flatMap(rowsOf)
    const fleet = publish ? fleetRows(dir) : []
    const targets = targetsOf(outcomes, rows, fleet)
    write(out, { date: new Date().toISOString().slice(0, 10), machine: machine(), rounds, targets, rows, notes }, outcomes)
    console.log(targets.map(tell).join('\n'))
    say(`wrote bench.md, bench.json and bench.svg to ${out}`)
  } finally {
    clearInterval(alive)
  }
}

try {
  await main()
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
