import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunDocument } from '../../src/history/document.js'
import { isOfShard, shardNumber } from '../../src/shard.js'
import type { Captured } from '../lab/lab.js'
import { holdfastWords, lineOf } from '../program.js'
import { type Bench, startBench } from './bench.js'
import { project } from './run.js'

const shards = 4
const names = ['web1', 'web2', 'web3', 'web4', 'web5', 'web6', 'web7', 'web8']
const controllers = ['jump1', 'jump2', 'jump3']
/** The shard whose controller is killed: of several hosts, so that it is killed midway. */
const struck = Array.from({ length: shards }, (_, at) => at + 1).find(
  (number) => names.filter((name) => isOfShard(name, { number, of: shards })).length > 2,
)!
const [first = '', second = ''] = names.filter((name) => isOfShard(name, { number: struck, of: shards }))

let bench: Bench
let folder: string
beforeAll(async () => {
  bench = await startBench([...names, ...controllers].map((name) => ({ name, kind: 'bare' })))
  const { lab } = bench
  const hosts = Object.fromEntries(names.map((name) => [name, { ansible_host: lab.host(name).address }]))
  const vars = {
    ansible_user: 'root',
    ansible_ssh_private_key_file: join(lab.dir, 'id_ed25519'),
    ansible_ssh_common_args: `-o UserKnownHostsFile=${lab.dir}/known_hosts`,
  }
  folder = project(lab, {
    'inventory.yaml': { all: { vars, hosts } },
    'playbooks/x.yaml': [
      {
        hosts: 'all',
        sysctl: { 'net.ipv4.tcp_fin_timeout': 31 },
        iptables: [{ id: 'monitoring', chain: 'INPUT', rule: '-p tcp --dport 9100 -j ACCEPT' }],
      },
    ],
    controllers: controllers.map((name) => `1/${name}\n`).join(''),
    // What GNU parallel takes for ssh: `enter jump1 COMMAND` runs it with the network and the name of that controller, and with the SHELL that sshd sets (without it, parallel's own wrapper does nothing and says nothing).
    enter: `#!/bin/sh\ncontroller=$1; shift; [ "$1" != -- ] || shift\nexec nsenter -t "$(cat "$(dirname "$0")/pids/$controller")" -n -u env SHELL=/bin/sh sh -c "$*"\n`,
    holdfast: `#!/bin/sh\nexec ${lineOf(holdfastWords)} "$@"\n`,
  })
  for (const program of ['enter', 'holdfast']) chmodSync(join(folder, program), 0o755)
  mkdirSync(join(folder, 'pids'))
  for (const name of controllers) writeFileSync(join(folder, 'pids', name), String(lab.host(name).pid))
})
afterAll(() => bench?.stop())

