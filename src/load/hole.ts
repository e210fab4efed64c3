/** Stands in a document's value where a part could not be read: its problem is told already, and nothing more is to be said of it. */
export const hole = Symbol('hole')

/** What a message holds that comes of a hole or of a name that may stand in one: such a message is never shown. No file's text can hold it. */
export const unsaid = '\0'

/** Whether a hole stands anywhere in a value. */
export function holdsHole(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return value === hole
  return Object.values(value).some(holdsHole)
}
