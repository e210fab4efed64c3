const special = /[$`;&|<>()*?[\]{}~\n]/

/**
 * The words of one simple command as sh reads them, a `# remark` at the end left out; undefined where sh would do more than cut and unquote:
 * expansion, several commands, a line that goes on.
 */
export const shellWords = (text: string): readonly string[] | undefined => {
  const words: string[] = []
  let word: string | undefined
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at)
    if (char === ' ' || char === '\t') {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (char === '#' && word === undefined) {
      break
    } else if (char === '\\') {
      at++
      if (at === text.length || text[at] === '\n') return undefined
      word = (word ?? '') + text.charAt(at)
    } else if (char === "'") {
      const end = text.indexOf("'", at + 1)
      if (end < 0) return undefined
      word = (word ?? '') + text.slice(at + 1, end)
      at = end
    } else if (char === '"') {
      const inside = /^"((?:[^"\\$`]|\\[\s\S])*)"/.exec(text.slice(at))
      if (!inside) return undefined
      word = (word ?? '') + inside[1]!.replace(/\\(["\\$`])/g, '$1')
      at += inside[0].length - 1
    } else if (special.test(char)) {
      return undefined
    } else {
      word = (word ?? '') + char
    }
  }
  return word === undefined ? words : [...words, word]
}
