import type { Line } from '../../types.js'
import { pairLines } from './edits.js'
import { joinRestore } from './tokens.js'
import { builtinChains } from './want.js'

/** One chain's edit in a boot file. Lines are spelled; `at` = the line of the file, from 1, that a rule comes from. */
export interface ChainEdit {
  readonly table: string
  readonly chain: string
  readonly before: readonly { readonly line: Line; readonly at: number }[]
  readonly after: readonly Line[]
  /** The policy that a built-in chain shall have. */
  readonly policy?: string
  /** Declare the user chain even if it stays empty. */
  readonly create?: boolean
  /** Take its declaration out, too. */
  readonly remove?: boolean
}

export type Edited = { readonly text: string } | { readonly refused: string }

/** One `*table` ... `COMMIT`; numbers are indices of lines. */
interface Block {
  readonly table: string
  readonly start: number
  readonly end: number
  /** Chain -> its declaration. */
  readonly chains: ReadonlyMap<string, number>
}

/** What becomes of each line of the file. */
interface Marks {
  readonly above: Map<number, string[]>
  readonly below: Map<number, string[]>
  readonly instead: Map<number, string | null>
  readonly refused: string[]
}

const header = '# Made by holdfast. Rules and chains of others that are added here are kept.'
const ruleHead = /^\s*(\[\d+:\d+\]\s*)?(-\S*)/

const push = (map: Map<number, string[]>, at: number, text: string): void => {
  const list = map.get(at)
  if (list) list.push(text)
  else map.set(at, [text])
}

const readBlocks = (lines: readonly string[], refused: string[]): readonly Block[] => {
  const blocks: Block[] = []
  let open: { table: string; start: number; chains: Map<string, number> } | undefined
  for (const [at, line] of lines.entries()) {
    if (line.startsWith('*')) {
      if (open) refused.push(`the table ${open.table} of line ${open.start + 1} has no COMMIT`)
      open = { table: line.slice(1).trim(), start: at, chains: new Map() }
    } else if (line === 'COMMIT' && open) {
      blocks.push({ ...open, end: at })
      open = undefined
    } else if (line.startsWith(':') && open) {
      open.chains.set(line.slice(1).split(/\s/, 1)[0]!, at)
    }
  }
  if (open) refused.push(`the table ${open.table} of line ${open.start + 1} has no COMMIT`)
  return blocks
}

const isBuiltIn = (table: string, chain: string): boolean => builtinChains[table]?.includes(chain) ?? false
const declaration = (chain: string, policy: string): string => `:${chain} ${policy} [0:0]`

const carriesCounters = (lines: readonly string[]): boolean => {
  const rules = lines.filter((line) => ruleHead.test(line))
  return rules.filter((line) => ruleHead.exec(line)?.[1] !== undefined).length * 2 > rules.length
}

const appended = (chain: string, line: Line): string => `-A ${joinRestore([chain])} ${line}`.trimEnd()

/** The edit's lines in file order must be its order in the chain; `-I` lines and lines that stand for several rules cannot be edited around. */
const checkLines = (edit: ChainEdit, lines: readonly string[], keeps: ReadonlySet<number>, refused: string[]): void => {
  for (const [n, { at }] of edit.before.entries()) {
    const text = lines[at - 1]
    const command = text === undefined ? undefined : ruleHead.exec(text)?.[2]
    if (!command || !/^(-A|--app)/.test(command)) refused.push(`line ${at} is no -A line: ${text ?? '(end of file)'}`)
    const previous = edit.before[n - 1]
    if (previous && previous.at > at) refused.push(`line ${previous.at} stands below line ${at} in the file, but above it in ${edit.chain}`)
    if (previous?.at === at && keeps.has(n) !== keeps.has(n - 1)) refused.push(`line ${at} stands for several rules: ${text}`)
  }
}

/** Puts the chain's new lines where the old ones go, else right below the line of their predecessor, else right above their successor's. */
const markRules = (edit: ChainEdit, lines: readonly string[], end: number, marks: Marks, write: (line: Line) => string): void => {
  const { before, after } = edit
  const pairs = pairLines(
    before.map(({ line }) => line),
    after,
  )
  if (pairs.length === before.length && pairs.length === after.length) return
  checkLines(edit, lines, new Set(pairs.map(([i]) => i)), marks.refused)
  let [i, j] = [0, 0]
  for (const [nextI, nextJ] of [...pairs, [before.length, after.length] as const]) {
    const goes = [...new Set(before.slice(i, nextI).map(({ at }) => at - 1))]
    const comes = after.slice(j, nextJ).map(write)
    for (const [n, at] of goes.entries()) marks.instead.set(at, comes[n] ?? null)
    const anchor = goes.at(-1) ?? (i > 0 ? before[i - 1]!.at - 1 : undefined)
    const rest = comes.slice(goes.length)
    const successor = before[nextI]
    if (rest.length > 0 && anchor !== undefined && successor && successor.at - 1 === anchor) {
      marks.refused.push(`line ${successor.at} stands for several rules: ${lines[anchor]}`)
    }
    for (const text of rest) {
      if (anchor !== undefined) push(marks.below, anchor, text)
      else push(marks.above, successor ? successor.at - 1 : end, text)
    }
    ;[i, j] = [nextI + 1, nextJ + 1]
  }
}

