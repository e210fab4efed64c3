import type { Init, Profile, Section } from '../../types.js'
import type { SeenFile, SeenFiles } from './files.js'
import type { Dialect } from './parse.js'

/** Who sets kernel parameters at boot, and in which order it reads which files. */
export interface Reader {
  /** As people know it: `systemd-sysctl`, `sysctl --system (/etc/init.d/procps)`. */
  readonly name: string
  readonly dialect: Dialect
  /** One list per process that is run; an explicit key beats a glob within one. Later beats earlier. */
  readonly runs: readonly (readonly SeenFile[])[]
  /** Where own lines go: a drop-in of /etc/sysctl.d, or one file that is edited in place. */
  readonly own: { readonly kind: 'drop-in' } | { readonly kind: 'file'; readonly path: string }
}

/** What the order rests on beside the files. */
export interface ReaderFacts {
  readonly init: Init
  readonly sections: readonly Section[]
  readonly profile?: Profile | undefined
}

const conf = '/etc/sysctl.conf'
const etc = '/etc/sysctl.d'
const searchPath = [etc, '/run/sysctl.d', '/usr/local/lib/sysctl.d', '/usr/lib/sysctl.d', '/lib/sysctl.d']
const dropIn = { kind: 'drop-in' } as const

/** The host's boot reader: the profile's file, else by what will be PID 1, else by the boot scripts that are there. */
export function bootReader(seen: SeenFiles, facts: ReaderFacts): Reader {
  const known = readers.get(facts) ?? new WeakMap<SeenFiles, Reader>()
  readers.set(facts, known)
  const reader = known.get(seen) ?? findReader(seen, facts)
  known.set(seen, reader)
  return reader
}

/** Every key asks for the reader of the same files. */
const readers = new WeakMap<ReaderFacts, WeakMap<SeenFiles, Reader>>()

function findReader(seen: SeenFiles, facts: ReaderFacts): Reader {
  const only = facts.profile?.sysctl?.file
  if (only !== undefined) return single(seen, only, `sysctl -p ${only} (profile ${facts.profile?.name})`)
  if (facts.init === 'systemd') return { name: 'systemd-sysctl', dialect: 'systemd', runs: [merged(seen, searchPath)], own: dropIn }
  if (facts.init === 'openrc') return openrc(seen, facts)
  const rcSysinit = body(facts, 'boot', 'rc.sysinit')
  if (rcSysinit !== undefined) return el6(seen, rcSysinit)
  const procps = seen.files.get('/etc/init.d/procps')
  if (procps !== undefined && !procps.text.includes('--system')) return confThenLast(seen, '/etc/init.d/procps')
  if (procps === undefined && facts.init === 'upstart') return confThenLast(seen, '/etc/init/procps.conf')
  if (procps !== undefined || directories(facts).includes(etc))
    return system(seen, procps === undefined ? 'supposed' : '/etc/init.d/procps')
  return single(seen, conf, `sysctl -p ${conf} (supposed)`)
}

/** procps: names sort over all directories, and /etc/sysctl.conf comes last whatever its name (4.0.2). */
function system(seen: SeenFiles, why: string): Reader {
  const files = [...merged(seen, searchPath), ...some(seen, [conf])]
  return { name: `sysctl --system (${why})`, dialect: 'procps', runs: [files], own: dropIn }
}

/** Debian 6 and 7, Ubuntu 14.04: `cat /etc/sysctl.d/*.conf /etc/sysctl.conf | sysctl -e -p -`. */
function confThenLast(seen: SeenFiles, script: string): Reader {
  const files = [...merged(seen, [etc]), ...some(seen, [conf])]
  return { name: `sysctl -p (${script})`, dialect: 'plain', runs: [files], own: dropIn }
}

/** CentOS 6 (initscripts, rhel6-branch): sysctl.conf, then every file of sysctl.d whatever its suffix; before 9.03.10 sysctl.conf only. */
function el6(seen: SeenFiles, mentions: string): Reader {
  const name = 'sysctl -p (rc.sysinit)'
  if (mentions.trim() === '') return { ...single(seen, conf, name), dialect: 'plain' }
  const skipped = /(~|\.(bak|orig|rpmnew|rpmorig|rpmsave))$/
  const others = [...seen.files.keys()].filter((path) => path.startsWith(`${etc}/`) && !skipped.test(path)).sort(byBytes)
  return { name, dialect: 'plain', runs: some(seen, [conf, ...others]).map((file) => [file]), own: dropIn }
}

