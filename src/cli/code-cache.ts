import { type CacheFile, cacheFile, stampOf } from './own-cache.js'

/** Where the code that V8 made of a file is kept between runs: with it a start takes half as long. V8 runs what stands there unseen. */
export type CodeCache = CacheFile

/** The cache of one file and command. V8 compares no more of the source than its length: the stamp does. */
export function openCodeCache(path: string, command: string): CodeCache | undefined {
  return cacheFile(`code-${process.version}-${process.arch}-${stampOf(path)}-${/^[a-z]+$/.test(command) ? command : 'other'}`)
}
