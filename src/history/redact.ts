/** Puts `***` for every secret in every text of some data; secrets shorter than four characters would maim ordinary words and stay. */
export function redact<T>(data: T, secrets: readonly string[]): T {
  const index = known.get(secrets) ?? indexOf(secrets)
  known.set(secrets, index)
  return index.size === 0 ? data : (inside(data, index) as T)
}

/** Secrets by their first four characters, the longest first: each host of a fleet may have its own password. */
type Index = ReadonlyMap<string, readonly string[]>

const head = 4

/** One run asks for the same secrets at every host. */
const known = new WeakMap<readonly string[], Index>()

function indexOf(secrets: readonly string[]): Index {
  const index = new Map<string, string[]>()
  for (const secret of secrets.filter(({ length }) => length >= head).toSorted((a, b) => b.length - a.length)) {
    const alike = index.get(secret.slice(0, head))
    if (alike) alike.push(secret)
    else index.set(secret.slice(0, head), [secret])
  }
  return index
}

function inside(data: unknown, index: Index): unknown {
  if (typeof data === 'string') return hide(data, index)
  if (Array.isArray(data)) return data.map((each) => inside(each, index))
  if (typeof data !== 'object' || data === null) return data
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, inside(value, index)]))
}

/** Secrets that overlap are hidden as one: nothing of either is left. */
function hide(text: string, index: Index): string {
  let [shown, copied, end] = ['', 0, 0]
  for (let at = 0; at + head <= text.length; at++) {
    const secret = index.get(text.slice(at, at + head))?.find((each) => text.startsWith(each, at))
    if (secret === undefined) continue
    if (at >= end) {
      shown += `${text.slice(copied, at)}***`
      end = at
    }
    end = Math.max(end, at + secret.length)
    copied = end
  }
  return shown + text.slice(copied)
}
