/** What a plain (unquoted) scalar stands for. Integers that a double cannot hold stay text, so that no digit is lost. */
export type Scalar = string | number | boolean | null

/** The plain scalar as the YAML 1.2 core schema reads it (yaml.org/spec/1.2.2, 10.3.2). */
export function readCore(source: string): Scalar {
  if (/^(|~|null|Null|NULL)$/.test(source)) return null
  if (/^(true|True|TRUE)$/.test(source)) return true
  if (/^(false|False|FALSE)$/.test(source)) return false
  if (/^[-+]?[0-9]+$/.test(source) || /^0o[0-7]+$/.test(source) || /^0x[0-9a-fA-F]+$/.test(source)) return integer(source, Number(source))
  if (/^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/.test(source)) return Number(source)
  if (/^[-+]?\.(inf|Inf|INF)$/.test(source)) return source.startsWith('-') ? -Infinity : Infinity
  if (/^\.(nan|NaN|NAN)$/.test(source)) return Number.NaN
  return source
}

/** The plain scalar as PyYAML 6 (YAML 1.1) reads it, by its resolver's expressions; dates stay text, since nothing here takes a date. */
export function readPyYaml(source: string): Scalar {
  if (/^(|~|null|Null|NULL)$/.test(source)) return null
  if (/^(yes|Yes|YES|true|True|TRUE|on|On|ON)$/.test(source)) return true
  if (/^(no|No|NO|false|False|FALSE|off|Off|OFF)$/.test(source)) return false
  if (pyInteger.test(source)) return pyYamlInteger(source)
  if (pyFloat.test(source)) return pyYamlFloat(source)
  return source
}

const pyInteger = /^([-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+)$/
const pyFloat =
  /^([-+]?[0-9][0-9_]*\.[0-9_]*([eE][-+][0-9]+)?|\.[0-9][0-9_]*([eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$/

function pyYamlInteger(source: string): Scalar {
  const digits = source.replaceAll('_', '').replace(/^[-+]/, '')
  const sign = source.startsWith('-') ? -1 : 1
  if (digits.includes(':')) return integer(source, sign * sexagesimal(digits))
  if (/^0[bx]/.test(digits)) return integer(source, sign * Number(digits))
  return integer(source, sign * (/^0./.test(digits) ? Number.parseInt(digits, 8) : Number(digits)))
}

function pyYamlFloat(source: string): number {
  const text = source.replaceAll('_', '').toLowerCase()
  if (text.endsWith('inf')) return text.startsWith('-') ? -Infinity : Infinity
  if (text.endsWith('nan')) return Number.NaN
  return text.includes(':') ? (text.startsWith('-') ? -1 : 1) * sexagesimal(text.replace(/^[-+]/, '')) : Number(text)
}

function sexagesimal(text: string): number {
  return text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
}

function integer(source: string, value: number): Scalar {
  return Number.isSafeInteger(value) ? value : source
}

/** Why an unquoted value is not let through in a playbook: YAML 1.1 and 1.2 read it as different things; undefined = it is plain enough. */
export function ambiguity(source: string): string | undefined {
  if (/^(yes|Yes|YES|on|On|ON)$/.test(source))
    return `unquoted ${source} means true to some readers and text to others: quote it or write true`
  if (/^(no|No|NO|off|Off|OFF)$/.test(source))
    return `unquoted ${source} means false to some readers and text to others: quote it or write false`
  if (/^[-+]?0[0-9_]+$/.test(source)) return `unquoted ${source} is octal to some readers: quote it or write ${decimal(source)}`
  if (/^[-+]?[0-9][0-9_]*(:[0-9]+)+(\.[0-9_]*)?$/.test(source))
    return `unquoted ${source} is a number of base 60 to some readers: quote it or write "${source}"`
  return undefined
}

function decimal(source: string): string {
  return source.replaceAll('_', '').replace(/^([-+]?)0+(?=[0-9])/, '$1')
}
