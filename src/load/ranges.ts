const range = /\[(?:([0-9]*):([0-9]+)|([A-Za-z]):([A-Za-z]))(?::([0-9]+))?\]/
const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
const most = 100_000

/** The names that `web[01:20]`, `db-[a:f]` or `n[0:10:2]` stands for, as Ansible counts them; or what is wrong with it. */
export function expandRange(name: string): readonly string[] | { readonly wrong: string } {
  const found = range.exec(name)
  if (!found)
    return /[[\]]/.test(name) && !/^\[[0-9a-fA-F:.]+\](:[0-9]+)?$/.test(name)
      ? { wrong: 'the brackets hold no range like [01:20], [a:f] or [0:10:2]' }
      : [name]
  const middle = members(found)
  if ('wrong' in middle) return middle
  const tails = expandRange(name.slice(found.index + found[0].length))
  if ('wrong' in tails) return tails
  if (middle.length * tails.length > most) return { wrong: `the range stands for more than ${most} hosts` }
  const head = name.slice(0, found.index)
  return middle.flatMap((part) => tails.map((tail) => `${head}${part}${tail}`))
}

function members(found: RegExpExecArray): readonly string[] | { readonly wrong: string } {
  const step = found[5] === undefined ? 1 : Number(found[5])
  if (step === 0) return { wrong: 'the step of a range cannot be 0' }
  if (found[3] !== undefined && found[4] !== undefined)
    return count(letters.indexOf(found[3]), letters.indexOf(found[4]), step, (at) => letters[at] ?? '')
  const first = found[1] || '0'
  const last = found[2] ?? ''
  const padded = first.length > 1 && first.startsWith('0')
  if (padded && first.length !== last.length) return { wrong: 'both ends of a range with leading zeros must be of equal length' }
  return count(Number(first), Number(last), step, (at) => (padded ? String(at).padStart(first.length, '0') : String(at)))
}

function count(first: number, last: number, step: number, spell: (at: number) => string): readonly string[] | { readonly wrong: string } {
  if (first > last) return { wrong: 'the range ends before it begins' }
  if ((last - first) / step >= most) return { wrong: `the range stands for more than ${most} hosts` }
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, at) => spell(first + at * step))
}
