import { ambiguity, readCore, readPyYaml } from '../load/scalars.js'
import { printable } from '../text.js'

/** Text as a YAML scalar that every reader takes for that text: plain where no reader could think otherwise, else in quotes. */
export function yamlText(text: string): string {
  if (/^[\w./@%-][\w ./@%+=,:!'()-]*$/.test(text) && isPlain(text)) return text
  if (printable(text) === text) return `'${text.replaceAll("'", "''")}'`
  const escaped = JSON.stringify(text).replace(/[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu, (mark) =>
    Array.from({ length: mark.length }, (_, at) => `\\u${mark.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''),
  )
  return escaped
}

function isPlain(text: string): boolean {
  // y and n are truths of YAML 1.1, though not of PyYAML
  if (/^[yYnN]$|: |:$| $|^- |^-$|^---|^\.\.\.|^%|^@/.test(text)) return false
  // One word that begins as a number may be one somewhere: 0o7, 1_000, `.`, e0
  if (/^([-+.\d][^ ]*|[eE]\d*)$/.test(text)) return false
  return readCore(text) === text && readPyYaml(text) === text && ambiguity(text) === undefined
}

/** A kernel parameter's value: a plain decimal number stays one. */
export function yamlValue(value: string): string {
  return /^(0|-?[1-9]\d{0,14})$/.test(value) ? value : yamlText(value)
}
