import type { RuleOptions } from '../generated/playbook.js'
import { chainWrong, isBuiltin } from '../load/chain-name.js'
import { readRule } from '../load/rule.js'
import { checkWords } from '../load/rule-check.js'
import { optionWords } from '../load/rule-options.js'
import { splitWords } from '../load/words.js'
import { spell } from '../resources/iptables/spell.js'
import { builtinChains } from '../resources/iptables/want.js'
import { refuse } from './left.js'
import type { ChainAt, Operation } from './operations.js'
import { areApart, isSame, type Scope, without } from './scope.js'
import type { Task } from './tasks.js'

/** What a turned playbook will hold, by the task that it comes from. `scope` may shrink when a later task says otherwise for some hosts. */
export type Entry = { readonly task: Task; scope: Scope } & (
  | { readonly kind: 'value'; readonly key: string; readonly value: string | number }
  | ({ readonly kind: 'rule'; readonly rule: string | RuleOptions; readonly words: string; readonly first: boolean } & ChainAt)
  | ({ readonly kind: 'absent'; readonly rule: string | RuleOptions; readonly words: string; readonly first: false } & ChainAt)
  | ({ readonly kind: 'policy'; readonly policy: string } & ChainAt)
  /** `tags` are those of all tasks that make it: what is asked for by one of them is the chain as a whole. */
  | ({ readonly kind: 'chain'; readonly rules: Held[]; reset: boolean; tags: readonly string[] } & ChainAt)
  | { readonly kind: 'remark'; readonly text: string }
)

interface Held {
  readonly rule: string | RuleOptions
  readonly words: string
}

type Kind<K extends Entry['kind']> = Extract<Entry, { readonly kind: K }>
type OnChain = Extract<Entry, ChainAt>

/** The end state of all tasks so far: rules at the top of their chains as they stand, and all else in the order of the tasks. */
export interface Ledger {
  readonly tops: readonly Entry[]
  readonly rest: readonly Entry[]
  /** Works all that a task does in, or nothing: refuses where no playbook here would hold its end state. */
  readonly apply: (operations: readonly Operation[], task: Task) => void
  readonly remark: (text: string, task: Task) => void
}

