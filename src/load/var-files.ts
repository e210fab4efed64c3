import type { Problem } from '../types.js'
import { readDocument } from './document.js'
import { type Files, join } from './files.js'
import { hole } from './hole.js'
import { anything } from './mentions.js'
import { isMapping, mergeVars, type Vars, variablesOf } from './vars.js'
import { closed } from './vaulted.js'

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
  if (text.startsWith('$ANSIBLE_VAULT;')) return readVault(path, text, files, problems, unsound)
  const document = readDocument(path, text, 'pyyaml', files.unvault)
  problems.push(...document.problems)
  if (document.value !== null && document.value !== hole && !isMapping(document.value))
    problems.push(document.problem([], 'must be a mapping of variables'))
  if (problems.length > before) unsound.push(text)
  return variablesOf(document, document.value, [])
}

/** A whole file in a vault: none of its text may be shown, so its problems have no line of it. */
function readVault(path: string, envelope: string, files: Files, problems: Problem[], unsound: string[]): Vars {
  const shell = readDocument(path, '', 'pyyaml')
  const plain = files.unvault?.(envelope) ?? { failure: 'locked' }
  const inside = 'text' in plain ? readDocument(path, plain.text, 'pyyaml', files.unvault) : undefined
  const wrong =
    'failure' in plain
      ? `is encrypted with ansible-vault, and ${plain.failure}`
      : inside?.problems.length || (inside?.value !== null && !isMapping(inside?.value))
        ? 'must be a mapping of variables inside its encryption'
        : undefined
  if (wrong === undefined) return variablesOf(shell, closed(inside?.value), [])
  problems.push(shell.problem([], wrong))
  // What is encrypted may hold any name.
  unsound.push(anything)
  return new Map()
}
