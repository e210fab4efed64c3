import { isBuiltin } from '../load/chain-name.js'
import { type Env, fill } from './fill.js'
import { namer } from './ids.js'
import type { Inventoried, Said } from './inventoried.js'
import type { Entry, Ledger } from './ledger.js'
import type { ChainAt } from './operations.js'
import { isSame, patternOf } from './scope.js'
import type { Fields, PlayHead } from './tasks.js'
import { comment, flow, line } from './yaml-text.js'

/** What holds for some hosts: the entries of one play of Ansible that are for the same ones. */
interface Group {
  readonly play: PlayHead
  readonly hosts: string
  readonly tags: readonly string[]
  readonly entries: Entry[]
}

type Kind<K extends Entry['kind']> = Extract<Entry, { readonly kind: K }>

/** The ledger as the text of a playbook; `head` are lines of comments above it. `inventory` has variables that win over the defaults of roles. */
export function writePlaybook(ledger: Ledger, head: readonly string[], inventory: Inventoried): string {
  const idOf = namer()
  const groups = groupsOf([...ledger.tops, ...ledger.rest])
  const plays = groups.flatMap((group, at) => ['', ...playLines(group, at, groups, idOf, inventory)])
  const empty = groups.every(({ entries }) => entries.every(({ kind }) => kind === 'remark')) ? ['[]'] : []
  return `${[...head.map((text) => comment(text).trimEnd()), ...plays, ...empty].join('\n')}\n`
}

/** Entries by play and hosts, as few groups as keep the order of the rules of each chain. */
function groupsOf(entries: readonly Entry[]): readonly Group[] {
  const groups: Group[] = []
  for (const entry of entries) {
    const hosts = patternOf(entry.scope)
    const tags = tagsOf(entry, entries)
    const at = groups.findLastIndex((group) => group.play === entry.task.play && group.hosts === hosts && group.tags.join() === tags.join())
    const behind = groups.slice(at + 1).some((group) => group.entries.some((other) => keepsOrder(entry, other)))
    if (at >= 0 && !behind) groups[at]?.entries.push(entry)
    else groups.push({ play: entry.task.play, hosts, tags, entries: [entry] })
  }
  return groups
}

/** The tags of the play that an entry stands in; a chain and its policy are one, with the tags of both. */
function tagsOf(entry: Entry, all: readonly Entry[]): readonly string[] {
  const ofChain = (one: Entry): one is Kind<'chain' | 'policy'> => one.kind === 'chain' || one.kind === 'policy'
  if (!ofChain(entry)) return entry.task.tags
  const same = all.filter(
    (one) =>
      ofChain(one) &&
      one.table === entry.table &&
      one.chain === entry.chain &&
      one.family === entry.family &&
      isSame(one.scope, entry.scope),
  )
  return [...new Set(same.flatMap((one) => (one.kind === 'chain' ? one.tags : one.task.tags)))]
}

function keepsOrder(one: Entry, other: Entry): boolean {
  return one.kind === 'rule' && other.kind === 'rule' && one.table === other.table && one.chain === other.chain
}

function playLines(
  group: Group,
  at: number,
  groups: readonly Group[],
  idOf: ReturnType<typeof namer>,
  inventory: Inventoried,
): readonly string[] {
  const { play, hosts, tags, entries } = group
  const remarks = entries.filter((entry) => entry.kind === 'remark').map(({ text }) => comment(text, '  '))
  const body = [...sysctlLines(entries), ...chainLines(entries), ...ruleLines(entries, idOf)]
  if (body.length === 0) return remarks.map((text) => text.trimStart())
  const name = nameOf(group, at, groups)
  const vars = varLines(play, body, (name) => /^(same|apart)$/.test(inventory.says(entries[0]!.task.scope, name).is))
  return [
    `- name: ${line(name)}`,
    `  hosts: ${flow(hosts)}`,
    ...(tags.length > 0 ? [`  tags: ${flow(tags)}`] : []),
    ...vars,
    ...remarks,
    ...body,
  ]
}

/** A play's name is unique, since a host remembers what each has put there. */
function nameOf({ play, hosts }: Group, at: number, groups: readonly Group[]): string {
  const wish = ({ play, hosts }: Pick<Group, 'play' | 'hosts'>): string => play.name || `Of ${hosts}`
  const before = groups.slice(0, at).filter((other) => wish(other) === wish({ play, hosts })).length
  return before === 0 ? wish({ play, hosts }) : `${wish({ play, hosts })} (${before + 1})`
}