/** A ledger without any entry. */
export function openLedger(): Ledger {
  let tops: Kind<'rule'>[] = []
  let rest: Entry[] = []

  const all = (): readonly Entry[] => [...tops, ...rest]
  const drop = (gone: (entry: Entry) => boolean): void => {
    tops = tops.filter((entry) => !gone(entry))
    rest = rest.filter((entry) => !gone(entry))
  }
  /** What a later task overrules: it goes for the hosts of the later one. */
  const overrule = (entry: Entry, task: Task): void => {
    if (areApart(entry.scope, task.scope)) return
    const left = without(entry.scope, task.scope)
    if (left === undefined)
      refuse(`overrules ${placeOf(entry.task)} for some of its hosts, which no pattern tells apart: write it as one play`)
    else if (left === null) drop((other) => other === entry)
    else entry.scope = left
  }
  const onChain = (at: ChainAt): readonly OnChain[] =>
    all().filter(
      (entry): entry is OnChain => 'chain' in entry && entry.family === at.family && entry.table === at.table && entry.chain === at.chain,
    )
  const owned = (at: ChainAt, task: Task): Kind<'chain'> | undefined => {
    const owners = onChain(at).filter((entry) => entry.kind === 'chain')
    const own = owners.find((entry) => isSame(entry.scope, task.scope))
    const other = owners.find((entry) => entry !== own && !areApart(entry.scope, task.scope))
    if (!own && other)
      refuse(`the rules of ${at.chain} are exactly those that ${placeOf(other.task)} begins, for other hosts: write it as one play`)
    return own
  }

  const put = (operation: Extract<Operation, { do: 'put' }>, task: Task): void => {
    const { rule, at } = operation
    const words = wordsOf(rule, operation.family)
    const chain = owned(operation, task)
    if (chain) {
      insertInto(chain.rules, { rule, words }, at, operation.chain)
      tagged(chain, task)
      return
    }
    const same = onChain(operation).filter((entry) => (entry.kind === 'rule' || entry.kind === 'absent') && entry.words === words)
    if (same.some((entry) => entry.kind === 'rule' && isSame(entry.scope, task.scope))) return
    let { scope } = task
    for (const entry of same) {
      if (entry.kind === 'absent') overrule(entry, task)
      else if (entry.kind === 'rule' && entry.first !== (at !== 'end') && !areApart(entry.scope, scope)) {
        // The one that is there first stays where it is.
        const left = without(scope, entry.scope)
        if (left === null) return
        scope = left ?? refuse(`${placeOf(entry.task)} has the same rule at another place: write it as one play`)
      }
    }
    const entry = { kind: 'rule', task, scope, ...chainOf(operation), rule, words, first: at !== 'end' } as const
    if (at === 'end') rest.push(entry)
    else putOnTop(entry, at)
  }
  const putOnTop = (entry: Kind<'rule'>, at: number): void => {
    const mine = tops.filter((other) => isSameChain(other, entry) && !areApart(other.scope, entry.scope))
    if (at > mine.length + 1) refuse(`the place ${at} counts rules that only the host knows: say behind which rule it stands (after:)`)
    if (at > 1 && mine.some((other) => !isSame(other.scope, entry.scope))) refuse(`the place ${at} is another one on some of its hosts`)
    tops.splice(at === 1 ? 0 : tops.indexOf(mine[at - 2]!) + 1, 0, entry)
  }

  const take = (operation: Extract<Operation, { do: 'take' }>, task: Task): void => {
    const { rule } = operation
    const words = wordsOf(rule, operation.family)
    const chain = owned(operation, task)
    if (chain) {
      removeFrom(chain.rules, words)
      tagged(chain, task)
      return
    }
    for (const entry of onChain(operation)) if (entry.kind === 'rule' && entry.words === words) overrule(entry, task)
    const known = onChain(operation).some((entry) => entry.kind === 'absent' && entry.words === words && isSame(entry.scope, task.scope))
    if (!known) rest.push({ kind: 'absent', task, scope: task.scope, ...chainOf(operation), rule, words, first: false })
  }

  const flush = (at: ChainAt, task: Task): void => {
    for (const entry of onChain(at)) {
      if (entry.kind === 'policy') agree(entry, task)
      else if (!(entry.kind === 'chain' && isSame(entry.scope, task.scope))) overrule(entry, task)
    }
    const own = onChain(at).find((entry) => entry.kind === 'chain' && isSame(entry.scope, task.scope))
    if (own?.kind === 'chain') {
      own.rules.length = 0
      own.reset = true
      tagged(own, task)
    } else rest.push({ kind: 'chain', task, scope: task.scope, ...chainOf(at), rules: [], reset: true, tags: task.tags })
  }

  const policy = (operation: Extract<Operation, { do: 'policy' }>, task: Task): void => {
    if (!isBuiltin(operation.chain, operation.table)) refuse(`${operation.chain} is no built-in chain: only those have a policy`)
    if (!/^(ACCEPT|DROP)$/.test(operation.policy))
      refuse(`the policy ${operation.policy} is not known here: only ACCEPT and DROP are`, operation.policy)
    owned(operation, task)
    for (const entry of onChain(operation)) if (entry.kind === 'policy') overrule(entry, task)
    rest.push({ kind: 'policy', task, scope: task.scope, ...chainOf(operation), policy: operation.policy })
  }

  const make = (at: ChainAt, task: Task): void => {
    if (isBuiltin(at.chain, at.table)) return
    const own = owned(at, task)
    if (own) tagged(own, task)
    else rest.push({ kind: 'chain', task, scope: task.scope, ...chainOf(at), rules: [], reset: false, tags: task.tags })
  }

  const unmake = (at: ChainAt, task: Task): void => {
    const own = owned(at, task)
    if (!own) refuse(`removing the chain ${at.chain}: only a chain that a playbook here has made is removed, when it is no longer named`)
    drop((entry) => entry === own)
  }

  const set = ({ key, value }: Extract<Operation, { do: 'set' }>, task: Task): void => {
    const same = rest.filter((entry): entry is Kind<'value'> => entry.kind === 'value' && isSameKey(entry.key, key))
    if (same.some((entry) => isSame(entry.scope, task.scope) && String(entry.value) === String(value))) return
    for (const entry of same) if (String(entry.value) !== String(value)) overrule(entry, task)
    rest.push({ kind: 'value', task, scope: task.scope, key, value })
  }

  const applyOne = (operation: Operation, task: Task): void => {
    if ('chain' in operation && operation.chain !== undefined) checkChain(operation.chain, operation.table)
    if (operation.do === 'put') put(operation, task)
    else if (operation.do === 'take') take(operation, task)
    else if (operation.do === 'flush') for (const at of chainsOf(operation, all())) flush(at, task)
    else if (operation.do === 'policy') policy(operation, task)
    else if (operation.do === 'make') make(operation, task)
    else if (operation.do === 'unmake') unmake(operation, task)
    else if (operation.do === 'set') set(operation, task)
  }
  return {
    get tops() {
      return tops
    },
    get rest() {
      return rest
    },
    apply: (operations, task) => {
      const before = { tops: tops.map(copyOf) as Kind<'rule'>[], rest: rest.map(copyOf) }
      try {
        for (const operation of operations) applyOne(operation, task)
      } catch (error) {
        // What was refused half-way has changed nothing.
        tops = before.tops
        rest = before.rest
        throw error
      }
    },
    remark: (text, task) => void rest.push({ kind: 'remark', task, scope: task.scope, text }),
  }
}

