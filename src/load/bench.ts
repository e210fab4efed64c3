import type { RuleOptions } from '../generated/playbook.js'
import type { Family, Origin, Problem } from '../types.js'
import type { Aim, Path } from './document.js'
import type { Host } from './inventory.js'
import type { Play } from './playbook.js'
import type { Names, RuleSpecs } from './rule.js'
import { render, type Scope, textOf, type Wrong } from './template.js'

/** One play being read for one host. */
export interface Bench {
  readonly host: Host
  readonly play: Play
  readonly scope: Scope
  readonly names: Names
  readonly origin: Origin
  /** The specs of a rule at a path of the play, in one family; `both`: the other family is read too. */
  readonly specs: (rule: string | RuleOptions, path: Path, family: Family, both: boolean) => RuleSpecs
  readonly report: (problem: Problem) => void
  /** Tells a problem at a path inside the play. */
  readonly tell: (path: Path, message: string, aim?: Aim) => void
}

/** Something wanted, and its place in the play. */
export interface Placed<Item> {
  readonly item: Item
  readonly path: Path
  readonly bench: Bench
}

/** Tells what is wrong inside the value at a path. */
export function tellWrong(bench: Bench, path: Path, { message, needle }: Wrong): void {
  bench.tell(path, message, { needle })
}

/** The value at a path with its templates filled in; undefined when that failed, which is then told. */
export function filled(bench: Bench, path: Path, value: unknown): unknown {
  const rendered = render(value, bench.scope)
  if ('value' in rendered) return rendered.value
  tellWrong(bench, path, rendered.wrong)
  return undefined
}

/** As `filled`, as text. */
export function filledText(bench: Bench, path: Path, value: unknown): string | undefined {
  const found = filled(bench, path, value)
  const text = textOf(found)
  if (found !== undefined && text === undefined) bench.tell(path, 'must be text')
  return text
}

/** `file:line` of a wanted thing, for a sentence that names a second place. */
export function lineOf({ bench, path }: Placed<unknown>): string {
  const { file, line } = bench.play.document.problem([bench.play.index, ...path], '')
  return `${file}:${line}`
}
