import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { Files } from '../../src/load/files.js'
import { type LoadInput, loadRun, type Run } from '../../src/load/load.js'
import type { Problem } from '../../src/types.js'

const folder = new URL('../fixtures/load/', import.meta.url)

/** The rows of a fixture in YAML. */
export function yamlRows<Rows>(name: string): Rows {
  return parse(readFileSync(new URL(name, folder), 'utf8')) as Rows
}

/** The rows of a fixture in TSV, without comments and, where it has one, without its `head` line. */
export function tsvRows(name: string, head?: string): readonly (readonly string[])[] {
  const lines = readFileSync(new URL(name, folder), 'utf8').split('\n')
  return lines.filter((line) => line !== '' && !line.startsWith('#') && line !== head).map((line) => line.split('\t'))
}

/** Files that are held in memory, by path. */
export function memory(texts: Readonly<Record<string, string>>): Files {
  const paths = Object.keys(texts)
  return {
    read: (path) => texts[path],
    list: (path) => {
      const names = paths.filter((each) => each.startsWith(`${path}/`)).map((each) => each.slice(path.length + 1).split('/')[0] ?? '')
      return names.length > 0 ? [...new Set(names)] : undefined
    },
  }
}

/** `line:column message`, with the file before it where it is not the one that is meant. */
export function said(problems: readonly Problem[], file: string): readonly string[] {
  return problems.map((problem) => `${problem.file === file ? '' : `${problem.file}:`}${problem.line}:${problem.column} ${problem.message}`)
}

/** Loads files in memory: `inventory.yaml` and every other `*.yaml` of the folder but profiles. */
export function loadTexts(
  texts: Readonly<Record<string, string>>,
  more: Partial<LoadInput> = {},
): Promise<{ readonly problems: readonly Problem[] } | Run> {
  const playbooks = Object.keys(texts).filter((path) => /^[^/]*\.yaml$/.test(path) && path !== 'inventory.yaml')
  return loadRun({
    inventory: ['inventory.yaml'],
    playbooks,
    files: memory(texts),
    lookup: async (name) => addressBook[name] ?? [],
    user: 'me',
    home: '/home/me',
    shippedProfiles: 'shipped',
    ...more,
  })
}

const addressBook: Readonly<Record<string, readonly string[]>> = {
  'four.example.com': ['192.0.2.44'],
  'dual.example.com': ['192.0.2.45', '2001:db8::45'],
  'many.example.com': ['192.0.2.47', '192.0.2.46'],
}
