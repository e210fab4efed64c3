import { createHash, createHmac } from 'node:crypto'

/** What was connected to: `address`, else `host`. `host` is the inventory's name, looked at too when nothing is known of the address. */
export interface KeyOwner {
  readonly host: string
  readonly address?: string
  readonly port: number
}

/**
 * What known_hosts says of a key (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). `changed`: another key of this type is known;
 * `other-type`: only keys of other types are. `line` is the line that decided (`/root/.ssh/known_hosts:12`).
 */
export interface KeyCheck {
  readonly verdict: 'ok' | 'unknown' | 'changed' | 'revoked' | 'other-type'
  readonly type: string
  readonly fingerprint: string
  readonly line?: string
  /** A `@cert-authority` line for this host, which cannot vouch for it: ssh2 1.17 checks no host certificates. */
  readonly authority?: string
}

interface KnownKey {
  readonly line: string
  readonly marker: '' | '@revoked' | '@cert-authority'
  readonly type: string
  readonly key: string
}

interface HashedKey extends KnownKey {
  readonly salt: Buffer
  readonly hash: Buffer
}

interface PatternKey extends KnownKey {
  matches(name: string): boolean
}

/** Several known_hosts files, indexed. It only grows: by `remember`, and by the names that were looked up among the hashed lines. */
export interface KnownHosts {
  /** Lines that were passed over, and why: `/root/.ssh/known_hosts:3 is no known_hosts line`. */
  readonly notes: string[]
  readonly plain: Map<string, KnownKey[]>
  readonly patterns: PatternKey[]
  /** Lines whose name has not been met yet; a hash stands for one name, so a line that was found leaves. `found`: by name, or by name and key. */
  readonly hashed: Set<HashedKey>
  /** All hashed lines by their key, and all types that they have. */
  readonly hashedOf: Map<string, HashedKey[]>
  readonly hashedTypes: Set<string>
  readonly found: Map<string, readonly KnownKey[]>
}

/** Reads known_hosts files, in the order given; lines that are malformed are passed over and noted. */
export function parseKnownHosts(files: readonly { readonly file: string; readonly text: string }[]): KnownHosts {
  const known: KnownHosts = {
    notes: [],
    plain: new Map(),
    patterns: [],
    hashed: new Set(),
    hashedOf: new Map(),
    hashedTypes: new Set(),
    found: new Map(),
  }
  for (const { file, text } of files) {
    for (const [index, line] of text.split(/\r?\n/).entries()) addLine(known, line.trim(), `${file}:${index + 1}`)
  }
  return known
}

/** Makes a line known from now on, so that a key that was accepted once is held to within the same run. */
export function remember(known: KnownHosts, line: string, at: string): void {
  addLine(known, line.trim(), at)
}

/** Judges the raw key blob that a host showed. A revoked key is refused under any of its names, with or without the port. */
export function checkHostKey(known: KnownHosts, owner: KeyOwner, key: Buffer): KeyCheck {
  const type = keyType(key) ?? 'unknown'
  const shown = { type, fingerprint: fingerprintOf(key) }
  const same = key.toString('base64')
  const equals = (name: string): readonly KnownKey[] => keysOf(known, name, same).filter((line) => line.key === same)
  const revoked = namesOf(owner)
    .flatMap(equals)
    .find((line) => line.marker === '@revoked')
  if (revoked) return { verdict: 'revoked', ...shown, line: revoked.line }
  const [first] = unmarked(equals(nameOf(owner.address ?? owner.host, owner.port)))
  if (first) return { verdict: 'ok', ...shown, line: first.line }
  const lines = linesThatCount(known, owner, same)
  const equal = lines.find((line) => line.key === same)
  if (equal) return { verdict: 'ok', ...shown, line: equal.line }
  const changed = lines.find((line) => line.type === type)
  if (changed) return { verdict: 'changed', ...shown, line: changed.line }
  if (lines[0]) return { verdict: 'other-type', ...shown, line: lines[0].line }
  const authority = namesOf(owner)
    .flatMap((name) => keysOf(known, name))
    .find((line) => line.marker === '@cert-authority')
  return { verdict: 'unknown', ...shown, ...(authority && { authority: authority.line }) }
}

/** Types of the keys that are known for a host, to be asked for first: one known by its RSA key only would else show its ed25519 key. */
export function keyTypesFor(known: KnownHosts, owner: KeyOwner): readonly string[] {
  const [only, ...others] = known.hashedTypes
  const shown =
    only !== undefined && others.length === 0 ? linesThatCount({ ...known, hashed: new Set(), found: new Map() }, owner) : undefined
  // whichever of the hashed lines are this host's, their type is this one
  if (only !== undefined && shown?.length === 0) return [only]
  return [...new Set(linesThatCount(known, owner).map((line) => line.type))]
}

/** The line to append for a key: `[192.0.2.1]:2222 ssh-ed25519 AAAA...`. */
export function lineFor(host: string, port: number, key: Buffer): string {
  return `${nameOf(host, port)} ${keyType(key)} ${key.toString('base64')}`
}