/** A chain and its policy are one entry of a playbook. */
function agree(entry: Entry, task: Task): void {
  if (isSame(entry.scope, task.scope) || areApart(entry.scope, task.scope)) return
  refuse(`the policy of the chain is set by ${placeOf(entry.task)}, for other hosts: write it as one play`)
}

function tagged(chain: Kind<'chain'>, task: Task): void {
  chain.tags = [...new Set([...chain.tags, ...task.tags])]
}

const copyOf = (entry: Entry): Entry => (entry.kind === 'chain' ? { ...entry, rules: [...entry.rules] } : { ...entry })
const chainOf = ({ family, table, chain }: ChainAt): ChainAt => ({ family, table, chain })
const isSameChain = (one: ChainAt, other: ChainAt): boolean =>
  one.family === other.family && one.table === other.table && one.chain === other.chain
const isSameKey = (one: string, other: string): boolean => one.replaceAll('/', '.') === other.replaceAll('/', '.')

/** `site.yml:12`, for people. */
export function placeOf({ document, path }: Task): string {
  const { file, line } = document.problem(path, '')
  return `${file}:${line}`
}

function chainsOf(operation: Extract<Operation, { do: 'flush' }>, all: readonly Entry[]): readonly ChainAt[] {
  const { family, table, chain } = operation
  if (chain !== undefined) return [{ family, table, chain }]
  const made = all.flatMap((entry) => (entry.kind === 'chain' && entry.family === family && entry.table === table ? [entry.chain] : []))
  return [...new Set([...(builtinChains[table] ?? []), ...made])].map((name) => ({ family, table, chain: name }))
}

function checkChain(chain: string, table: string): void {
  const wrong = chainWrong(chain, table)
  if (wrong !== undefined) refuse(wrong, chain)
}

function insertInto(rules: Held[], held: Held, at: 'end' | number, chain: string): void {
  if (rules.some(({ words }) => words === held.words)) return
  if (at !== 'end' && at > rules.length + 1) refuse(`${chain} has ${rules.length} rules here, there is no place ${at}`)
  rules.splice(at === 'end' ? rules.length : at - 1, 0, held)
}

function removeFrom(rules: Held[], words: string): void {
  const at = rules.findIndex((held) => held.words === words)
  if (at >= 0) rules.splice(at, 1)
}

const nobody = { get: () => undefined, names: () => [] }

/** By what two rules are known to be one: as iptables-save prints them where that is known, else their words, the names of variables among them. A rule that a playbook here would not take is refused. */
function wordsOf(rule: string | RuleOptions, family: ChainAt['family']): string {
  const of = family === 'both' ? 'ipv4' : family
  const text = JSON.stringify(rule)
  if (!text.includes('{{')) {
    const read = readRule(rule, { family: of, both: family === 'both', scope: nobody, names: () => null })
    const spelled = read.specs.map((spec) => spell(spec, of) ?? spec.join(' '))
    return read.wrong[0] ? refuse(read.wrong[0].message, read.wrong[0].needle) : JSON.stringify(spelled)
  }
  const masked = JSON.parse(text.replace(/\{\{ ([\w.-]+) \}\}/g, '\uE000$1\uE001')) as string | RuleOptions
  const read = typeof masked === 'string' ? splitWords(masked, nobody) : optionWords(masked, of, nobody)
  if ('wrong' in read) return refuse(read.wrong.message, read.wrong.needle)
  const [wrong] = checkWords(read.words)
  return wrong ? refuse(wrong.message, wrong.needle) : JSON.stringify(read.words)
}
