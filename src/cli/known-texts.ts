import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import type { KnownTexts } from '../load/known-text.js'
import { type CacheFile, cacheFile, stampOf } from './own-cache.js'

const program = fileURLToPath(import.meta.url)

/** What this build of the program made of long playbooks before; from its sources nothing is kept. */
export const knownTexts: KnownTexts | undefined = program.endsWith('/holdfast.cjs')
  ? {
      get: (text) => fileOf(text)?.read()?.toString('utf8'),
      put: (text, value) => fileOf(text)?.write(Buffer.from(value, 'utf8')),
    }
  : undefined

const fileOf = (text: string): CacheFile | undefined =>
  cacheFile(`read-${stampOf(program)}-${createHash('sha256').update(text).digest('hex')}`)
