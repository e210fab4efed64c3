import { splitWords } from './words.js'

const nothing = { get: () => undefined, names: () => [] }
/** ssh(1)'s options that say how a host is reached: those with a value, and switches that change nothing here. */
const valued = 'bBcFiIJlmop'
const switches = '46AaCgkKnqTtvxXY'

/** The words of `ansible_ssh_common_args` and its like, as Ansible cuts them; what ssh would do beside reaching a host is refused. */
export function readSshArgs(text: string): { readonly words: readonly string[] } | { readonly wrong: string } {
  const cut = splitWords(text, nothing)
  if ('wrong' in cut) return { wrong: cut.wrong.message }
  const words: string[] = []
  for (let at = 0; at < cut.words.length; at++) {
    const word = cut.words[at] ?? ''
    const wanted = new RegExp(`^-[${switches}]*([${valued}])(.*)$`, 's').exec(word)
    if (!wanted && !new RegExp(`^-[${switches}]+$`).test(word)) return { wrong: `${word} is no option of ssh that is known here` }
    if (!wanted) continue
    const value = wanted[2] || cut.words[++at]
    if (value === undefined) return { wrong: `${word} wants a value` }
    words.push(`-${wanted[1]}`, value)
  }
  return { words }
}
