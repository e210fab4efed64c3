import type { Problem } from '../types.js'
import { readDocument } from './document.js'
import { type Files, join } from './files.js'
import { hole } from './hole.js'
import { anything } from './mentions.js'
import { isMapping, mergeVars, type Vars, variablesOf } from './vars.js'

/** Variables of `group_vars/` or `host_vars/` beside an inventory file, by the name of a group or host. */
export interface VarFiles {
  readonly of: (name: string) => Vars
}

const extensions = ['', '.yml', '.yaml', '.json']

/** Reads a folder of variable files: NAME, NAME.yml, NAME.yaml or NAME.json, the first that is there, or the folder NAME with such files in it; texts with problems go to `unsound`. */
export function readVarFiles(folder: string, files: Files, problems: Problem[], unsound: string[]): VarFiles {
  const names = new Set(files.list(folder) ?? [])
  return {
    of: (name) => {
      const found = extensions.map((extension) => `${name}${extension}`).find((file) => names.has(file))
      if (found === undefined || name.includes('/')) return new Map()
      return mergeVars(filesUnder(join(folder, found), files, 0).map((path) => readVarFile(path, files, problems, unsound)))
    },
  }
}

function filesUnder(path: string, files: Files, depth: number): readonly string[] {
  const names = files.list(path)
  if (!names) return [path]
  if (depth > 10) return []
  return [...names]
    .sort()
    .filter(
      (name) =>
        !name.startsWith('.') && !name.endsWith('~') && (!name.includes('.') || extensions.includes(name.slice(name.lastIndexOf('.')))),
    )
    .flatMap((name) => filesUnder(join(path, name), files, depth + 1))
}

function readVarFile(path: string, files: Files, problems: Problem[], unsound: string[]): Vars {
  const before = problems.length
  const text = files.read(path) ?? ''
  const document = readDocument(path, text.startsWith('$ANSIBLE_VAULT;') ? '' : text, 'pyyaml')
  problems.push(...document.problems)
  if (text.startsWith('$ANSIBLE_VAULT;')) problems.push(document.problem([], 'is encrypted with ansible-vault, which is not read here'))
  else if (document.value !== null && document.value !== hole && !isMapping(document.value))
    problems.push(document.problem([], 'must be a mapping of variables'))
  // What is encrypted may hold any name.
  if (problems.length > before) unsound.push(text.startsWith('$ANSIBLE_VAULT;') ? anything : text)
  return variablesOf(document, document.value, [])
}
