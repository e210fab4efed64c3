import { describe, expect, it } from 'vitest'
import { autoShard, shardVariables } from '../../src/fleet/auto-shard.js'
import { isOfShard, readShard, shardNumber } from '../../src/shard.js'

const fleet = (count: number): readonly string[] => Array.from({ length: count }, (_, at) => `web${at}.example.com`)

describe('a shard', () => {
  it.each([
    ['1/8', { number: 1, of: 8 }],
    ['8/8', { number: 8, of: 8 }],
    ['1/1', { number: 1, of: 1 }],
    ['0/8', 'shards are numbered from 1: the first is 1/8'],
    ['9/8', 'of 8 shards the last is 8/8'],
    ['0/0', 'there is no fleet of 0 shards'],
    ['1/0', 'there is no fleet of 0 shards'],
    ['-1/8', 'it must be like 3/8, or auto'],
    ['1.5/8', 'it must be like 3/8, or auto'],
    ['', 'it must be like 3/8, or auto'],
    ['1/8 ', 'it must be like 3/8, or auto'],
    ['1/9999999', 'it must be like 3/8, or auto'],
  ])('%j', (text, shard) => expect(readShard(text)).toEqual(shard))

  it.each([1, 2, 7, 64])('has each host once, of %i', (of) => {
    for (const host of ['日本語', '', ...fleet(200)]) {
      const own = Array.from({ length: of }, (_, at) => at + 1).filter((number) => isOfShard(host, { number, of }))
      expect(own).toEqual([shardNumber(host, of)])
    }
  })

  it('is about as large as the others', () => {
    const sizes = new Map<number, number>()
    for (const host of fleet(10_000)) sizes.set(shardNumber(host, 8), (sizes.get(shardNumber(host, 8)) ?? 0) + 1)
    expect(sizes.size).toBe(8)
    for (const size of sizes.values()) expect(Math.abs(size - 1250)).toBeLessThan(150)
  })

  // printf %s web1 | sha256sum | cut -c1-8
  it.each([
    ['web1', 0x659a7fb2],
    ['日本語', 0x77710aed],
  ])('of %s is told by the first 32 bits of its SHA-256: it never moves between versions', (host, bits) =>
    expect(shardNumber(host, 1000)).toBe((bits % 1000) + 1),
  )
})

const others = 'say --shard 1/8, or set HOLDFAST_SHARD_INDEX (from 0) and HOLDFAST_SHARDS'

describe('--shard auto', () => {
  it.each<[Record<string, string>, ReturnType<typeof autoShard>]>([
    [
      { JOB_COMPLETION_INDEX: '0', HOLDFAST_SHARDS: '8' },
      { number: 1, of: 8 },
    ],
    [
      { JOB_COMPLETION_INDEX: '7', HOLDFAST_SHARDS: '8' },
      { number: 8, of: 8 },
    ],
    [
      { CI_NODE_INDEX: '1', CI_NODE_TOTAL: '4' },
      { number: 1, of: 4 },
    ],
    [
      { CI_NODE_INDEX: '4', CI_NODE_TOTAL: '4', HOLDFAST_SHARDS: '4' },
      { number: 4, of: 4 },
    ],
    [slurm(0, 0, 8), { number: 1, of: 8 }],
    [slurm(8, 1, 8), { number: 8, of: 8 }],
    [slurm(15, 10, 6), { number: 6, of: 6 }],
    [
      { PARALLEL_SEQ: '3', HOLDFAST_SHARDS: '8' },
      { number: 3, of: 8 },
    ],
    [
      { HOLDFAST_SHARD_INDEX: '0', HOLDFAST_SHARDS: '2' },
      { number: 1, of: 2 },
    ],
    // what a person sets wins over what is around it
    [
      { HOLDFAST_SHARD_INDEX: '1', HOLDFAST_SHARDS: '2', PARALLEL_SEQ: '7', ...slurm(3, 0, 4) },
      { number: 2, of: 2 },
    ],
    // a GitLab job that is not parallel has a total, too; empty is not set
    [
      { CI_NODE_TOTAL: '1', JOB_COMPLETION_INDEX: '1', CI_NODE_INDEX: '', HOLDFAST_SHARDS: '2' },
      { number: 2, of: 2 },
    ],
    [{}, `none of HOLDFAST_SHARD_INDEX, JOB_COMPLETION_INDEX, SLURM_ARRAY_TASK_ID, CI_NODE_INDEX, PARALLEL_SEQ is set: ${others}`],
    [{ CI_NODE_TOTAL: '1' }, expect.stringContaining('none of')],
    [{ JOB_COMPLETION_INDEX: '2' }, 'JOB_COMPLETION_INDEX=2 is set, but not HOLDFAST_SHARDS, the number of all shards'],
    [
      { PARALLEL_SEQ: '1', HOLDFAST_SHARDS: '2', ...slurm(0, 0, 2) },
      `Slurm says SLURM_ARRAY_TASK_ID=0 and GNU parallel says PARALLEL_SEQ=1: ${others}`,
    ],
    [
      slurm(3, 3, 1, '8'),
      'SLURM_ARRAY_TASK_COUNT=1, but HOLDFAST_SHARDS=8: hosts of the others would be left out or done twice; for one shard alone say --shard i/8',
    ],
    [slurm(7, 0, 4), 'SLURM_ARRAY_TASK_ID=7 is none of 4 that begin with 0: an array must have no gaps, as 0-7'],
    [{ JOB_COMPLETION_INDEX: '8', HOLDFAST_SHARDS: '8' }, 'JOB_COMPLETION_INDEX=8 is none of 8 that begin with 0'],
    [{ CI_NODE_INDEX: '0', CI_NODE_TOTAL: '2' }, 'CI_NODE_INDEX=0 is none of 2 that begin with 1'],
    [{ HOLDFAST_SHARD_INDEX: 'x', HOLDFAST_SHARDS: '2' }, 'HOLDFAST_SHARD_INDEX=x is no whole number'],
    [{ HOLDFAST_SHARD_INDEX: '0', HOLDFAST_SHARDS: '$N' }, 'HOLDFAST_SHARDS=$N is no whole number'],
  ])('%j', (env, shard) => expect(autoShard(env)).toEqual(shard))

  it('reads the variables that it says', () => {
    const read = new Set<string>()
    const env = new Proxy({}, { get: (_, name) => void read.add(String(name)) })
    autoShard(env)
    for (const name of read) autoShard(new Proxy({}, { get: (_, each) => (each === name ? '0' : void read.add(String(each))) }))
    expect([...read].toSorted()).toEqual([...new Set(shardVariables)].toSorted())
  })
})

function slurm(id: number, min: number, count: number, shards?: string): Record<string, string> {
  const names = { SLURM_ARRAY_TASK_ID: id, SLURM_ARRAY_TASK_MIN: min, SLURM_ARRAY_TASK_COUNT: count }
  return {
    ...Object.fromEntries(Object.entries(names).map(([name, value]) => [name, String(value)])),
    ...(shards && { HOLDFAST_SHARDS: shards }),
  }
}
