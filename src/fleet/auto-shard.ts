import { readShard, type Shard } from '../shard.js'

type Environment = Readonly<Record<string, string | undefined>>

/** How one system says which of its parallel jobs this is. */
interface System {
  readonly name: string
  /** The variable that is there only in such a job. */
  readonly index: string
  /** What the first job's index is; or the variable that says it. */
  readonly first: number | string
  /** The variable that says how many there are; HOLDFAST_SHARDS where the system says nothing. */
  readonly count?: string
}

/** The variable that says how many shards there are, and that what a system says must agree with. */
const shards = 'HOLDFAST_SHARDS'

/**
 * The systems that `--shard auto` knows: Kubernetes' Indexed Job (kubernetes.io, Jobs), sbatch(1) of Slurm 22.05 ("output environment
 * variables"), GitLab's predefined variables (CI_NODE_TOTAL is 1 in a job that is not parallel), and parallel(1) 20221122.
 */
const systems: readonly System[] = [
  { name: 'Kubernetes', index: 'JOB_COMPLETION_INDEX', first: 0 },
  { name: 'Slurm', index: 'SLURM_ARRAY_TASK_ID', first: 'SLURM_ARRAY_TASK_MIN', count: 'SLURM_ARRAY_TASK_COUNT' },
  { name: 'GitLab', index: 'CI_NODE_INDEX', first: 1, count: 'CI_NODE_TOTAL' },
  { name: 'GNU parallel', index: 'PARALLEL_SEQ', first: 1 },
]

/** What a person sets, over all systems: GitHub's strategy.job-index and job-total fit. */
const own: System = { name: 'your own', index: 'HOLDFAST_SHARD_INDEX', first: 0 }

/** The names of all variables that are read. */
export const shardVariables: readonly string[] = [own, ...systems].flatMap(({ index, first, count }) => [
  index,
  ...(typeof first === 'string' ? [first] : []),
  count ?? shards,
])

/** Which shard the environment says this controller has; a clause that names what was found where it says none, two, or a contradiction. */
export function autoShard(env: Environment): Shard | string {
  const found = env[own.index] ? [own] : systems.filter(({ index }) => env[index])
  const [system] = found
  if (system === undefined)
    return `none of ${[own, ...systems].map(({ index }) => index).join(', ')} is set: say --shard 1/8, or set ${own.index} (from 0) and ${shards}`
  if (found.length > 1)
    return `${found.map(({ name, index }) => `${name} says ${index}=${env[index]}`).join(' and ')}: say --shard 1/8, or set ${own.index} (from 0) and ${shards}`
  return shardOf(system, env)
}

function shardOf(system: System, env: Environment): Shard | string {
  const { index, first, count = shards } = system
  const wrong = [index, count, shards, ...(typeof first === 'string' ? [first] : [])].find((name) => env[name] && !isWhole(env[name]))
  if (wrong) return `${wrong}=${env[wrong]} is no whole number`
  if (!env[count]) return `${index}=${env[index]} is set, but not ${count}, the number of all shards`
  const [at, from, of] = [Number(env[index]), typeof first === 'string' ? Number(env[first] || 0) : first, Number(env[count])]
  if (env[shards] && Number(env[shards]) !== of)
    return `${count}=${of}, but ${shards}=${env[shards]}: hosts of the others would be left out or done twice; for one shard alone say --shard i/${env[shards]}`
  const shard = readShard(`${at - from + 1}/${of}`)
  return typeof shard === 'string' || at < from
    ? `${index}=${at} is none of ${of} that begin with ${from}${system.name === 'Slurm' ? ': an array must have no gaps, as 0-7' : ''}`
    : shard
}

const isWhole = (text: string): boolean => /^\d{1,6}$/.test(text)
