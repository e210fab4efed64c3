import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { asFunction, prelude } from '../../src/script/prelude.js'
import { rememberedLook } from '../../src/script/remembered.js'
import { parseSections } from '../../src/script/sections.js'

const parts = [
  `hf_n /mnt/etc/*.conf /mnt/gone; hf_n_unseen /mnt/tool
hf_word() { hf_s word; cat /mnt/tool; echo asked >> /mnt/asked; }
hf_stills="$hf_stills hf_word"; hf_alike="$(cat /mnt/alike)"`,
]
const look = (mark: string, store: string): string =>
  `cat <<'LOOK' > /mnt/look.sh\n${asFunction([prelude(mark), `hf_store=${store}`, rememberedLook(parts), 'hf_s end'].join('\n'))}LOOK\n$SH -s < /mnt/look.sh; printf '\\nCUT\\n'`
const state = '/var/lib/holdfast/look'

/** Sets up a host's files, looks with `always`, does `between`, and looks again with another mark. */
function twice(between: string, shell = 'sh', store = ''): { first: unknown; second: unknown; asked: number; left: string } {
  const script = `mount -t tmpfs none /mnt; mount -t tmpfs none /var/lib; mkdir /mnt/etc; SH='${shell}'
printf 'one\\n' > /mnt/etc/a.conf; printf 'no end' > '/mnt/etc/b c.conf'; : > /mnt/etc/empty.conf
printf '@holdfast-0 end\\n@@end\\n@@ x\\n\\303\\251 \\377 \\\\n $(id) \`id\`\\n\\n\\n' > /mnt/etc/hostile.conf; ln -s a.conf /mnt/etc/link.conf; ln -s nowhere /mnt/etc/dangling.link
echo v1 > /mnt/tool; echo alike > /mnt/alike; : > /mnt/asked
${look('@holdfast-1', 'always')}
${between}
${look('@holdfast-2', store)}
wc -l < /mnt/asked; ls -A ${state} | grep -vE '^[0-9a-f]{16}$'`
  const ran = spawnSync('unshare', ['-m', '--propagation', 'private', 'sh', '-s'], { input: script })
  const text = ran.stdout.toString('latin1')
  const [one = '', two = '', rest = ''] = text.split('\nCUT\n')
  const read = (out: string, mark: string) => parseSections(Buffer.from(`${out}\n`, 'latin1'), mark)
  const [asked = '', ...left] = rest.split('\n')
  return { first: read(one, '@holdfast-1'), second: read(two, '@holdfast-2'), asked: Number(asked), left: left.join('') }
}

describe.each([
  ['dash', 'dash'],
  ['bash', 'bash --posix'],
  ['busybox ash', 'busybox sh'],
])('the still part of a look in %s', (_, shell) => {
  it('is given back byte for byte, and nothing is asked again', () => {
    const { first, second, asked, left } = twice('', shell)
    expect(first).toHaveLength(1 + 5 + 2 + 1 + 1)
    expect(second).toEqual(first)
    expect(asked).toBe(1)
    expect(left).toBe('')
  })
})

const changes: Readonly<Record<string, string>> = {
  'a file changed': "printf 'two\\n' > /mnt/etc/a.conf",
  'a file changed, in size and time alike':
    "touch -r /mnt/etc/a.conf /mnt/t; printf 'eno\\n' > /mnt/etc/a.conf; touch -r /mnt/t /mnt/etc/a.conf",
  'a file more': 'echo > /mnt/etc/z.conf',
  'a file gone': 'rm /mnt/etc/empty.conf',
  'a file renamed': 'mv /mnt/etc/a.conf /mnt/etc/aa.conf',
  'a link that leads elsewhere, to the same text': 'cp /mnt/etc/a.conf /mnt/same; ln -sf /mnt/same /mnt/etc/link.conf',
  'a link that became a file of the same text': 'rm /mnt/etc/link.conf; cp /mnt/etc/a.conf /mnt/etc/link.conf',
  'a file that became a link to the same text': 'mv /mnt/etc/a.conf /mnt/moved; ln -s /mnt/moved /mnt/etc/a.conf',
  'another tool': 'echo v2 > /mnt/tool',
  'another word': 'echo other > /mnt/alike',
  'a memory whose head was cut off': `sed -i 1d ${state}/*`,
  'a memory of which little is left': `head -n 3 ${state}/* > /mnt/little; cat /mnt/little > $(echo ${state}/*)`,
  'another boot': 'echo 7 > /mnt/boot; mount --bind /mnt/boot /proc/sys/kernel/random/boot_id',
  'a memory that is empty': `truncate -s 0 ${state}/*`,
}

describe('what is remembered is not used after', () => {
  it.each(Object.entries(changes))('%s', (name, between) => {
    const { first, second, asked } = twice(between)
    expect(asked).toBe(2)
    if (name.startsWith('a memory') || ['another word', 'another boot'].includes(name)) expect(second).toEqual(first)
    else expect(second).not.toEqual(first)
  })
})

describe('the memory', () => {
  it('is written anew where there was one, by a run that may write', () => {
    const again = `printf 'two\\n' > /mnt/etc/a.conf\n${look('@holdfast-3', 'again')}`.replace(/printf '\\nCUT\\n'$/, '')
    const { asked } = twice(`(${again}) > /dev/null`)
    expect(asked).toBe(2)
  })

  it('is never begun by a look alone', () => {
    const { asked, left } = twice(
      `rm -rf ${state}; (${look('@holdfast-3', 'again')}) >/dev/null; (${look('@holdfast-3', '')}) > /dev/null; ls ${state} > /mnt/listed 2>&1`,
    )
    expect(asked).toBe(4)
    expect(left).toBe('')
  })

  it('gives back what is no text, or does not hold it', () => {
    const { second, left } = twice(`printf 'a\\000b\\n\\000' > /mnt/etc/nul.conf; (${look('@holdfast-3', 'always')}) > /dev/null`)
    expect(second).toContainEqual({ kind: 'file', name: '/mnt/etc/nul.conf', body: 'a\0b\n\0' })
    expect(left).toBe('')
  })

  it('never holds up a look: a full or a read-only disk', () => {
    for (const trouble of [
      `mount -t tmpfs -o size=4k none /var/lib; head -c 9000 /dev/zero > /var/lib/full`,
      'mount -t tmpfs -o ro none /var/lib',
    ]) {
      const { first, second } = twice(trouble, 'sh', 'always')
      expect(second).toEqual(first)
    }
  })
})