/** The variables that a play needs: its own, and the defaults of its roles where no inventory has the name. */
function varLines({ vars, defaults }: PlayHead, body: readonly string[], isSaid: (name: string) => boolean): readonly string[] {
  const said = (): Said => ({ is: 'unknown' })
  const env: Env = { inner: {}, play: vars, moving: new Map(), defaults, shared: defaults, said, taken: () => undefined }
  const all: Fields = { ...Object.fromEntries(Object.entries(defaults).filter(([name]) => !isSaid(name))), ...vars }
  const needed = new Map<string, string>()
  const open = namesIn(body.join('\n'))
  for (const name of open) {
    if (needed.has(name) || !Object.hasOwn(all, name)) continue
    const text = flow(fill(all[name], env))
    needed.set(name, text)
    open.push(...namesIn(text))
  }
  const lines = [...needed].map(([name, text]) => {
    const why = Object.hasOwn(vars, name) ? '' : "    # a role's default; here it wins over the inventory's"
    return `    ${flow(name)}: ${text}${why}`
  })
  return lines.length === 0 ? [] : ['  vars:', ...lines]
}

function namesIn(text: string): string[] {
  return [...text.matchAll(/\{\{\s*([A-Za-z_]\w*)/g)].map(([, name]) => name ?? '')
}

function sysctlLines(entries: readonly Entry[]): readonly string[] {
  const values = entries.filter((entry) => entry.kind === 'value')
  return values.length === 0 ? [] : ['  sysctl:', ...values.map(({ key, value }) => `    ${flow(key)}: ${flow(value)}`)]
}

function chainLines(entries: readonly Entry[]): readonly string[] {
  const policies = entries.filter((entry) => entry.kind === 'policy')
  const chains = entries.filter((entry) => entry.kind === 'chain')
  const policyOf = (at: ChainAt): string | undefined =>
    policies.find(({ family, table, chain }) => family === at.family && table === at.table && chain === at.chain)?.policy
  const alone = policies.filter(
    (entry) => !chains.some(({ family, table, chain }) => family === entry.family && table === entry.table && chain === entry.chain),
  )
  const all = [
    ...chains.flatMap((entry) => ownedLines(entry, policyOf(entry))),
    ...alone.flatMap((entry) => chainHead(entry, entry.policy)),
  ]
  return all.length === 0 ? [] : ['  chains:', ...all]
}

function ownedLines(entry: Kind<'chain'>, policy: string | undefined): readonly string[] {
  const exact = isBuiltin(entry.chain, entry.table) ? ['      exact: true'] : []
  const rules =
    entry.rules.length === 0 ? ['      rules: []'] : ['      rules:', ...entry.rules.map(({ rule }) => `        - ${ruleText(rule)}`)]
  return [...chainHead(entry, policy), ...exact, ...rules]
}

function chainHead({ family, table, chain }: ChainAt, policy: string | undefined): readonly string[] {
  return [
    `    - name: ${flow(chain)}`,
    ...(table === 'filter' ? [] : [`      table: ${table}`]),
    `      family: ${family}`,
    ...(policy === undefined ? [] : [`      policy: ${policy}`]),
  ]
}

function ruleLines(entries: readonly Entry[], idOf: ReturnType<typeof namer>): readonly string[] {
  const rules = entries.filter((entry) => entry.kind === 'rule' || entry.kind === 'absent')
  if (rules.length === 0) return []
  const lines = rules.flatMap((entry) => [
    `    - id: ${line(idOf(entry))}`,
    `      chain: ${flow(entry.chain)}`,
    ...(entry.table === 'filter' ? [] : [`      table: ${entry.table}`]),
    ...(entry.family === 'ipv4' ? [] : [`      family: ${entry.family}`]),
    ...(entry.kind === 'absent' ? ['      state: absent'] : []),
    `      rule: ${ruleText(entry.rule)}`,
    ...(entry.first ? ['      place: first'] : []),
  ])
  return ['  iptables:', ...lines]
}

const ruleText = (rule: Kind<'rule'>['rule']): string => (typeof rule === 'string' ? line(rule) : flow(rule))
