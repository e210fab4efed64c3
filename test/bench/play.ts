import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Lab, LabHost } from '../lab/lab.js'
import type { Case } from './cases.js'
import { type Contender, type ContenderName, makeStage, type Stage } from './contenders.js'
import { farFrom } from './far.js'
import { type Cost, measure } from './measure.js'
import { effectOf, firstDifference, keep, onEach, putBack, withThings } from './state.js'
import { ownLine, wantedValues } from './things.js'

/** One run of one contender; `complaint` says why it does not count. */
export interface Played extends Cost {
  readonly round: number
  readonly complaint?: string
}

/** A case with all its runs, by contender. */
export interface Outcome {
  readonly case: Case
  /** How packets were held back: `netem` or `relay`. */
  readonly line?: string
  readonly runs: ReadonlyMap<ContenderName, readonly Played[]>
}

/** Where the cases are played. */
export interface Ground {
  readonly lab: Lab
  readonly dir: string
  readonly all: ReadonlyMap<ContenderName, Contender>
  /** What a host did when it was fresh. */
  readonly fresh: string
  /** Of one run. */
  readonly seconds: number
  /** Hosts on which a state in sync is kept: `3+3 web1`. */
  readonly kept: Set<string>
  /** The kept state that a host is in, by its name; none where a run may have changed it. */
  readonly now: Map<string, string>
  say(text: string): void
}

interface Scene {
  readonly case: Case
  readonly stage: Stage
  /** What its hosts do once they hold everything. */
  readonly wanted: string
  readonly runs: Map<ContenderName, Played[]>
  line?: string
}

/** Plays cases in the same rounds: in each of them every case, in which the contenders take turns; each round begins with another contender. */
export const playGroup = async (ground: Ground, group: readonly Case[]): Promise<readonly Outcome[]> => {
  const scenes = group.map((one): Scene => {
    const stage = makeStage(ground.lab, one, ground.dir)
    return { case: one, stage, wanted: withThings(ground.fresh, one.things), runs: new Map(one.contenders.map((name) => [name, []])) }
  })
  const rounds = Math.max(...group.map((one) => one.rounds))
  for (let round = 0; round < rounds; round++)
    for (const scene of scenes) if (round < scene.case.rounds) await playRound(ground, scene, round)
  return scenes.map(({ case: one, runs, line }) => ({ case: one, runs, ...(line ? { line } : {}) }))
}

const playRound = async (ground: Ground, scene: Scene, round: number): Promise<void> => {
  const { name: title, contenders, rounds } = scene.case
  const order = contenders.map((_, index) => contenders[(index + round) % contenders.length]!)
  for (const name of order) {
    const contender = ground.all.get(name)
    if (!contender || (contender.isSlow && round % 2 === 1)) continue
    const played = await playOnce(ground, scene, contender, round).catch((error: unknown) => {
      ground.now.clear()
      return { ...nothing, round, complaint: String(error).slice(0, 2000) }
    })
    scene.runs.get(name)!.push(played)
    const how = played.complaint ? `does not count: ${played.complaint}` : `${(played.wallMs / 1000).toFixed(2)} s`
    ground.say(`${title}  round ${round + 1}/${rounds}  ${name}  ${how}`)
  }
}

const nothing: Cost = { code: null, wallMs: 0, cpuMs: 0, peakMb: 0, bytes: 0, execs: 0, connections: 0 }

const playOnce = async (ground: Ground, scene: Scene, contender: Contender, round: number): Promise<Played> => {
  const { stage } = scene
  await makeReady(ground, scene)
  const dir = join(stage.dir, `${contender.name}-${round}`)
  mkdirSync(dir, { recursive: true })
  const far = scene.case.delayMs > 0 ? await farFrom(ground.lab, scene.case.delayMs) : undefined
  scene.line = far?.how ?? ''
  const run = { argv: contender.argv(stage), env: contender.env, dir, pid: far?.pid ?? ground.lab.pid }
  const cost = await measure(ground.lab, stage.hosts, run, ground.seconds).finally(() => far?.end())
  const complaint = contender.complaint(stage, cost.code, dir) ?? (await endComplaint(scene))
  const changed = complaint || stage.task === 'converge' ? stage.hosts : stage.task === 'drift' ? stage.hosts.slice(-1) : []
  for (const { name } of changed) ground.now.delete(name)
  return { ...cost, round, ...(complaint ? { complaint } : {}) }
}

const syncName = ({ things }: Stage): string => `${things.keys}+${things.rules}`

// A plan's hosts are in sync; a first converge's are fresh; of one that has drifted the last rule and the first value are gone, live.
const makeReady = async (ground: Ground, scene: Scene): Promise<void> => {
  const { stage } = scene
  const name = stage.task === 'converge' ? 'fresh' : syncName(stage)
  const isKept = (host: LabHost): boolean => name === 'fresh' || ground.kept.has(`${name} ${host.name}`)
  const astray = stage.hosts.filter((host) => ground.now.get(host.name) !== name)
  await onEach(astray, (host) => putBack(host, isKept(host) ? name : 'fresh'))
  const others = astray.filter((host) => !isKept(host))
  if (others.length > 0) await bringInSync(ground, scene, others)
  for (const host of astray) ground.now.set(host.name, name)
  if (stage.task !== 'drift') return
  const drifted = stage.hosts.at(-1)!
  ground.now.delete(drifted.name)
  const rule = ownLine(stage.things.rules - 1).replace('-A', '-D')
  await drifted.must(`iptables ${rule}; sysctl -q -w ${[...wantedValues(stage.things).keys()][0]}=0`)
}

const bringInSync = async (ground: Ground, { stage, wanted }: Scene, others: readonly LabHost[]): Promise<void> => {
  const name = syncName(stage)
  ground.say(`brings ${others.length === 1 ? '1 host' : `${others.length} hosts`} in sync with ${name}`)
  const holdfast = ground.all.get('holdfast')!
  const run = { argv: holdfast.argv({ ...stage, task: 'converge' }), env: holdfast.env, dir: join(stage.dir, 'sync'), pid: ground.lab.pid }
  const { code } = await measure(ground.lab, stage.hosts, run, ground.seconds)
  if (code !== 0) throw new Error(`holdfast apply ended with ${code ?? 'a signal'}`)
  const complaint = await differing(stage.hosts, wanted)
  if (complaint) throw new Error(`after holdfast apply: ${complaint}`)
  await onEach(others, async (host) => {
    await keep(host, name)
    ground.kept.add(`${name} ${host.name}`)
  })
}

const differing = async (hosts: readonly LabHost[], wanted: string): Promise<string | undefined> => {
  const effects = await onEach(hosts, effectOf)
  const at = effects.findIndex((effect) => effect !== wanted)
  return at < 0 ? undefined : `${hosts[at]!.name}, ${firstDifference(wanted, effects[at]!)}`
}

/** Both layers: what every host does now, and, where something was written, what one of those that were changed does after a reboot. */
const endComplaint = async ({ stage, wanted }: Scene): Promise<string | undefined> => {
  const live = await differing(stage.hosts, wanted)
  if (live || stage.task === 'plan') return live
  const changed = stage.hosts.at(-1)!
  await changed.reboot()
  const after = await differing([changed], wanted)
  return after && `after a reboot: ${after}`
}
