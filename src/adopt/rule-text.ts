import { readRule } from '../load/rule.js'
import type { Spec } from '../resources/iptables/want.js'
import type { Family } from '../types.js'

/** A rule as a playbook writes it, with what it is then read as; or why no playbook can hold it. */
export type RuleText = { readonly rule: string; readonly specs: readonly Spec[] } | { readonly wrong: string }

/** Writes the words of a rule so that a playbook reads them back; `count` specs are meant where -s or -d is a list. */
export function ruleText(words: readonly string[], family: Family, count = 1): RuleText {
  if (words.length === 0) return { wrong: 'a rule without any condition or target' }
  if (words.some((word) => /\p{Cs}/u.test(word))) return { wrong: 'it holds bytes that are no UTF-8' }
  const rule = words.map(quoted).join(' ')
  const read = readRule(rule, { family, both: false, scope: { get: () => undefined, names: () => [] }, names: () => null })
  const [wrong] = read.wrong
  if (wrong !== undefined) return { wrong: wrong.message }
  const meant = count > 1 || sameWords(read.specs[0] ?? [], words)
  return read.specs.length === count && meant ? { rule, specs: read.specs } : { wrong: 'a playbook would read it as another rule' }
}

/** A POSIX word: bare where it is plain. */
function quoted(word: string): string {
  return /^[\w@%+=:,./!-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

function sameWords(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((word, at) => word === b[at])
}

/** Rules that differ in their -s alone, or in their -d alone, as the words of one rule with a list there; undefined where they differ in more. */
export function joined(rules: readonly (readonly string[])[]): readonly string[] | undefined {
  const [first, ...others] = rules
  if (first === undefined || others.some((words) => words.length !== first.length)) return undefined
  const places = first.flatMap((word, at) => (others.some((words) => words[at] !== word) ? [at] : []))
  const [at] = places
  if (at === undefined) return others.length === 0 ? first : undefined
  if (places.length > 1 || !['-s', '-d'].includes(first[at - 1] ?? '') || first[at - 2] === '!') return undefined
  return first.with(at, rules.map((words) => words[at]).join(','))
}
