import { byText } from '../../by-text.js'
import { keyPath, plainPath } from './spelling.js'

/**
 * How the lines of a file are understood. Measured: `systemd` 252, `procps` 4.0.2, `busybox` 1.35; read in their sources: `plain` (procps 3.2.8 of
 * CentOS 6: no `-`, no globs) and `words` (OpenRC's loop for a sysctl that is no procps: the first word of a line, `sysctl -w`).
 */
export type Dialect = 'systemd' | 'procps' | 'plain' | 'busybox' | 'words'

/** What one line asks for: `set` one path, `glob` every path that matches, `exclude` (`-key` without a value) takes a path out of globs. */
export interface Assignment {
  readonly kind: 'set' | 'glob' | 'exclude'
  /** The file as the reader opens it, and the line in it from 1. */
  readonly file: string
  readonly line: number
  /** `/proc/sys/...`, in a `glob` with its wildcards; in the dotted spelling of busybox every separator is a slash. */
  readonly path: string
  readonly value: string
  /** busybox finds out by the names that exist which dots are separators. */
  readonly anyDot?: true
}

/** The assignments of one file in order; what the reader would not understand is left out. */
export function parseFile(file: string, text: string, dialect: Dialect): readonly Assignment[] {
  return parseNamed(`${dialect}\n${file}\n${text}`)
}

/** Every key is asked of every file, on every host. */
const parseNamed = byText((named): readonly Assignment[] => {
  const [dialect = '', file = '', ...lines] = named.split('\n')
  // `read` of the shell leaves out a last line without a newline.
  return (dialect === 'words' ? lines.slice(0, -1) : lines).flatMap((line, index) => {
    const parsed = parsers[dialect as Dialect](line)
    return parsed === undefined ? [] : [{ ...parsed, file, line: index + 1 }]
  })
})

type Parsed = Omit<Assignment, 'file' | 'line'> | undefined

const parsers: Readonly<Record<Dialect, (line: string) => Parsed>> = {
  // A form feed is no blank, so it belongs to the key: 252.
  systemd: (line) => withDash(/^[ \t\r]*[\v\f]/.test(line) ? '' : strip(line), strip),
  // A blank after the dash belongs to the key, which then is not there: 4.0.2.
  procps: (line) => withDash(strip(line), (key) => key),
  plain: (line) => {
    const parts = split(strip(line))
    return parts?.value === undefined ? undefined : { kind: 'set', path: keyPath(parts.key), value: parts.value }
  },
  busybox: (line) => busybox(split(strip(line))),
  words: (line) => {
    const [word = ''] = strip(line.replace(' = ', '=')).split(/[ \t]/)
    return word.startsWith('#') ? undefined : busybox(split(word))
  },
}

function withDash(line: string, clean: (key: string) => string): Parsed {
  const dash = line.startsWith('-')
  const parts = split(dash ? clean(line.slice(1)) : line)
  if (parts === undefined || (parts.value === undefined && !dash)) return undefined
  const path = keyPath(parts.key)
  if (parts.value === undefined) return { kind: 'exclude', path, value: '' }
  return { kind: /[*?[]/.test(path) ? 'glob' : 'set', path, value: parts.value }
}

function busybox(parts: { readonly key: string; readonly value?: string } | undefined): Parsed {
  if (!parts?.value) return undefined
  const key = parts.key.replace(/^\/proc\/sys\//, '')
  // The path is taken below /proc/sys as it stands: a leading separator leads out of it.
  if (/^[./]/.test(key)) return undefined
  if (key.includes('/')) return { kind: 'set', path: plainPath(key), value: parts.value }
  return { kind: 'set', path: plainPath(key.replaceAll('.', '/')), value: parts.value, anyDot: true }
}

function split(line: string): { readonly key: string; readonly value?: string } | undefined {
  if (line === '' || line.startsWith('#') || line.startsWith(';')) return undefined
  const at = line.indexOf('=')
  if (at < 0) return { key: line }
  return { key: line.slice(0, at).replace(/[ \t\v\f\r]+$/, ''), value: strip(line.slice(at + 1)) }
}

/** ASCII blanks only: to a reader, a byte order mark belongs to the key. */
function strip(text: string): string {
  return text.replace(/^[ \t\v\f\r]+|[ \t\v\f\r]+$/g, '')
}
