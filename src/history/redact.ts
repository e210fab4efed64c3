/** Puts `***` for every secret in every text of some data; secrets shorter than four characters would maim ordinary words and stay. */
export function redact<T>(data: T, secrets: readonly string[]): T {
  const worth = secrets.filter((secret) => secret.length >= 4).toSorted((a, b) => b.length - a.length)
  return worth.length === 0 ? data : (inside(data, worth) as T)
}

function inside(data: unknown, secrets: readonly string[]): unknown {
  if (typeof data === 'string') return secrets.reduce((text, secret) => text.replaceAll(secret, '***'), data)
  if (Array.isArray(data)) return data.map((each) => inside(each, secrets))
  if (typeof data !== 'object' || data === null) return data
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, inside(value, secrets)]))
}
