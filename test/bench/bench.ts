/** `npm run bench`: holdfast and others side by side in the lab. `--help` says what can be asked for. */
import { execFileSync } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, release, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { startLab } from '../lab/lab.js'
import { type Case, full, groupsOf, quick, usual } from './cases.js'
import { contenders, makeStage } from './contenders.js'
import { endRunning, measure } from './measure.js'
import { rowsOf } from './numbers.js'
import { type Found, pageOf } from './page.js'
import { type Ground, type Outcome, playGroup } from './play.js'
import { plotOf } from './plot.js'
import { effectOf, firstDifference, keep, onEach, putBack } from './state.js'
import { type FleetRow, type Target, targetsOf } from './targets.js'

const root = join(import.meta.dirname, '../..')
const usage = `usage: npm run bench -- [OPTION...]
  --quick         a minute: does the harness work?
  --full          every size, delay and contender: hours
  --case NAME     only this case (again for more); --list names them, \`fleet\` is the simulated one of 1,000 hosts
  --rounds N      how often the contenders take turns (3 to 9, as a case needs it); Ansible takes every second
  --out FOLDER    where bench.md, bench.json and bench.svg go (.cache/bench)
  --publish       into docs/
Without --case it takes some twenty minutes on two cores. Ends with 1 where a run did other work than it should have.`

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
  const named = values.case
    ?.filter((name) => name !== 'fleet')
    .map((name) => {
      const found = [...matrix, ...usual, ...full].find((one) => one.name === name)
      if (!found) throw new Error(`there is no case ${name}: --list names them (--full --list all)`)
      return found
    })
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds)
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds >= 1))
    throw new Error(`--rounds takes a whole number from 1 on, not ${values.rounds}`)
  const cases = (named ?? matrix).map((one) => (rounds === undefined ? one : { ...one, rounds }))
  const out = resolve(values.out ?? join(root, values.publish ? 'docs' : '.cache/bench'))
  return { ...values, cases, fleet: values.case ? values.case.includes('fleet') : !values.quick, out }
}

/** Plays the cases; what is known by then goes to `tell` after each group of them. */
const play = async (cases: readonly Case[], dir: string, isCold: boolean, tell: (known: readonly Outcome[]) => void): Promise<void> => {
  const count = Math.max(...cases.map(({ hosts }) => hosts))
  say(`starts ${count === 1 ? '1 host' : `${count} hosts`}`)
  const lab = await startLab(Array.from({ length: count }, (_, index) => ({ name: `web${index + 1}`, kind: 'web' as const })))
  try {
    await onEach(lab.hosts, (host) => keep(host, 'fresh'))
    const effects = await onEach(lab.hosts, effectOf)
    const other = effects.find((effect) => effect !== effects[0])
    if (other) throw new Error(`the fresh hosts are not alike: ${firstDifference(effects[0]!, other)}`)
    const all = await contenders(lab, dir, say)
    const now = new Map(lab.hosts.map(({ name }) => [name, 'fresh']))
    const ground: Ground = { lab, dir, all, fresh: effects[0]!, seconds: 3600, kept: new Set(), now, say }
    if (!isCold) await warmUp(ground, cases)
    const known: Outcome[] = []
    for (const group of groupsOf(cases)) {
      known.push(...(await playGroup(ground, group)))
      tell(cases.flatMap((one) => known.find((outcome) => outcome.case === one) ?? []))
    }
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
      const contender = all.get(name)
      if (!contender) continue
      const { argv, env } = contender
      await measure(lab, stage.hosts, { argv: argv(stage), env, dir: join(stage.dir, name), pid: lab.pid }, seconds)
    }
    await onEach(stage.hosts, (host) => putBack(host, 'fresh'))
  }
}

/** The simulated fleet, run alone after the lab is gone. */
const fleetRows = (dir: string): readonly FleetRow[] => {
  const json = join(dir, 'fleet.json')
  say('measures the simulated fleet of 50, 200 and 1,000 hosts')
  const argv = ['--import', import.meta.resolve('tsx'), join(import.meta.dirname, 'fleet.ts'), '--hosts', '50,200,1000', '--json', json]
  execFileSync(process.execPath, argv, { stdio: ['ignore', 2, 2] })
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
    Ansible: existsSync('/usr/bin/ansible') ? first('/usr/bin/ansible', '--version').replace(/[^\d.]/g, '') : 'none',
  }
}

