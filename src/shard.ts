import { createHash } from 'node:crypto'

/** One part of a fleet that several controllers share: the `number`th, from 1, of `of`. */
export interface Shard {
  readonly number: number
  readonly of: number
}

/** `3/8` as a shard; a clause where it is none. */
export function readShard(text: string): Shard | string {
  const found = /^(\d{1,6})\/(\d{1,6})$/.exec(text)
  if (!found) return 'it must be like 3/8, or auto'
  const [number, of] = [Number(found[1]), Number(found[2])]
  if (of === 0) return 'there is no fleet of 0 shards'
  if (number === 0) return `shards are numbered from 1: the first is 1/${of}`
  return number > of ? `of ${of} shards the last is ${of}/${of}` : { number, of }
}

/** `3/8`. */
export const sayShard = ({ number, of }: Shard): string => `${number}/${of}`

/** Whether a host is of a shard: by its name in the inventory alone, so that it stays where it is when other hosts come and go. */
export const isOfShard = (host: string, { number, of }: Shard): boolean => shardNumber(host, of) === number

/** The number of a host's shard: the first 32 bits of its name's SHA-256, modulo the number of shards, counted from 1. */
export const shardNumber = (host: string, of: number): number => (createHash('sha256').update(host).digest().readUInt32BE(0) % of) + 1
