import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Ajv from 'ajv/dist/2020.js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { shardVariables } from '../../src/fleet/auto-shard.js'
import { cronJob } from './kubernetes.js'
import { blocksOf, commandsOf } from './readme.js'
import { root } from './sources.js'
import { understood } from './understood.js'

const folder = join(root, 'docs/fleet')
const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
const page = readFileSync(join(root, 'docs/fleet.md'), 'utf8')

/** The command lines of holdfast in a script, with variables of the environment set to 0. */
const linesOf = (text: string): readonly (readonly string[])[] =>
  [...text.replaceAll('\\\n', ' ').matchAll(/holdfast ((?:apply|report) [^\n&|;>]*)/g)].map(([, line]) =>
    line!
      .replace(/ #.*/, '')
      .replace(/ \|\| true.*/, '')
      .replaceAll(/\\?\$\([^)]*\)|\$\{\{.*?\}\}|\$\{[^}]*\}|\$\w+|\{\}/g, (word) => (/SINCE/.test(word) ? '4h' : '1'))
      .replaceAll('"', '')
      .trim()
      .split(/\s+/),
  )

// 2 and 0 are no failures. 137 is no code of holdfast's: it was killed.
const again = [4, 130, 137, 143]
const never = [1, 3, 5, 6, 70]

describe('the fleet page', () => {
  beforeEach(() => void Object.assign(process.env, { HOLDFAST_SHARD_INDEX: '0', HOLDFAST_SHARDS: '8' }))
  afterEach(() => {
    delete process.env.HOLDFAST_SHARD_INDEX
    delete process.env.HOLDFAST_SHARDS
  })

  it.each(['kubernetes.yaml', 'slurm.sh', 'parallel.sh', 'gitlab-ci.yml', 'github.yml'])(
    '%s says what the command line knows',
    async (name) => {
      const lines =
        name === 'kubernetes.yaml'
          ? parseAllDocuments(read(name)).map((each) => each.toJS().spec.jobTemplate.spec.template.spec.containers[0].args as string[])
          : linesOf(read(name))
      const commands = []
      for (const line of lines) commands.push(await understood(line))
      expect(commands.filter(({ command }) => command === 'converge').map(({ options }) => options.shard)).toEqual([
        { number: 1, of: expect.any(Number) },
      ])
      if (name !== 'slurm.sh')
        expect(commands.at(-1)).toMatchObject({ command: 'merge', options: { out: expect.stringMatching(/fleet\.html$/) } })
    },
  )

  it.each(blocksOf(page).flatMap((block) => (block.language === 'console' ? commandsOf(block) : [])))('knows %s', async (line) => {
    expect(await understood(line.split(' ').slice(1))).toMatchObject({ command: expect.stringMatching(/^(converge|merge)$/) })
  })

  it('names the variables that are read, all of them', () => {
    const table = /## Which shard[\s\S]*?\n\n([\s\S]*?)\n\n/.exec(page)![1]!
    const named = [...table.matchAll(/`([A-Z]+_[A-Z_]+)`/g)].map(([, name]) => name)
    expect([...new Set(named)].toSorted()).toEqual([...new Set(shardVariables)].toSorted())
  })

  it('links to files that there are', () => {
    const links = [...page.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path]) => path!)
    expect(links.length).toBeGreaterThan(4)
    expect(links.filter((path) => !existsSync(join(root, 'docs', path)))).toEqual([])
  })

  it('tries the same exit codes again everywhere', () => {
    const [job] = parseAllDocuments(read('kubernetes.yaml')).map((each) => each.toJS().spec.jobTemplate.spec)
    const rules = job.podFailurePolicy.rules as { readonly onExitCodes?: { readonly values: readonly number[] } }[]
    expect(rules.flatMap(({ onExitCodes }) => onExitCodes?.values ?? [])).toEqual(never)
    expect(parse(read('gitlab-ci.yml')).holdfast.retry.exit_codes).toEqual(again)
    for (const name of ['slurm.sh', 'parallel.sh'])
      expect({
        name,
        codes: /\b4(?: ?\| ?\d+)+(?=\))/
          .exec(read(name))?.[0]
          .split(/ ?\| ?/)
          .map(Number),
      }).toEqual({ name, codes: again })
  })
})