const notes = [
  'Hosts are network namespaces on this machine, each with an sshd of its own: their work is part of every wall time, and of no CPU time here.',
  'Every run connects anew; what Ansible’s ControlPersist leaves behind is ended after the run, and its CPU counted.',
  'ssh = OpenSSH’s client with its default key exchange, ssh-curve25519 with KexAlgorithms=curve25519-sha256; 50 at once, as holdfast. They read, and compare nothing.',
  'ansible = ansible-playbook of Debian with ansible.posix.sysctl and ansible.builtin.iptables, gather_facts off, pipelining, forks = hosts; a handler saves the rules. mitogen = the same with Debian’s ansible-mitogen.',
  'A first converge of holdfast is guarded: rehearsed, with an undo armed, confirmed over a new connection. The others have no such thing.',
  'Ansible and mitogen are left out where one run takes minutes (200 hosts, 50 rules and more); `npm run bench -- --full` has them, in hours. pyinfra is no package of Debian and is left out.',
  'After each run, what every host does is compared with what was wanted, and after one that writes one host is rebooted and compared again; a run that did something else, or ended otherwise than it should, does not count.',
  'In the simulated fleet one process answers for all hosts, on the same machine: it is for the controller’s memory and growth.',
]

const write = (out: string, found: Found, outcomes: readonly Outcome[]): void => {
  const cases = outcomes.map((outcome) => outcome.case)
  writeFileSync(join(out, 'bench.json'), `${JSON.stringify(found, null, 1)}\n`)
  writeFileSync(join(out, 'bench.md'), pageOf(found, outcomes))
  writeFileSync(join(out, 'bench.svg'), plotOf(cases, found.rows))
}

const tell = ({ says, atMost, unit, measured, isMet }: Target): string =>
  `${isMet === undefined ? 'not measured' : isMet ? 'met   ' : 'MISSED'}  ${says}: ${measured?.toFixed(3) ?? '-'} (at most ${atMost.toFixed(3)} ${unit})`

const claim = join(tmpdir(), 'holdfast-bench.pid')

/** One bench at a time: two would measure each other. */
const claimMachine = (): void => {
  const owner = existsSync(claim) ? readFileSync(claim, 'utf8').trim() : ''
  const runs = owner !== '' && existsSync(`/proc/${owner}/cmdline`) && readFileSync(`/proc/${owner}/cmdline`, 'utf8').includes('bench.ts')
  if (runs)
    throw new Error(`another bench runs on this machine, as process ${owner}, and the two would measure each other: wait for its end`)
  const left = readdirSync(tmpdir()).filter((name) => /^holdfast-bench-\w{6}$/.test(name)) // by one that was killed
  for (const name of left) rmSync(join(tmpdir(), name), { recursive: true, force: true })
  writeFileSync(claim, `${process.pid}\n`)
  process.on('exit', () => rmSync(claim, { force: true }))
}

/** Better before than after twenty minutes. */
const mustTake = (folder: string): void => {
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.W_OK)
  } catch (error) {
    throw new Error(`${folder} cannot be written to, --out names another folder (${String(error)})`)
  }
}

const main = async (): Promise<void> => {
  const { cases, out, fleet, list, help, quick: isQuick } = asked()
  if (help) return console.log(usage)
  if (list) return console.log([...cases.map(({ name, contenders: who }) => `${name}  ${who.join(' ')}`), 'fleet  holdfast'].join('\n'))
  if (!existsSync(join(root, 'dist/cli.cjs'))) throw new Error('dist/cli.cjs is not built: npm run build')
  mustTake(out)
  claimMachine()
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
  process.on('exit', () => rmSync(dir, { recursive: true, force: true, maxRetries: 3 }))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void endRunning().then(() => process.exit(130)))
  const alive = setInterval(() => {}, 60_000) // the hosts' own processes do not keep this one from ending
  let outcomes: readonly Outcome[] = []
  const here = machine()
  const found = (rows: readonly FleetRow[]): Found => ({
    ...{ date: new Date().toISOString().slice(0, 10), machine: here, notes },
    targets: targetsOf(outcomes, rows),
    rows: outcomes.flatMap(rowsOf),
  })
  try {
    if (cases.length > 0)
      await play(cases, dir, isQuick, (known) => {
        outcomes = known
        write(out, found([]), known)
      })
    const whole = found(fleet ? fleetRows(dir) : [])
    console.log(whole.targets.map(tell).join('\n'))
    write(out, whole, outcomes)
    say(`wrote bench.md, bench.json and bench.svg to ${out}`)
    const lost = whole.rows.flatMap(({ complaints }) => complaints)
    if (lost.length > 0) throw new Error(`${lost.length === 1 ? '1 run does' : `${lost.length} runs do`} not count: bench.md says why`)
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
