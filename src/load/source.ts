import { type Document, readDocument } from './document.js'
import { fromListing, isListing } from './dynamic.js'
import type { Files } from './files.js'
import { looksLikeIni, readIni } from './ini.js'

/** An inventory source as a document in the YAML form, whatever it is: a program that lists, YAML, JSON, INI, or names with commas between. */
export function readSource(file: string, files: Files): { readonly document: Document; readonly text: string | undefined } {
  const printed = files.run?.(file, ['--list'])
  if (printed) return { document: fromProgram(file, printed, files), text: 'stdout' in printed ? printed.stdout : '' }
  const text = files.read(file)
  if (text === undefined && file.includes(',')) return { document: readIni(file, file.split(',').join('\n')), text: file }
  if (text?.startsWith('$ANSIBLE_VAULT;'))
    return {
      document: failed(file, 'is encrypted: hosts and groups are not read from a vault, only variables in group_vars/ and host_vars/'),
      text,
    }
  return { document: fromText(file, text ?? '', files), text }
}

function fromText(file: string, text: string, files: Files): Document {
  const extension = /\.[^./]+$/.exec(file)?.[0]
  const yaml = extension !== undefined && ['.yaml', '.yml', '.json'].includes(extension)
  if (!yaml && (extension !== undefined || looksLikeIni(text)) && !text.startsWith('---')) return readIni(file, text)
  const document = readDocument(file, text, 'pyyaml', files.unvault)
  return isListing(document.value) ? fromListing(document) : document
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
  return { file, value: null, problems: [problem], problem: (_, told) => ({ ...problem, message: told }) }
}
