/** A text that may hold any name. */
export const anything = '['

/** Whether a name, or a range that it may come of, could be meant by a text that was not read whole. */
export function mentions(text: string, name: string): boolean {
  const [stem = ''] = /^[A-Za-z_-]*/.exec(name) ?? []
  return text === anything || text.includes(stem)
}
