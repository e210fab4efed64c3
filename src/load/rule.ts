import { byText } from '../by-text.js'
import type { RuleOptions } from '../generated/playbook.js'
import type { Spec } from '../resources/iptables/want.js'
import type { Family } from '../types.js'
import { readElement } from './addresses.js'
import { checkWords } from './rule-check.js'
import { optionWords } from './rule-options.js'
import type { Scope, Wrong } from './template.js'
import { splitWords, type Words } from './words.js'

/** Names that the controller has looked up: undefined = not asked for yet, null = it could not be resolved. */
export type Names = (name: string) => readonly string[] | null | undefined

/** A rule for one family: one spec per element of the lists in -s and -d; `emptied`: a list in one of them is empty. */
export interface RuleSpecs {
  readonly specs: readonly Spec[]
  readonly emptied: boolean
  readonly wrong: readonly Wrong[]
}

/** How a rule is read: for which family, and whether the other one is served too (its elements are then left to it). */
export interface Reading {
  readonly family: Family
  readonly both: boolean
  readonly scope: Scope
  readonly names: Names
}

const addressOptions = new Set(['-s', '--source', '--src', '-d', '--destination', '--dst'])

/** The specs of a rule as a playbook writes it, text or options. */
export function readRule(rule: string | RuleOptions, reading: Reading): RuleSpecs {
  const read = typeof rule === 'string' ? splitWords(rule, reading.scope) : optionWords(rule, reading.family, reading.scope)
  if ('wrong' in read) return { specs: [], emptied: false, wrong: [read.wrong] }
  const words = parted(read.words)
  const lists = words.flatMap((word, at) =>
    addressOptions.has(word) && at + 1 < words.length && !freeText.test(words[at - 1] ?? '') ? [at + 1] : [],
  )
  const emptied = lists.some((at) => blank(words[at])) && read.empty.some((each) => each.list)
  const wrong = [...checkWords(words), ...twice(words), ...emptyWrong(read, words, lists, emptied)]
  if (wrong.length > 0 || emptied) return { specs: [], emptied, wrong }
  return { ...expand(words, lists, reading), emptied: false }
}

function twice(words: readonly string[]): readonly Wrong[] {
  const ranks = words.flatMap((word, at) => (addressOptions.has(word) && !freeText.test(words[at - 1] ?? '') ? [rankOf(word)] : []))
  return [0, 1]
    .filter((rank) => ranks.filter((each) => each === rank).length > 1)
    .map((rank) => ({ message: `a rule has one ${rank === 0 ? '-s' : '-d'}: write a list, as a,b`, needle: '' }))
}

const freeText = /^--(comment|log-prefix|nflog-prefix|string|hex-string)$/

/** `--source=X` and `-sX` are taken apart, as getopt does. */
function parted(words: readonly string[]): readonly string[] {
  return words.flatMap((word, at) => {
    if (freeText.test(words[at - 1] ?? '')) return [word]
    const long = /^(--[a-z][a-z0-9-]*)=(.*)$/s.exec(word)
    if (long) return [long[1] ?? '', long[2] ?? '']
    const short = /^(-[psdiojgm])([^-].*)$/s.exec(word)
    return short ? [short[1] ?? '', short[2] ?? ''] : [word]
  })
}

function blank(word: string | undefined): boolean {
  return (word ?? '').split(',').every((element) => element.trim() === '')
}

function emptyWrong({ words: raw, empty }: Words, words: readonly string[], lists: readonly number[], emptied: boolean): readonly Wrong[] {
  if (raw.length === 0) return [{ message: 'the rule is empty', needle: empty[0]?.needle ?? '' }]
  const free = new Set(['--comment', '--log-prefix', '--nflog-prefix', '--string'])
  const bad = words.some((word, at) => word === '' && !free.has(words[at - 1] ?? '') && !(emptied && lists.includes(at)))
  const [culprit] = empty.filter((each) => !(emptied && each.list))
  if (!bad && !lists.some((at) => blank(words[at]) && !emptied)) return []
  return [
    {
      message: `${culprit ? `${culprit.needle} is` : 'an address or value is'} empty: the rule would match more than is meant`,
      needle: culprit?.needle ?? '',
    },
  ]
}

function expand(
  words: readonly string[],
  lists: readonly number[],
  reading: Reading,
): { readonly specs: readonly Spec[]; readonly wrong: readonly Wrong[] } {
  const wrong: Wrong[] = []
  // -s varies slowest, as iptables itself spreads `-s a,b -d c,d`.
  const ordered = [...lists].sort((a, b) => rankOf(words[a - 1]) - rankOf(words[b - 1]) || a - b)
  let specs: Spec[] = [words]
  for (const at of ordered) {
    const elements = elementsOf(words[at] ?? '', words[at - 2] === '!' || words[at] === '!', reading, wrong)
    specs = specs.flatMap((spec) => elements.map((element) => spec.with(at, element)))
  }
  return { specs: unique(specs), wrong }
}

function rankOf(option: string | undefined): number {
  return option === '-s' || option === '--source' || option === '--src' ? 0 : 1
}

function unique(specs: readonly Spec[]): readonly Spec[] {
  return [...new Map(specs.map((spec) => [spec.join('\0'), spec])).values()]
}

function elementsOf(list: string, negated: boolean, reading: Reading, wrong: Wrong[]): readonly string[] {
  const written = list
    .split(',')
    .map((element) => element.trim())
    .filter((element) => element !== '')
  if (negated && written.length > 1)
    wrong.push({ message: `a list cannot be negated: each of its rules would let in what another shuts out`, needle: list })
  const elements = written.flatMap((text) => elementOf(text, reading, wrong))
  if (negated && written.length === 1 && elements.length > 1)
    wrong.push({ message: `${list} has several addresses: it cannot be negated`, needle: list })
  return elements
}

const elementIn = byText(readElement)

function elementOf(text: string, { family, both, names }: Reading, wrong: Wrong[]): readonly string[] {
  const element = elementIn(text)
  if ('wrong' in element) wrong.push({ message: element.wrong, needle: text })
  else if ('name' in element) return resolved(text, element, { family, both, names }, wrong)
  else if (element.family === family) return [text]
  else if (!both)
    wrong.push({
      message: `${text} is an ${spelled(element.family)} address, the rule is for ${spelled(family)}: write family: ${element.family} or both`,
      needle: text,
    })
  return []
}

function resolved(
  text: string,
  { name, mask }: { readonly name: string; readonly mask: string },
  { family, both, names }: Omit<Reading, 'scope'>,
  wrong: Wrong[],
): readonly string[] {
  const found = names(name)
  // What the controller cannot resolve the host may know from its own /etc/hosts.
  if (!found) return [text]
  const own = found.filter((address) => address.includes(':') === (family === 'ipv6'))
  if (own.length === 0 && !both) wrong.push({ message: `${name} has no ${spelled(family)} address`, needle: name })
  return own.map((address) => `${address}${mask}`)
}

/** IPv4 or IPv6, as people write it. */
export function spelled(family: Family): string {
  return family === 'ipv4' ? 'IPv4' : 'IPv6'
}