describe('the Kubernetes manifest', () => {
  const documents = parseAllDocuments(read('kubernetes.yaml'), { version: '1.1' })
  const jobs = documents.map((each) => each.toJS())

  it('is of the structure that batch/v1 has', () => {
    expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([])
    const valid = new Ajv.default({ allErrors: true }).compile(cronJob)
    for (const job of jobs) expect(valid(job), JSON.stringify(valid.errors)).toBe(true)
    expect(valid({ ...jobs[0], spec: { ...jobs[0].spec, shedule: 'x' } })).toBe(false)
  })

  it('has what its parts name', () => {
    for (const { spec } of jobs) {
      const pod = spec.jobTemplate.spec.template.spec
      const volumes = pod.volumes.map(({ name }: { name: string }) => name)
      const mounts = pod.containers[0].volumeMounts as { readonly name: string; readonly mountPath: string }[]
      expect(mounts.map(({ name }) => name)).toEqual(volumes)
      const paths = (pod.containers[0].args as string[]).filter((word) => word.startsWith('/'))
      expect(paths.filter((path) => !mounts.some(({ mountPath }) => `${path}/`.startsWith(`${mountPath}/`)))).toEqual([])
    }
    const [{ completions, podFailurePolicy, template }] = jobs.map(({ spec }) => spec.jobTemplate.spec)
    const [container] = template.spec.containers
    expect(container.env[0]).toEqual({ name: 'HOLDFAST_SHARDS', value: String(completions) })
    for (const { onExitCodes } of podFailurePolicy.rules) expect([undefined, container.name]).toContain(onExitCodes?.containerName)
    // --confirm-timeout, which a host under way is given
    expect(template.spec.terminationGracePeriodSeconds).toBeGreaterThan(60)
    expect(template.spec.volumes[1].secret.defaultMode).toBe(0o440)
  })
})

describe('the Slurm script', () => {
  let place: string
  beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), 'holdfast-slurm-'))
    write('scontrol', 'echo "$*" >> requeued')
  })
  afterEach(() => rmSync(place, { recursive: true }))
  const write = (name: string, text: string): void => {
    writeFileSync(join(place, name), `#!/bin/sh\n${text}\n`)
    chmodSync(join(place, name), 0o755)
  }
  const array = { SLURM_ARRAY_JOB_ID: '77', SLURM_ARRAY_TASK_ID: '3', SLURM_ARRAY_TASK_MIN: '0', SLURM_ARRAY_TASK_COUNT: '8' }
  const start = (env: Record<string, string>) =>
    spawn('bash', [join(folder, 'slurm.sh')], {
      cwd: place,
      env: { ...array, ...env, PATH: `${place}:${process.env.PATH}` },
      stdio: 'ignore',
    })
  const ended = (child: ReturnType<typeof start>): Promise<number | null> => new Promise((resolve) => child.on('close', resolve))
  const requeued = (): string => (existsSync(join(place, 'requeued')) ? readFileSync(join(place, 'requeued'), 'utf8') : '')

  it('is bash', () => expect(execFileSync('bash', ['-n', join(folder, 'slurm.sh')], { encoding: 'utf8' })).toBe(''))

  it.each([
    [0, {}, ''],
    [3, {}, ''],
    [70, {}, ''],
    [4, {}, 'requeue 77_3\n'],
    [137, { SLURM_RESTART_COUNT: '2' }, 'requeue 77_3\n'],
    [4, { SLURM_RESTART_COUNT: '3' }, ''],
  ])('after exit %i, %j, ends so and requeues %j', async (code, env, text) => {
    write('holdfast', `echo "$*" > argv; exit ${code}`)
    expect({ code: await ended(start(env)), requeued: requeued() }).toEqual({ code, requeued: text })
    expect(readFileSync(join(place, 'argv'), 'utf8')).toBe('apply --shard auto --state states/3 --max-fail-percentage 10\n')
  })

  it('hands a signal on, and waits for the hosts under way', async () => {
    write('holdfast', `trap 'sleep 0.3; echo finished > done; exit 143' TERM; : > up; while :; do sleep 0.05; done`)
    const child = start({})
    while (!existsSync(join(place, 'up'))) await sleep(10)
    child.kill('SIGTERM')
    expect({ code: await ended(child), requeued: requeued(), done: existsSync(join(place, 'done')) }).toEqual({
      code: 143,
      requeued: 'requeue 77_3\n',
      done: true,
    })
  })
})
