import { parseFile } from './parse.js'
import { fileKey } from './spelling.js'

const header = `# Kept by holdfast. The next apply writes it anew where it differs, so change the playbook named above a line, not the line.
# This file sorts last among the drop-ins, so what stands here wins.
`

/** A line put out of force in place, every other byte kept: `# holdfast: net.ipv4.tcp_rfc1337 = 1`. Lines count from 1. */
export function commentOut(text: string, line: number): string {
  return editLine(text, line, (old) => `# holdfast: ${old}`)
}

/** Another value in one line; key, blanks and line end stay. */
export function replaceValue(text: string, line: number, value: string): string {
  return editLine(text, line, (old) =>
    old.replace(/^([^=]*=[ \t]*).*?([ \t]*\r?)$/, (_, head: string, tail: string) => head + value + tail),
  )
}

/** A line for a key at the end of a file that others own, below its playbook's name; line ends as the file has them. */
export function appendLine(text: string, playbook: string, path: string, value: string): string {
  const end = text.includes('\r\n') ? '\r\n' : '\n'
  const gap = text === '' || text.endsWith('\n') ? '' : end
  return `${text}${gap}${group(playbook)}${end}${fileKey(path)} = ${value}${end}`
}

/** The own drop-in with one key set: in its line where it has one below the same playbook, else at the end of that playbook's lines. */
export function setOwn(text: string | undefined, playbook: string, path: string, value: string): string {
  const lines = (text ?? header).replace(/\n?$/, '\n').split('\n')
  const at = ownLine(lines, path)
  if (at >= 0 && groupOf(lines, at) === group(playbook)) return dropOthers(replaceValue(lines.join('\n'), at + 1, value), path)
  const kept = (at < 0 ? lines.join('\n') : dropOwn(lines.join('\n'), path)).split('\n')
  const head = kept.indexOf(group(playbook))
  const entry = `${fileKey(path)} = ${value}`
  if (head < 0) return [...kept.slice(0, -1), group(playbook), entry, ''].join('\n')
  const next = kept.findIndex((line, index) => index > head && (isGroup(line) || (line === '' && index === kept.length - 1)))
  return kept.toSpliced(next, 0, entry).join('\n')
}

/** The own drop-in without a key, and without the name of a playbook that has no line left. */
export function dropOwn(text: string, path: string): string {
  const lines = text.split('\n')
  const at = ownLine(lines, path)
  if (at < 0) return text
  const without = lines.toSpliced(at, 1)
  const lonely = at > 0 && isGroup(without[at - 1] ?? '') && (without[at] === undefined || without[at] === '' || isGroup(without[at]))
  return dropOwn((lonely ? without.toSpliced(at - 1, 1) : without).join('\n'), path)
}

/** The paths that an own drop-in sets, with the playbook named above each. */
export function ownEntries(
  text: string,
): readonly { readonly path: string; readonly value: string; readonly line: number; readonly playbook: string }[] {
  const lines = text.split('\n')
  return parseFile('', text, 'procps').map(({ path, value, line }) => ({
    path,
    value,
    line,
    playbook: groupOf(lines, line - 1)?.slice('# playbook '.length) ?? '',
  }))
}

function dropOthers(text: string, path: string): string {
  const lines = text.split('\n')
  const keep = ownLine(lines, path)
  return lines.filter((line, index) => index === keep || !isFor(line, path)).join('\n')
}

function ownLine(lines: readonly string[], path: string): number {
  return lines.findLastIndex((line) => isFor(line, path))
}

function isFor(line: string, path: string): boolean {
  return parseFile('', line, 'procps').some((assignment) => assignment.path === path)
}

function group(playbook: string): string {
  return `# playbook ${playbook.replaceAll(/[\0-\x1f\x7f]/g, '?')}`
}

function isGroup(line: string): boolean {
  return line.startsWith('# playbook ')
}

function groupOf(lines: readonly string[], at: number): string | undefined {
  return lines.slice(0, at).findLast(isGroup)
}

function editLine(text: string, line: number, edit: (old: string) => string): string {
  return text
    .split('\n')
    .map((old, index) => (index === line - 1 ? edit(old) : old))
    .join('\n')
}
