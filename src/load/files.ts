import type { KnownTexts } from './known-text.js'
import type { Unvault } from './vaulted.js'

/** How load sees the disk: text of a file, names in a folder, undefined where there is none. */
export interface Files {
  readonly read: (path: string) => string | undefined
  readonly list: (folder: string) => readonly string[] | undefined
  /** Opens what ansible-vault encrypted. */
  readonly unvault?: Unvault
  /** What earlier runs made of long texts. */
  readonly known?: KnownTexts | undefined
  /** What a program printed (an inventory that lists itself); undefined: the file is none. */
  readonly run?: (path: string, words: readonly string[]) => { readonly stdout: string } | { readonly failure: string } | undefined
}

/** The name of the playbook that comes by stdin (`-`), for people and as an origin. */
export const piped = '<stdin>'

/** The folder of a path; `.` for a bare name. */
export function folderOf(path: string): string {
  const at = path.lastIndexOf('/')
  if (at < 0) return '.'
  return at === 0 ? '/' : path.slice(0, at)
}

/** `name` as seen from `folder`, with `.` and `..` worked out; an absolute name stays. */
export function join(folder: string, name: string): string {
  return normal(name.startsWith('/') || folder === '.' ? name : `${folder}/${name}`)
}

/** `path` as it is written from inside `folder` (both relative to the same place, or both absolute). */
export function relative(folder: string, path: string): string {
  const from = normal(folder)
    .split('/')
    .filter((part) => part !== '.')
  const to = normal(path).split('/')
  if (normal(folder).startsWith('/') !== normal(path).startsWith('/') || from.includes('..')) return normal(path)
  let shared = 0
  while (shared < from.length && shared < to.length - 1 && from[shared] === to[shared]) shared++
  return [...from.slice(shared).map(() => '..'), ...to.slice(shared)].join('/')
}

function normal(path: string): string {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop()
    else if (part !== '' && part !== '.' && !(part === '..' && path.startsWith('/'))) parts.push(part)
  }
  return `${path.startsWith('/') ? '/' : ''}${parts.join('/')}` || '.'
}
