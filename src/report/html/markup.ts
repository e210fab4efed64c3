import { escapeXml } from '../escape.js'

/** HTML that may be put into HTML as it is. */
export interface Markup {
  readonly html: string
}

type Part = Markup | string | number | undefined | false | readonly (Markup | string)[]

/** A template whose values are escaped, unless they are markup themselves: no text of a host can become an element. */
export function html(texts: TemplateStringsArray, ...values: readonly Part[]): Markup {
  return { html: texts.reduce((all, text, at) => all + text + (at < values.length ? textOf(values[at]) : ''), '') }
}

function textOf(part: Part): string {
  if (part === undefined || part === false) return ''
  if (typeof part === 'object' && 'html' in part) return part.html
  return Array.isArray(part) ? part.map((each) => textOf(each)).join('') : escapeXml(String(part))
}

/** Text of this program's own that is put in as it is: style sheets and scripts. */
export const verbatim = (text: string): Markup => ({ html: text })
