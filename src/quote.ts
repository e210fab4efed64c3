/** One word for a POSIX shell, arriving literally whatever it holds (NUL is refused earlier): `it's` becomes `'it'\''s'`. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}
