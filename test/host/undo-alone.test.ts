import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { quote } from '../../src/quote.js'
import { undoProgram } from '../../src/script/undo.js'
import { root, sources } from '../house/sources.js'

/** A note that cannot be written is no reason to leave a host as it is. */
const troubles: Readonly<Record<string, string>> = {
  nothing: ':',
  'something stands where the note goes': 'mkdir /run/holdfast/undone.one.new',
  'no file can be made there any more': 'mount -t tmpfs -o nr_inodes=9 none /run/other; mount --move /run/other /run/holdfast; fill',
}

describe.each(['dash', 'bash --posix', 'busybox sh'])('the undo in %s puts back', (shell) => {
  it.each(Object.entries(troubles))('where there is %s in its way', (_, trouble) => {
    const program = undoProgram('one', [{ kind: 'value', path: '/mnt/key', before: '1', after: '2', also: [] }] as unknown as Parameters<
      typeof undoProgram
    >[1])
    const script = `mount -t tmpfs none /run; mount -t tmpfs none /mnt; mkdir /run/other /run/holdfast
fill() { n=0; while [ $n -lt 20 ]; do { printf x > /run/holdfast/fill.$n; } 2>/dev/null; n=$((n + 1)); done; }
ready() { mkdir -p /run/holdfast/lock; printf '1\\n' > /run/holdfast/lock/before.0; printf '' > /run/holdfast/lock/fired; printf '%s' ${quote(program)} > /run/holdfast/lock/undo.sh; }
echo 2 > /mnt/key
${trouble.replace('; fill', '; ready; fill')}
[ -e /run/holdfast/lock ] || ready
${shell} /run/holdfast/lock/undo.sh now
cat /mnt/key`
    const ran = spawnSync('unshare', ['-m', '--propagation', 'private', 'sh', '-s'], { input: script, encoding: 'utf8' })
    expect(ran.stdout.trim()).toBe('1')
  })
})

describe('the scripts', () => {
  it('make no file by a special builtin: where that fails, the shell ends', () => {
    const found = sources()
      .filter(({ path }) => /^(script|resources)\//.test(path))
      .flatMap(({ path }) =>
        readFileSync(`${root}/src/${path}`, 'utf8')
          .split('\n')
          .filter((line) => /(^|[^\w":/-]): >>? ?[^ ]/.test(line) && !line.includes('/dev/tcp'))
          .map((line) => `${path}: ${line.trim()}`),
      )
    expect(found).toEqual([])
  })

  it('hold no here-document: bash keeps it in /tmp, and an undo needs no room on any disk', () => {
    const found = sources()
      .filter(({ path }) => /^(script|resources|diagnose|adopt)\//.test(path))
      .filter(({ path }) => /<<-?['"\\]?[A-Z]/.test(readFileSync(`${root}/src/${path}`, 'utf8')))
    expect(found.map(({ path }) => path)).toEqual([])
  })
})
