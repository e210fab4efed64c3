import { spawnSync } from 'node:child_process'
import { quote } from '../../../src/quote.js'
import { sysctlResource } from '../../../src/resources/sysctl/index.js'
import { keyPath, pathKey } from '../../../src/resources/sysctl/spelling.js'
import { asFunction, prelude } from '../../../src/script/prelude.js'
import { rememberedLook } from '../../../src/script/remembered.js'
import { parseSections } from '../../../src/script/sections.js'
import type { Effect, HostWant, Init, Profile, Section, Seen } from '../../../src/types.js'

/** Text of a file, or where a link points: `-> ../sysctl.conf`. */
export type Files = Readonly<Record<string, string>>

/** A real boot reader, started the way a boot starts it, and what a look would say of such a host. */
export interface RealReader {
  readonly init: Init
  readonly run: string
  readonly files?: Files
  readonly before?: string
  readonly profile?: Profile
}

const alpine = `for f in /lib/sysctl.d/*.conf /usr/lib/sysctl.d/*.conf; do
  [ -f "/etc/sysctl.d/\${f##*/}" ] || [ -f "/run/sysctl.d/\${f##*/}" ] || [ ! -f "$f" ] || sysctl -q -p "$f"
done
for f in /etc/sysctl.d/*.conf; do [ -f "/run/sysctl.d/\${f##*/}" ] || [ ! -f "$f" ] || sysctl -q -p "$f"; done
[ ! -f /etc/sysctl.conf ] || sysctl -q -p /etc/sysctl.conf
for f in /run/sysctl.d/*.conf; do [ ! -f "$f" ] || sysctl -q -p "$f"; done
`
const openrc = `# sysctl --system where it is procps, else:
[ -e /etc/sysctl.conf ] || exit 0
for conf in /etc/sysctl.conf /etc/sysctl.d/*.conf; do
  [ ! -r "$conf" ] || sed 's/ = /=/' "$conf" | while read var comments; do
    case "$var" in ""|"#"*) continue;; esac
    sysctl -w "$var"
  done
done
`
const el6 = `apply_sysctl() {
  sysctl -e -p /etc/sysctl.conf
  for file in /etc/sysctl.d/*; do
    case $file in *~|*.bak|*.orig|*.rpmnew|*.rpmorig|*.rpmsave) continue;; esac
    [ ! -f "$file" ] || sysctl -e -p "$file"
  done
}
apply_sysctl
`
const withBusybox = `mkdir /mnt/sbin /mnt/sbin.work; mount -t overlay -o lowerdir=/usr/sbin,upperdir=/mnt/sbin,workdir=/mnt/sbin.work overlay /usr/sbin
ln -sf /bin/busybox /usr/sbin/sysctl`

export const readers: Readonly<Record<string, RealReader>> = {
  systemd: { init: 'systemd', run: '/lib/systemd/systemd-sysctl' },
  procps: { init: 'sysv', run: 'sysctl --system' },
  alpine: { init: 'openrc', run: 'sh /etc/init.d/sysctl', files: { '/etc/init.d/sysctl': alpine }, before: withBusybox },
  openrc: { init: 'openrc', run: 'sh /etc/init.d/sysctl', files: { '/etc/init.d/sysctl': openrc }, before: withBusybox },
  el6: { init: 'upstart', run: 'sh /etc/rc.d/rc.sysinit', files: { '/etc/rc.d/rc.sysinit': el6 } },
  'el6.0': { init: 'sysv', run: 'sh /etc/rc.d/rc.sysinit', files: { '/etc/rc.d/rc.sysinit': 'sysctl -e -p /etc/sysctl.conf\n' } },
  profile: {
    init: 'systemd',
    run: 'sysctl -e -p /etc/product/net.conf',
    files: { '/etc/product/README': 'x' },
    profile: { name: 'product', file: 'product.yaml', sysctl: { file: '/etc/product/net.conf' } },
  },
}

export interface World {
  readonly seen: Seen
  readonly host: HostWant
  /** What the kernel held after the real reader had run, by path. */
  readonly booted: ReadonlyMap<string, string>
}

