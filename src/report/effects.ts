import type { Effect, Step } from '../types.js'
import { wrap } from './columns.js'
import { compare, type Edit, hunks } from './diff.js'
import { paint, type Style, show } from './style.js'

type Of<Kind extends Effect['kind']> = Extract<Effect, { kind: Kind }>

/** What a plan's steps touch beside the values that its changes name: files, commands, what cannot be undone. One line each. */
export function listEffects(steps: readonly Step[], style: Style): readonly string[] {
  const lines = steps.flatMap(({ effect }) => sayEffect(effect, style))
  return [...new Set(lines)].flatMap((line) => wrap(line, style.width, '  ', '      '))
}

function sayEffect(effect: Effect, style: Style): readonly string[] {
  if (effect.kind === 'once') return [`runs ${show(effect.run, style)} (${show(effect.why, style)}; no undo)`]
  if (effect.kind === 'value')
    return effect.noUndo === undefined ? [] : [`no undo for ${show(effect.path, style)}: ${show(effect.noUndo, style)}`]
  if (effect.kind === 'chain') return []
  const verb = effect.after === null ? 'removes' : effect.link ? 'links' : 'writes'
  return [`${verb} ${show(effect.path, style)}${effect.link && effect.after ? ` to ${show(effect.after, style)}` : ''}`]
}

/** Unified diffs of the boot files and live chains that a plan's steps change. Lines are not wrapped. */
export function diffEffects(steps: readonly Step[], style: Style): readonly string[] {
  return steps.flatMap(({ effect }) => {
    if (effect.kind === 'file' && !effect.link) return diffFile(effect, style)
    return effect.kind === 'chain' ? diffChain(effect, style) : []
  })
}

function diffFile({ path, before, after }: Of<'file'>, style: Style): readonly string[] {
  const found = hunks(compare(linesOf(before), linesOf(after)))
  if (found.length === 0) return []
  const name = (text: string | null): string => (text === null ? '/dev/null' : show(path, style))
  return [
    paint(`--- ${name(before)}`, 'bold', style),
    paint(`+++ ${name(after)} (after)`, 'bold', style),
    ...found.flatMap((hunk) => [paint(rangeOf(hunk), 'cyan', style), ...hunk.flatMap((edit) => fileLine(edit, style))]),
  ]
}

/** Lines with their ends, so that a missing last one shows as a difference. */
const linesOf = (text: string | null): readonly string[] => text?.match(/[^\n]*\n|[^\n]+$/g) ?? []

function fileLine({ kind, text }: Edit, style: Style): readonly string[] {
  const ended = text.endsWith('\n')
  const line = tint(kind, kind + show(ended ? text.slice(0, -1) : text, style), style)
  return ended ? [line] : [line, '\\ No newline at end of file']
}

function rangeOf(hunk: readonly Edit[]): string {
  const side = (without: Edit['kind'], at: (edit: Edit) => number): string => {
    const lines = hunk.filter(({ kind }) => kind !== without)
    return `${lines[0] ? at(lines[0]) : at(hunk[0]!)},${lines.length}`
  }
  return `@@ -${side('+', (edit) => edit.before)} +${side('-', (edit) => edit.after)} @@`
}

function diffChain({ backend, family, table, chain, before, after }: Of<'chain'>, style: Style): readonly string[] {
  const found = hunks(compare(before?.lines ?? [], after?.lines ?? []))
  const name = (when: string): string => `${family} ${table} ${show(chain, style)} (live, ${backend}${when})`
  const policies = before?.policy === after?.policy ? [] : policyLines(before?.policy, after?.policy, style)
  if (found.length === 0 && policies.length === 0 && (before === null) === (after === null)) return []
  const digits = String(Math.max(before?.lines.length ?? 0, after?.lines.length ?? 0)).length
  return [
    paint(`--- ${before ? name('') : 'no such chain'}`, 'bold', style),
    paint(`+++ ${after ? name(', after') : 'no such chain'}`, 'bold', style),
    ...policies,
    ...found.flatMap((hunk) => [paint(rangeOf(hunk), 'cyan', style), ...hunk.map((edit) => chainLine(edit, digits, style))]),
  ]
}

const policyLines = (before: string | undefined, after: string | undefined, style: Style): readonly string[] => [
  ...(before ? [tint('-', `-policy ${show(before, style)}`, style)] : []),
  ...(after ? [tint('+', `+policy ${show(after, style)}`, style)] : []),
]

/** A rule with its position: of a rule that goes, the old one; of the others, the new one. */
function chainLine({ kind, text, before, after }: Edit, digits: number, style: Style): string {
  const position = String(kind === '-' ? before : after).padStart(digits)
  return tint(kind, `${kind}${position} ${show(text, style)}`, style)
}

const tint = (kind: Edit['kind'], line: string, style: Style): string =>
  kind === ' ' ? line : paint(line, kind === '-' ? 'red' : 'green', style)
