import { byText } from './by-text.js'
import { recordFile } from './script/facts.js'
import { bodyOf } from './script/sections.js'
import type { Facts, HostRecord, Init, Profile, Section, Seen } from './types.js'

/** Makes the facts of what a look printed. Throws nothing: what could not be read is absent. */
export function toSeen(sections: readonly Section[], profile: Profile | undefined): Seen {
  const lines = (bodyOf(sections, 'facts') ?? '').split('\n')
  const one = (word: string) => lines.find((line) => line.startsWith(`${word} `))?.slice(word.length + 1) ?? ''
  const has = new Set(lines.filter((line) => line.startsWith('has ')).map((line) => line.slice(4)))
  const { init, because } = nextInit(one('init'), has)
  const record = readRecord(bodyOf(sections, 'file', recordFile))
  const facts: Facts = {
    kernel: one('kernel'),
    init,
    initBecause: because,
    enabled: enabledServices(`${init}\n${bodyOf(sections, 'enabled') ?? ''}`),
    bootId: one('boot'),
    ...readVersion(bodyOf(sections, 'version'), profile),
    ...(record === undefined ? {} : { record }),
  }
  return { facts, sections }
}

/** What will be PID 1: where /sbin/init points decides; only where it is a file of its own the traces of a running system do. */
function nextInit(link: string, has: ReadonlySet<string>): { init: Init; because: string } {
  if (/systemd/.test(link)) return { init: 'systemd', because: `/sbin/init -> ${link}` }
  if (/openrc/.test(link)) return { init: 'openrc', because: `/sbin/init -> ${link}` }
  // Alpine's init is busybox, which starts OpenRC by /etc/inittab.
  const openrc = ['/sbin/openrc', '/sbin/openrc-run'].find((path) => has.has(path))
  if (openrc !== undefined) return { init: 'openrc', because: link === '' ? openrc : `/sbin/init -> ${link} and ${openrc}` }
  if (link === '' && has.has('/run/systemd/system')) return { init: 'systemd', because: '/run/systemd/system' }
  if (has.has('/etc/init') && has.has('/sbin/initctl')) return { init: 'upstart', because: '/sbin/initctl and /etc/init' }
  const sysv = ['/etc/rc.d/rc.sysinit', '/etc/rc.sysinit', '/etc/inittab', '/etc/rcS.d', '/etc/rc3.d'].find((path) => has.has(path))
  if (sysv !== undefined) return { init: 'sysv', because: sysv }
  return { init: 'unknown', because: 'neither /sbin/init nor any init files tell' }
}

/** Names without `.service`. Under systemd a SysV link counts only where no native unit of that name would hide it. */
const enabledServices = byText((text): readonly string[] => {
  const [init, ...lines] = text.split('\n')
  const of = (word: string) =>
    lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1).replace(/\.service$/, '')] : []))
  if (init === 'openrc') return [...new Set(of('openrc'))]
  if (init !== 'systemd') return [...new Set(of('sysv'))]
  const masked = new Set(of('masked'))
  const native = new Set(of('native'))
  return [...new Set([...of('systemd'), ...of('sysv').filter((name) => !native.has(name))])].filter((name) => !masked.has(name))
})

function readVersion(
  printed: string | undefined,
  profile: Profile | undefined,
): { version?: string; versionParts?: Record<string, string> } {
  const rule = profile?.version
  if (printed === undefined || rule === undefined) return {}
  // A version stands in a few words: what a host prints beyond them costs no time.
  const groups = new RegExp(rule.expression, 'm').exec(printed.slice(0, 10_000))?.groups
  if (groups === undefined) return {}
  const parts = Object.fromEntries(Object.entries(groups).filter(([, value]) => value !== undefined))
  const version = rule.display.replace(/\s*\S*\{(\w+)\}/g, (text, name: string) =>
    parts[name] === undefined ? '' : text.replace(`{${name}}`, parts[name]),
  )
  return { version: version.trim(), versionParts: parts }
}

function readRecord(text: string | undefined): HostRecord | undefined {
  if (text === undefined) return undefined
  return unlessDamaged(() => apart(text)) ?? unlessDamaged(() => whole(text))
}

/** Which run and boot it was stands in front and differs by host; the items are behind it, and hosts of a kind have the same. */
function apart(text: string): HostRecord | undefined {
  const [, head, items] = /^(\{[^{}]*),"items":(\{.*\})\}\n$/s.exec(text) ?? []
  return head === undefined || items === undefined ? undefined : recordOf(JSON.parse(`${head}}`), readItems(items))
}

function whole(text: string): HostRecord | undefined {
  const value = JSON.parse(text) as { readonly items?: unknown }
  return recordOf(value, readItems(JSON.stringify(value.items ?? null)))
}

function unlessDamaged<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

function recordOf(value: unknown, items: HostRecord['items'] | undefined): HostRecord | undefined {
  const record = value as HostRecord | null
  if (typeof record !== 'object' || record === null || record.format !== 1 || typeof record.run !== 'string') return undefined
  return items && { ...record, items }
}

/** A record that was damaged on the host is no record: it is memory, never the truth. */
const readItems = byText((text): HostRecord['items'] | undefined => {
  const all: unknown = JSON.parse(text)
  if (typeof all !== 'object' || all === null) return undefined
  const isSound = Object.values(all).every(
    (items: HostRecord['items'][string] | null) =>
      typeof items === 'object' &&
      items !== null &&
      Object.values(items).every(
        (item) => typeof item?.playbook === 'string' && typeof item.want === 'string' && Array.isArray(item.corrected),
      ),
  )
  return isSound ? (all as HostRecord['items']) : undefined
})
