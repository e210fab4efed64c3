import type { Problem } from '../types.js'
import { widthOf } from './columns.js'
import { paint, type Style, show } from './style.js'

/** Problems by file, then by position. */
export const sortProblems = (problems: readonly Problem[]): readonly Problem[] =>
  [...problems].sort((one, two) => compareText(one.file, two.file) || one.line - two.line || one.column - two.column)

const compareText = (one: string, two: string): number => (one < two ? -1 : one > two ? 1 : 0)

/** The document of files with mistakes, with a final newline. */
export function problemsJson(problems: readonly Problem[]): string {
  const told = sortProblems(problems).map(({ file, line, column, path, message }) => ({ file, line, column, path, message }))
  return `${JSON.stringify({ problems: told }, null, 2)}\n`
}

/** `file:line:column path message` for each problem, and below it the file's line with a caret under the place. */
export function problemsText(problems: readonly Problem[], style: Style): string {
  const lines = sortProblems(problems).flatMap((problem) => [headOf(problem, style), ...excerptOf(problem, style)])
  return [...lines, problems.length === 1 ? '1 problem' : `${problems.length} problems`, ''].join('\n')
}

function headOf({ file, line, column, path, message }: Problem, style: Style): string {
  const place = `${show(file, style)}:${line}:${column}`
  return [paint(place, 'bold', style), path && show(path, style), show(message, style)].filter(Boolean).join(' ')
}

/** Part of the line around the place, so that the caret stands within the width. */
function excerptOf({ excerpt, column }: Problem, style: Style): readonly string[] {
  if (excerpt === undefined || excerpt.trim() === '') return []
  const room = style.width - 4
  const lead = show(excerpt.slice(0, column - 1).replaceAll('\t', ' '), style)
  const rest = show(excerpt.slice(column - 1).replaceAll('\t', ' '), style)
  const shownLead = widthOf(lead) > room / 2 ? `...${tail(lead, Math.floor(room / 2) - 3)}` : lead
  return [`    ${shownLead}${head(rest, room - widthOf(shownLead))}`, `    ${' '.repeat(widthOf(shownLead))}${paint('^', 'red', style)}`]
}

function head(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let cut = ''
  for (const mark of text) {
    if (widthOf(cut + mark) > width - 3) break
    cut += mark
  }
  return `${cut}...`
}

function tail(text: string, width: number): string {
  let cut = ''
  for (const mark of [...text].reverse()) {
    if (widthOf(mark + cut) > width) break
    cut = mark + cut
  }
  return cut
}