/** Makes a host of files in namespaces of its own, looks at it with the real probe, boots it with the real reader and reads the keys again. */
export function world(
  name: string,
  files: Files,
  keys: readonly { readonly key: string; readonly value: string }[],
  extra: Extra = {},
): World {
  const reader = readers[name]
  if (reader === undefined) throw new Error(name)
  const host = hostWant(reader.profile, extra)
  const want = wantOf(keys)
  const mark = '@holdfast-test'
  const paths = want.keys.map((key) => quote(key.path)).join(' ')
  const script = `set -e
mount -t tmpfs none /mnt; mkdir /mnt/upper /mnt/work /mnt/lib
mount -t overlay -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work overlay /etc
rm -rf /etc/sysctl.conf /etc/sysctl.d/* /etc/modules-load.d/*
mount --bind /mnt/lib /usr/lib/sysctl.d; mount -t tmpfs none /usr/local/lib; mount -t tmpfs none /run
${extra.before ?? ''}
${Object.entries({ ...reader.files, ...files })
  .map(([path, text]) => putFile(path, text))
  .join('\n')}
set +e
${reader.before ?? ''}
${extra.shell ?? 'sh'} -s <<'LOOK'
${asFunction([prelude(mark), rememberedLook([sysctlResource.probe(want, host)]), 'hf_s end'].join('\n'))}
LOOK
printf '\\n'
(${reader.run}) > /run/boot.log 2>&1 </dev/null
grep -H '' ${paths} 2>/dev/null | sed 's/^/BOOTED /'`
  const ran = spawnSync('unshare', ['-nm', '--propagation', 'private', 'sh', '-s'], { input: script })
  const out = ran.stdout.toString('latin1')
  const cut = out.indexOf('\nBOOTED ')
  const sections = parseSections(ran.stdout.subarray(0, cut < 0 ? undefined : cut), mark)
  if (sections === undefined) throw new Error(`${ran.stderr}\n${out}`)
  const booted = new Map([...out.matchAll(/^BOOTED ([^:]*):(.*)$/gm)].map(([, path = '', value = '']) => [path, value]))
  return { seen: seenOf(sections, reader.init), host, booted }
}

export interface Extra {
  readonly before?: string
  readonly shell?: string
  readonly host?: Partial<HostWant>
}

export function wantOf(keys: readonly { readonly key: string; readonly value: string; readonly playbook?: string }[]) {
  return {
    keys: keys.map(({ key, value, playbook }) => ({
      path: keyPath(key),
      key: pathKey(keyPath(key)),
      value,
      origin: { playbook: playbook ?? 'playbooks/p.yaml', play: 'p' },
    })),
    reage: false,
  }
}

export function seenOf(sections: readonly Section[], init: Init, kernel = '6.18.0'): Seen {
  return { facts: { kernel, init, initBecause: '', enabled: [], bootId: 'b' }, sections }
}

export function hostWant(profile: Profile | undefined, extra: Extra = {}): HostWant {
  const host: HostWant = {
    host: 'h',
    resources: {},
    playbooks: ['playbooks/p.yaml'],
    mayRemove: true,
    prune: false,
    bootLoader: 'auto',
    beside: [],
    reach: [],
    onChange: [],
    ...extra.host,
  }
  return profile === undefined ? host : { ...host, profile }
}

/** The files of a host after the file effects of a plan. */
export function applied(files: Files, effects: readonly Effect[]): Files {
  const next: Record<string, string> = { ...files }
  for (const effect of effects) {
    if (effect.kind !== 'file') continue
    if ((next[effect.path] ?? null) !== effect.before) throw new Error(`${effect.path} is not what the plan saw`)
    if (effect.after === null) delete next[effect.path]
    else next[effect.path] = effect.after
  }
  return next
}

function putFile(path: string, text: string): string {
  const folder = `mkdir -p ${quote(path.slice(0, path.lastIndexOf('/')))}`
  if (text.startsWith('-> ')) return `${folder}; ln -sf ${quote(text.slice(3))} ${quote(path)}`
  return `${folder}; rm -f ${quote(path)}; printf %s ${quote(text)} > ${quote(path)}`
}