const markChain = (edit: ChainEdit, lines: readonly string[], block: Block, marks: Marks): void => {
  const { chain, table, policy, create = false, remove = false } = edit
  const at = block.chains.get(chain)
  const lastDeclared = Math.max(block.start, ...block.chains.values())
  const needed = !remove && !isBuiltIn(table, chain) && (create || edit.after.length > 0)
  if (at === undefined && (needed || policy !== undefined)) push(marks.below, lastDeclared, declaration(chain, policy ?? '-'))
  if (at !== undefined && remove && !isBuiltIn(table, chain)) marks.instead.set(at, null)
  if (at !== undefined && policy !== undefined) {
    const [, head, old] = /^(:\S+\s+)(\S+)/.exec(lines[at]!) ?? []
    if (head !== undefined && old !== policy) marks.instead.set(at, head + policy + lines[at]!.slice(head.length + old!.length))
  }
}

const newBlock = (table: string, edits: readonly ChainEdit[], write: (chain: string, line: Line) => string): readonly string[] => {
  const standing = edits.filter(({ remove }) => !remove)
  const policyOf = (chain: string): string => standing.find((edit) => edit.chain === chain)?.policy ?? 'ACCEPT'
  const builtIn = builtinChains[table] ?? []
  const user = standing.filter(({ chain, after, create }) => !builtIn.includes(chain) && (create || after.length > 0))
  return [
    `*${table}`,
    ...builtIn.map((chain) => declaration(chain, policyOf(chain))),
    ...user.map(({ chain }) => declaration(chain, '-')),
    ...standing.flatMap(({ chain, after }) => after.map((line) => write(chain, line))),
    'COMMIT',
  ]
}

const saysNothing = (edits: readonly ChainEdit[]): boolean =>
  edits.every(
    ({ table, chain, after, policy, create }) =>
      after.length === 0 && (policy ?? 'ACCEPT') === 'ACCEPT' && (!create || isBuiltIn(table, chain)),
  )

const apply = (lines: readonly string[], { above, below, instead }: Marks): readonly string[] =>
  lines.flatMap((line, at) => {
    const kept = instead.has(at) ? instead.get(at)! : line
    return [...(above.get(at) ?? []), ...(kept === null ? [] : [kept]), ...(below.get(at) ?? [])]
  })

/**
 * Edits a file in iptables-save format (null = no such file): lines that stay are kept byte for byte, with their counters, and what nobody
 * asked about is not read. Refused where the edit could not be exact, with the line's number.
 */
export const editSaveFile = (text: string | null, edits: readonly ChainEdit[]): Edited => {
  const old = text ?? ''
  const crlf = old.split('\n').findIndex((line) => line.endsWith('\r'))
  if (crlf >= 0) return { refused: `line ${crlf + 1} ends in CRLF, which iptables-restore does not read` }
  const lines = old === '' ? [] : old.replace(/\n$/, '').split('\n')
  const marks: Marks = { above: new Map(), below: new Map(), instead: new Map(), refused: [] }
  const counters = carriesCounters(lines) ? '[0:0] ' : ''
  const write = (chain: string, line: Line): string => counters + appended(chain, line)
  const blocks = readBlocks(lines, marks.refused)
  const fresh = new Map<string, ChainEdit[]>()
  for (const edit of edits) {
    // Of two blocks of one table the last one counts: without --noflush each block begins by emptying its table.
    const block = blocks.findLast(({ table }) => table === edit.table)
    if (!block) fresh.set(edit.table, [...(fresh.get(edit.table) ?? []), edit])
    else {
      markChain(edit, lines, block, marks)
      markRules(edit, lines, block.end, marks, (line) => write(edit.chain, line))
    }
  }
  if (marks.refused.length > 0) return { refused: marks.refused.join('; ') }
  const added = [...fresh].flatMap(([table, all]) => (saysNothing(all) ? [] : newBlock(table, all, write)))
  if (marks.above.size + marks.below.size + marks.instead.size + added.length === 0) return { text: old }
  // iptables-legacy-restore 1.8.9 reads no COMMIT without a newline, so a file that is edited gets its last one.
  const made = [...(text === null ? [header] : []), ...apply(lines, marks), ...added]
  return { text: made.map((line) => `${line}\n`).join('') }
}
