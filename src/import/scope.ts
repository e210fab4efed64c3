/** The hosts that something is for: a host pattern, and what of it is meant (`&tokyo`, `!old`). */
export interface Scope {
  readonly base: string
  readonly only: readonly string[]
}

/** The pattern as it is written in a play. */
export function patternOf({ base, only }: Scope): string {
  return [base, ...only].join(base.includes(',') ? ',' : ':')
}

/** Whether both name the same hosts, whatever the inventory. */
export function isSame(one: Scope, other: Scope): boolean {
  return patternOf(one) === patternOf(other)
}

/** The scope, narrowed by a term as `&tokyo` or `!old`. */
export function narrowed(scope: Scope, term: string): Scope {
  return scope.only.includes(term) ? scope : { ...scope, only: [...scope.only, term] }
}

/** `scope` without the hosts of `other`; null: none is left; undefined: no pattern says that for every inventory. */
export function without(scope: Scope, other: Scope): Scope | null | undefined {
  const more = other.only.filter((term) => !scope.only.includes(term))
  if (other.base === scope.base || other.base === 'all' || other.base === '*') {
    const [term, second] = more
    if (term === undefined) return null
    return second === undefined ? narrowed(scope, term.startsWith('&') ? `!${term.slice(1)}` : `&${term.slice(1)}`) : undefined
  }
  if (other.only.length > 0 || !/^[\w.*-]+([:,][\w.*-]+)*$/.test(other.base)) return undefined
  return other.base.split(/[:,]/).reduce((left, term) => narrowed(left, `!${term}`), scope)
}

/** Whether some pattern shows, whatever the inventory, that no host is in both. */
export function areApart(one: Scope, other: Scope): boolean {
  const opposite = (term: string): string => (term.startsWith('&') ? `!${term.slice(1)}` : `&${term.slice(1)}`)
  return one.only.some((term) => other.only.includes(opposite(term)) || (term.startsWith('!') && term.slice(1) === other.base))
}