const run = (argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Captured> =>
  bench.lab.run(argv, { cwd: folder, timeout: 110_000, env: { ...process.env, ...env } })

/** The process of the controller that has this shard, once its run is written down. */
const controllerOf = async (shard: number): Promise<number> => {
  for (let waited = 0; waited < 30_000; waited += 50) {
    for (const state of existsSync(join(folder, 'states')) ? readdirSync(join(folder, 'states')) : [])
      for (const name of readdirSync(join(folder, 'states', state, 'runs')).filter((each) => each.endsWith('.part'))) {
        const { head, pid } = JSON.parse(readFileSync(join(folder, 'states', state, 'runs', name), 'utf8').split('\n')[0]!)
        if (head.shard.number === shard) return pid
      }
    await sleep(50)
  }
  throw new Error(`no controller has shard ${shard}`)
}

describe('a fleet of several controllers', () => {
  it('is converged once under GNU parallel, though a controller is killed midway, and has one report', async () => {
    bench.bad(second).gate('mv', 'before', '*armed*confirmed*')
    const script = join(import.meta.dirname, '../../docs/fleet/parallel.sh')
    const ended = run(['sh', script], {
      ...{ PATH: `${folder}:${process.env.PATH}`, PARALLEL_SSH: './enter', HOLDFAST_SHARDS: String(shards), ANSIBLE_FORKS: '1' },
    })
    // Its second host has been changed, and is about to be told that it may stay so.
    await Promise.race([bench.bad(second).at('mv'), ended.then((early) => Promise.reject(new Error(JSON.stringify(early))))])
    process.kill(await controllerOf(struck), 'SIGKILL')
    bench.bad(second).open()
    const { code, stdout, stderr } = await ended
    expect({ code, stdout, stderr }).toMatchObject({ code: 0 })
    expect(stderr).toContain(`shard ${struck}/${shards}: 2 runs`)
    expect(readFileSync(join(folder, 'fleet.html'), 'utf8')).toContain(second)

    const report = await run(['./holdfast', 'report', 'merge', 'states', '--format', 'json', '--out', 'fleet.json'])
    expect(report).toMatchObject({ code: 0, stdout: '' })
    const fleet = JSON.parse(readFileSync(join(folder, 'fleet.json'), 'utf8')) as RunDocument
    expect(fleet.hosts.map(({ host }) => host)).toEqual(names)
    expect(fleet.hosts.filter(({ outcome }) => outcome !== 'changed' && outcome !== 'in-sync')).toEqual([])
    // What the killed run had done is not lost, although another one has the last word.
    expect(fleet.hosts.find(({ host }) => host === first)).toMatchObject({
      outcome: 'in-sync',
      warnings: [expect.stringMatching(/^changed before, by the run .+, which is merged here$/)],
    })
    expect(fleet.merged?.length).toBe(shards)
    expect(new Set(readdirSync(join(folder, 'states'))).size).toBeGreaterThan(1)

    for (const name of names) {
      const held = await bench.lab.host(name).must(`cat /proc/sys/net/ipv4/tcp_fin_timeout
iptables -w -S INPUT | grep -c holdfast:monitoring
ls /var/lib/holdfast/runs | wc -l
ls -d /run/holdfast/lock /var/lib/holdfast/staged 2>/dev/null
find /etc -name '.*holdfast*~'`)
      expect({ name, held }).toEqual({ name, held: '31\n1\n1\n' })
    }
  })

  it('is in sync then, whoever looks: by Slurm, GitLab, Kubernetes and parallel, and by no shard', async () => {
    const plan = ['plan', '--json']
    const of = String(shards)
    const environments = [
      { SLURM_ARRAY_TASK_ID: '10', SLURM_ARRAY_TASK_MIN: '10', SLURM_ARRAY_TASK_COUNT: of },
      { CI_NODE_INDEX: '2', CI_NODE_TOTAL: of },
      { JOB_COMPLETION_INDEX: '2', HOLDFAST_SHARDS: of },
      { PARALLEL_SEQ: '4', HOLDFAST_SHARDS: of },
    ]
    for (const [at, env] of environments.entries()) {
      const { code, stdout, stderr } = await run(['./holdfast', ...plan, '--shard', 'auto'], env)
      expect({ code, stderr }).toMatchObject({ code: 0 })
      expect(JSON.parse(stdout)).toMatchObject({ shard: { number: at + 1, of: shards } })
      expect(JSON.parse(stdout).hosts.map(({ host }: { host: string }) => host)).toEqual(
        names.filter((name) => shardNumber(name, shards) === at + 1),
      )
      writeFileSync(join(folder, `shard-${at + 1}.json`), stdout)
    }
    const merged = await run([
      './holdfast',
      'report',
      'merge',
      ...[1, 2, 4].map((number) => `shard-${number}.json`),
      '--format',
      'markdown',
    ])
    expect(merged.code).toBe(3)
    expect(merged.stderr).toContain('no run was given of shard 3/4')
  })

  it('carries a kept plan out by shards, and takes it back by shards', async () => {
    const timeout = async (name: string): Promise<string> =>
      (await bench.lab.host(name).must('cat /proc/sys/net/ipv4/tcp_fin_timeout')).trim()
    const timeouts = async (): Promise<readonly string[]> => Promise.all(names.map(timeout))
    const ours = (mine: string, others: string) => names.map((name) => (isOfShard(name, { number: struck, of: shards }) ? mine : others))
    const shard = ['--shard', `${struck}/${shards}`]
    writeFileSync(join(folder, 'playbooks/x.yaml'), '- { hosts: all, sysctl: { net.ipv4.tcp_fin_timeout: 32 } }\n')
    expect(await run(['./holdfast', 'plan', '--out', 'plan.json'])).toMatchObject({ code: 2 })
    expect(await run(['./holdfast', 'apply', 'plan.json', ...shard])).toMatchObject({ code: 0 })
    expect(await timeouts()).toEqual(ours('32', '31'))
    expect(await run(['./holdfast', 'apply', 'playbooks/x.yaml'])).toMatchObject({ code: 0 })
    expect(await run(['./holdfast', 'rollback', 'all', ...shard])).toMatchObject({ code: 0 })
    expect(await timeouts()).toEqual(ours('31', '32'))
  })
})
