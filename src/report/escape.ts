import { printable } from '../text.js'

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Text for XML and HTML, in an element or in a quoted attribute; what XML cannot hold is made visible, newlines stay. */
export const escapeXml = (text: string): string =>
  printable(text, { newlines: true }).replace(/[&<>"'\ufffe\uffff]/g, (mark) => entities[mark] ?? '\ufffd')
