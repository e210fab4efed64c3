import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type HostMemory, readJson } from './document.js'
import { readText, writeWhole } from './state.js'

const fileOf = (state: string, host: string): string => join(state, 'hosts', `${encodeURIComponent(host)}.json`)

/** Keeps what is known of a host beside what was; a file is written only where that is news. */
export function remember(state: string, memory: HostMemory): void {
  const file = fileOf(state, memory.host)
  const before = readText(file)
  if (before === `${JSON.stringify(memory)}\n`) return
  const text = `${JSON.stringify({ ...readMemory(before ?? ''), ...memory })}\n`
  if (text !== before) writeWhole(file, text, 0o600, false)
}

/** What the controller remembers of a host; undefined where that is nothing. */
export function recall(state: string, host: string): HostMemory | undefined {
  return readMemory(readText(fileOf(state, host)) ?? '')
}

/** What the controller remembers of all hosts. */
export function recallAll(state: string): readonly HostMemory[] {
  try {
    return readdirSync(join(state, 'hosts'))
      .toSorted()
      .flatMap((name) => (name.endsWith('.json') ? (readMemory(readText(join(state, 'hosts', name)) ?? '') ?? []) : []))
  } catch {
    return []
  }
}

function readMemory(text: string): HostMemory | undefined {
  const value = readJson(text) as HostMemory | undefined
  if (value?.format !== 1 || typeof value.host !== 'string' || !Array.isArray(value.groups)) return undefined
  const items: unknown = value.record === undefined ? {} : value.record?.items
  return typeof items === 'object' && items !== null ? value : undefined
}