/** OpenRC's own script uses `sysctl --system`, or a loop where sysctl is no procps; Alpine's (and an older patch of it) go file by file. */
function openrc(seen: SeenFiles, facts: ReaderFacts): Reader {
  const script = seen.files.get('/etc/init.d/sysctl')?.text ?? ''
  const busybox = /busybox/.test(body(facts, 'boot', 'sysctl') ?? 'busybox')
  if (script.includes('--system')) return busybox ? openrcLoop(seen) : system(seen, '/etc/init.d/sysctl')
  const files = script.indexOf('/run/sysctl.d/*.conf') < script.indexOf(conf) ? patched(seen) : alpine(seen)
  return {
    name: 'sysctl -p (/etc/init.d/sysctl)',
    dialect: busybox ? 'busybox' : 'procps',
    runs: files.map((file) => [file]),
    own: dropIn,
  }
}

/** OpenRC 0.24 and later with busybox: nothing at all without /etc/sysctl.conf. */
function openrcLoop(seen: SeenFiles): Reader {
  const files = seen.files.has(conf) ? some(seen, [conf, ...confNames(seen, etc)]) : []
  return { name: 'sysctl -w (/etc/init.d/sysctl)', dialect: 'words', runs: files.map((file) => [file]), own: dropIn }
}

/** Alpine's script: vendor files that neither /etc nor /run mask, /etc/sysctl.d that /run does not mask, sysctl.conf, /run. */
function alpine(seen: SeenFiles): readonly SeenFile[] {
  const masked = (path: string, dirs: readonly string[]): boolean =>
    dirs.some((dir) => isRegular(seen.files.get(`${dir}/${baseName(path)}`)))
  const vendor = ['/lib/sysctl.d', '/usr/lib/sysctl.d'].flatMap((dir) => confNames(seen, dir))
  return some(seen, [
    ...vendor.filter((path) => !masked(path, [etc, '/run/sysctl.d'])),
    ...confNames(seen, etc).filter((path) => !masked(path, ['/run/sysctl.d'])),
    conf,
    ...confNames(seen, '/run/sysctl.d'),
  ])
}

/** The patch that Alpine 3.6 and 3.7 carried: directory by directory, nothing masked. */
function patched(seen: SeenFiles): readonly SeenFile[] {
  const dirs = ['/run/sysctl.d', etc, '/usr/local/lib/sysctl.d', '/usr/lib/sysctl.d', '/lib/sysctl.d']
  return some(seen, [...dirs.flatMap((dir) => confNames(seen, dir)), conf])
}

function single(seen: SeenFiles, path: string, name: string): Reader {
  return { name, dialect: 'procps', runs: [some(seen, [path])], own: { kind: 'file', path } }
}

/** The *.conf of several directories sorted by name; the first directory that has a name masks the later ones. */
function merged(seen: SeenFiles, dirs: readonly string[]): readonly SeenFile[] {
  const first = new Map<string, SeenFile | undefined>()
  // A link to nothing masks as well: 252, 4.0.2.
  for (const dir of dirs)
    for (const path of [...seen.files.keys(), ...seen.dangling].filter((path) => isConfIn(path, dir)))
      if (!first.has(baseName(path))) first.set(baseName(path), seen.files.get(path))
  return [...first].sort(([a], [b]) => byBytes(a, b)).flatMap(([, file]) => file ?? [])
}

function confNames(seen: SeenFiles, dir: string): readonly string[] {
  return [...seen.files.keys()].filter((path) => isConfIn(path, dir)).sort(byBytes)
}

function isConfIn(path: string, dir: string): boolean {
  return path.startsWith(`${dir}/`) && path.endsWith('.conf') && path.slice(dir.length + 1) === baseName(path)
}

/** `[ -f FILE ]`, which a link to /dev/null is not. */
function isRegular(file: SeenFile | undefined): boolean {
  return file !== undefined && file.real !== '/dev/null'
}

function some(seen: SeenFiles, paths: readonly string[]): readonly SeenFile[] {
  return paths.flatMap((path) => seen.files.get(path) ?? [])
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function directories(facts: ReaderFacts): readonly string[] {
  return (body(facts, 'boot', 'directories') ?? '').split('\n')
}

function body(facts: ReaderFacts, kind: string, name: string): string | undefined {
  return facts.sections.find((section) => section.kind === kind && section.name === name)?.body
}

function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
