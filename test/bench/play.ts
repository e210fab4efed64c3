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
  readonly rounds: number
  /** Of one run. */
  readonly seconds: number
  /** Hosts on which a state in sync is kept: `3+3 web1`. */
  readonly kept: Set<string>
  say(text: string): void
}

/** Plays a case: the contenders take turns in every round, and each round begins with another one. */
export const playCase = async (ground: Ground, one: Case): Promise<Outcome> => {
  const stage = makeStage(ground.lab, one, ground.dir)
  const wanted = withThings(ground.fresh, one.things)
  if (one.task !== 'converge') await bringInSync(ground, stage, wanted)
  const far = one.delayMs > 0 ? await farFrom(ground.lab, one.delayMs) : undefined
  const runs = new Map<ContenderName, Played[]>(one.contenders.map((name) => [name, []]))
  try {
    const rounds = ground.rounds * (one.hosts === 1 ? 3 : 1) // short runs, and their noise is most of them
    for (let round = 0; round < rounds; round++) {
      const order = one.contenders.map((_, index) => one.contenders[(index + round) % one.contenders.length]!)
      for (const name of order) {
        const contender = ground.all.get(name)!
        if (contender.isSlow && (round % 2 === 1 || round >= ground.rounds)) continue
        const played = await playOnce(ground, stage, contender, far?.pid ?? ground.lab.pid, round, wanted)
        runs.get(name)!.push(played)
        const how = played.complaint ? `does not count: ${played.complaint}` : `${(played.wallMs / 1000).toFixed(2)} s`
        ground.say(`${one.name}  round ${round + 1}/${rounds}  ${name}  ${how}`)
      }
    }
    if (one.task === 'plan') await mustDo(stage.hosts, wanted, 'after the plans')
  } finally {
    await far?.end()
  }
  return { case: one, runs, ...(far ? { line: far.how } : {}) }
}

const syncName = ({ things }: Stage): string => `${things.keys}+${things.rules}`

const bringInSync = async (ground: Ground, stage: Stage, wanted: string): Promise<void> => {
  const name = syncName(stage)
  const isKept = (host: LabHost): boolean => ground.kept.has(`${name} ${host.name}`)
  await onEach(stage.hosts, (host) => putBack(host, isKept(host) ? name : 'fresh'))
  const others = stage.hosts.filter((host) => !isKept(host))
  if (others.length === 0) return
  ground.say(`brings ${others.length} hosts in sync with ${name}`)
  const holdfast = ground.all.get('holdfast')!
  const run = { argv: holdfast.argv({ ...stage, task: 'converge' }), env: holdfast.env, dir: join(stage.dir, 'sync'), pid: ground.lab.pid }
  const { code } = await measure(ground.lab, stage.hosts, run, ground.seconds)
  if (code !== 0) throw new Error(`holdfast apply ended with ${code}: see ${run.dir}`)
  await mustDo(stage.hosts, wanted, 'after holdfast apply')
  await onEach(others, async (host) => {
    await keep(host, name)
    ground.kept.add(`${name} ${host.name}`)
  })
}

const mustDo = async (hosts: readonly LabHost[], wanted: string, when: string): Promise<void> => {
  const complaint = await differing(hosts, wanted)
  if (complaint) throw new Error(`${when}: ${complaint}`)
}

const differing = async (hosts: readonly LabHost[], wanted: string): Promise<string | undefined> => {
  const effects = await onEach(hosts, effectOf)
  const at = effects.findIndex((effect) => effect !== wanted)
  return at < 0 ? undefined : `${hosts[at]!.name}, ${firstDifference(wanted, effects[at]!)}`
}

const playOnce = async (
  ground: Ground,
  stage: Stage,
  contender: Contender,
  pid: number,
  round: number,
  wanted: string,
): Promise<Played> => {
  await makeReady(stage)
  const dir = join(stage.dir, `${contender.name}-${round}`)
  mkdirSync(dir, { recursive: true })
  const cost = await measure(ground.lab, stage.hosts, { argv: contender.argv(stage), env: contender.env, dir, pid }, ground.seconds)
  const complaint = contender.complaint(stage, cost.code, dir) ?? (stage.task === 'plan' ? undefined : await endComplaint(stage, wanted))
  return { ...cost, round, ...(complaint ? { complaint } : {}) }
}

/** The last host: its last rule and its first value go, live. */
const makeReady = async (stage: Stage): Promise<void> => {
  if (stage.task === 'converge') await onEach(stage.hosts, (host) => putBack(host, 'fresh'))
  if (stage.task !== 'drift') return
  const drifted = stage.hosts.at(-1)!
  await putBack(drifted, syncName(stage))
  const rule = ownLine(stage.things.rules - 1).replace('-A', '-D')
  await drifted.must(`iptables ${rule}; sysctl -q -w ${[...wantedValues(stage.things).keys()][0]}=0`)
}

/** Both layers: what every host does now, and what one of those that were changed does after a reboot. */
const endComplaint = async (stage: Stage, wanted: string): Promise<string | undefined> => {
  const live = await differing(stage.hosts, wanted)
  if (live) return live
  const changed = stage.hosts.at(-1)!
  await changed.reboot()
  const after = await differing([changed], wanted)
  return after && `after a reboot: ${after}`
}