/** `SHA256:...`, as ssh-keygen -l prints it. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

/** A host's name in known_hosts: lower case, `[host]:port` unless the port is 22. */
export function nameOf(host: string, port: number): string {
  return port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`
}

/**
 * The unmarked lines of the first name that has any. As OpenSSH's sshconnect.c: a host on another port is also known by its bare
 * name, but only by a key that is equal; what the bare name says of other keys belongs to the daemon on port 22. The other name counts
 * only where a line spells it: a pattern that refuses the address (`!192.0.2.1,*`) must not let it in by that name.
 */
function linesThatCount(known: KnownHosts, owner: KeyOwner, key?: string): readonly KnownKey[] {
  for (const host of hostsOf(owner)) {
    const keys = host === (owner.address ?? owner.host) ? keysOf : exactKeysOf
    const lines = unmarked(keys(known, nameOf(host, owner.port)))
    if (lines.length > 0) return lines
    const bare = unmarked(keys(known, nameOf(host, 22))).filter((line) => key === undefined || line.key === key)
    if (bare.length > 0) return bare
  }
  return []
}

const unmarked = (lines: readonly KnownKey[]): readonly KnownKey[] => lines.filter((line) => line.marker === '')

const hostsOf = (owner: KeyOwner): readonly string[] => [...new Set([owner.address ?? owner.host, owner.host])]

const namesOf = (owner: KeyOwner): readonly string[] => [
  ...new Set(hostsOf(owner).flatMap((host) => [nameOf(host, owner.port), nameOf(host, 22)])),
]

/** The lines of a name; of the hashed ones only those with this key, where one is said: to ask each of them for a name takes its time. */
function keysOf(known: KnownHosts, name: string, key?: string): readonly KnownKey[] {
  return [...exactKeysOf(known, name, key), ...known.patterns.filter((line) => line.matches(name))]
}

function exactKeysOf(known: KnownHosts, name: string, key?: string): readonly KnownKey[] {
  return [...(known.plain.get(name) ?? []), ...hashedKeysOf(known, name, key)]
}

const isNamed = ({ salt, hash }: HashedKey, name: string): boolean => createHmac('sha1', salt).update(name).digest().equals(hash)

function hashedKeysOf(known: KnownHosts, name: string, key?: string): readonly KnownKey[] {
  const before = known.found.get(name) ?? known.found.get(`${name} ${key}`)
  if (before) return before
  if (key !== undefined) {
    const equal = (known.hashedOf.get(key) ?? []).filter((line) => isNamed(line, name))
    known.found.set(`${name} ${key}`, equal)
    return equal
  }
  const lines = [...known.hashed].filter((line) => isNamed(line, name))
  for (const line of lines) known.hashed.delete(line)
  known.found.set(name, lines)
  return lines
}

function addLine(known: KnownHosts, text: string, line: string): void {
  if (text === '' || text.startsWith('#')) return
  const fields = text.split(/[ \t]+/)
  const marker = fields[0]!.startsWith('@') ? fields.shift()! : ''
  const [names, type, key] = fields
  if (!names || !type || !key || !isMarker(marker)) return void known.notes.push(`${line} is no known_hosts line`)
  const blob = Buffer.from(key, 'base64')
  if (keyType(blob) !== type) return void known.notes.push(`${line} holds no key of the type ${type}`)
  addNames(known, names.startsWith('|') ? names : names.toLowerCase(), {
    line,
    marker,
    type,
    key: blob.toString('base64'),
  })
}

const isMarker = (marker: string): marker is KnownKey['marker'] => ['', '@revoked', '@cert-authority'].includes(marker)

function addNames(known: KnownHosts, names: string, key: KnownKey): void {
  const list = names.split(',')
  if (names.startsWith('|')) addHashed(known, names, key)
  else if (list.some((name) => /^!|[*?]/.test(name))) known.patterns.push({ ...key, matches: matcher(list) })
  else for (const name of list) known.plain.set(name, [...(known.plain.get(name) ?? []), key])
}

function addHashed(known: KnownHosts, name: string, key: KnownKey): void {
  const [, version, salt, hash] = name.split('|')
  if (version !== '1' || !salt || !hash) return void known.notes.push(`${key.line} is hashed in an unknown way`)
  const hashed = { ...key, salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64') }
  known.hashed.add(hashed)
  known.hashedTypes.add(key.type)
  const alike = known.hashedOf.get(key.key)
  if (alike) alike.push(hashed)
  else known.hashedOf.set(key.key, [hashed])
}

/** A list of globs (`*.example.org,!bad.example.org`): one that matches after `!` refuses the whole line. */
function matcher(list: readonly string[]): (name: string) => boolean {
  const refused = list.filter((glob) => glob.startsWith('!')).map((glob) => globOf(glob.slice(1)))
  const wanted = list.filter((glob) => !glob.startsWith('!')).map(globOf)
  return (name) => !refused.some((glob) => glob.test(name)) && wanted.some((glob) => glob.test(name))
}

function globOf(glob: string): RegExp {
  const source = glob.replace(/[\\^$+.()|[\]{}]/g, '\\$&')
  return new RegExp(`^${source.replace(/\*+/g, '.*').replaceAll('?', '.')}$`, 's')
}

/** The first length-prefixed string of a key blob (RFC 4253, 6.6). */
function keyType(blob: Buffer): string | undefined {
  if (blob.length < 4) return undefined
  const end = 4 + blob.readUInt32BE(0)
  return end <= blob.length ? blob.toString('latin1', 4, end) : undefined
}
