import { type Document, readDocument } from './document.js'
import { fromListing, isListing } from './dynamic.js'
import type { Files } from './files.js'
import { hole } from './hole.js'
import { looksLikeIni, readIni } from './ini.js'
import { anything } from './mentions.js'
import { withClosedVars } from './vaulted.js'

/** An inventory source as a document in the YAML form, whatever it is: a program that lists, YAML, JSON, INI, or names with commas between. */
export function readSource(file: string, files: Files): { readonly document: Document; readonly text: string | undefined } {
  const printed = files.run?.(file, ['--list'])
  if (printed) return { document: fromProgram(file, printed, files), text: 'stdout' in printed ? printed.stdout : '' }
  const text = files.read(file)
  if (text === undefined && file.includes(',')) return { document: readIni(file, file.split(',').join('\n')), text: file }
  if (text?.startsWith('$ANSIBLE_VAULT;')) return { document: fromVault(file, text, files), text: anything }
  return { document: fromText(file, text ?? '', files), text }
}

function fromText(file: string, text: string, files: Files): Document {
  const extension = /\.[^./]+$/.exec(file)?.[0]
  const yaml = extension !== undefined && ['.yaml', '.yml', '.json'].includes(extension)
  if (!yaml && (extension !== undefined || looksLikeIni(text)) && !text.startsWith('---')) return readIni(file, text)
  const document = readDocument(file, text, 'pyyaml', files.unvault)
  return isListing(document.value) ? fromListing(document) : document
}

/**
 * An inventory that is a vault as a whole. Who may read what a run prints sees its hosts, groups and how they are reached; every other
 * value stays closed, and no line of its text is shown.
 */
function fromVault(file: string, envelope: string, files: Files): Document {
  const plain = files.unvault?.(envelope) ?? { failure: 'locked' }
  if ('failure' in plain) return failed(file, `is encrypted with ansible-vault, and ${plain.failure}`)
  const inside = fromText(file, plain.text, files)
  const [first] = inside.problems
  if (first) return failed(file, `cannot be read inside its encryption, at line ${first.line}: see ansible-vault view ${file}`)
  const problem: Document['problem'] = (path, message) => ({ file, line: 1, column: 1, path: path.join('.'), message })
  return { file, value: withClosedVars(inside.value), problems: [], problem }
}

type Printed = NonNullable<ReturnType<NonNullable<Files['run']>>>

function fromProgram(file: string, printed: Printed, files: Files): Document {
  if ('failure' in printed) return failed(file, `--list ${printed.failure}`)
  const document = readDocument(file, printed.stdout, 'pyyaml')
  if (document.problems.length > 0 || document.value === null) return failed(file, '--list printed no JSON')
  let failure = ''
  const listed = fromListing(document, (host) => {
    const answer = files.run?.(file, ['--host', host])
    const vars = answer && 'stdout' in answer ? readDocument(file, answer.stdout, 'pyyaml').value : undefined
    if (vars === undefined) failure = `--host ${host} ${answer && 'failure' in answer ? answer.failure : 'printed no JSON'}`
    return vars
  })
  return failure === '' ? listed : failed(file, failure)
}

function failed(file: string, message: string): Document {
  const problem = { file, line: 1, column: 1, path: '', message }
  return { file, value: hole, problems: [problem], problem: (_, told) => ({ ...problem, message: told }) }
}
