import { type Document, readDocument } from './document.js'
import { piped } from './files.js'

/** What an earlier run of the same program made of a text, as JSON. */
export interface KnownTexts {
  readonly get: (text: string) => string | undefined
  readonly put: (text: string, value: string) => void
}

/** Below this many characters a text is read as soon as it is found. */
const long = 16_384

/**
 * Reads the text of a playbook: 1,000 rules of YAML take a third of a second, their value as JSON some milliseconds. Only what is sound is
 * kept, nothing that came by a pipe and nothing of a vault; where a place in the text is asked for, the text is read after all.
 */
export function readPlaybookText(file: string, text: string, known: KnownTexts | undefined): Document {
  if (known === undefined || text.length < long || file === piped || text.includes('vault')) return readDocument(file, text, 'core')
  const before = keptValue(known.get(text))
  if (before !== undefined) {
    let read: Document | undefined
    const problem: Document['problem'] = (...asked) => {
      read ??= readDocument(file, text, 'core')
      return read.problem(...asked)
    }
    return { file, value: withoutPrototypes(before), problems: [], problem }
  }
  const document = readDocument(file, text, 'core')
  if (document.problems.length === 0 && isJson(document.value)) known.put(text, JSON.stringify(document.value))
  return document
}

/** Whether JSON gives a value back as it is: no hole, no infinity. */
export function isJson(value: unknown): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0)
  if (Array.isArray(value)) return value.every(isJson)
  return typeof value === 'object' && Object.getPrototypeOf(value) === null && Object.values(value).every(isJson)
}

/** What was kept as JSON; undefined where nothing was, or it is damaged: then it is made anew. */
export function keptValue(json: string | undefined): unknown {
  try {
    return json === undefined ? undefined : JSON.parse(json)
  } catch {
    return undefined
  }
}

/** Mappings of a document have no prototype: what a playbook does not hold is not there. */
function withoutPrototypes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPrototypes)
  if (typeof value !== 'object' || value === null) return value
  const bare: Record<string, unknown> = Object.create(null)
  for (const [key, part] of Object.entries(value)) bare[key] = withoutPrototypes(part)
  return bare
}
