import { execFileSync, spawn } from 'node:child_process'
import { createHmac, randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  checkHostKey,
  fingerprintOf,
  type KnownHosts,
  keyTypesFor,
  lineFor,
  parseKnownHosts,
  remember,
} from '../../src/host/known-hosts.js'
import { canServe, type Sshd, startSshd } from './sshd.js'

/** A key blob of a type; two names give two keys. */
const blob = (name: string, type = 'ssh-ed25519'): Buffer => {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(type.length)
  return Buffer.concat([length, Buffer.from(type), Buffer.from(name)])
}
const field = (name: string, type = 'ssh-ed25519'): string => `${type} ${blob(name, type).toString('base64')}`
const known = (...lines: readonly string[]): KnownHosts => parseKnownHosts([{ file: '/k', text: lines.join('\n') }])
const hashed = (name: string): string => {
  const salt = randomBytes(20)
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`
}

describe('known_hosts', () => {
  it.each<[string, string, readonly string[], string, string | undefined]>([
    ['the address that is connected to', 'ok', [`10.0.0.1 ${field('a')}`], 'ssh-ed25519', '/k:1'],
    ['its name, where nothing is known of the address', 'ok', [`web1 ${field('a')}`], 'ssh-ed25519', '/k:1'],
    ['the address before the name', 'changed', [`web1 ${field('a')}`, `10.0.0.1 ${field('b')}`], 'ssh-ed25519', '/k:2'],
    ['no pattern for the other name', 'unknown', [`!10.0.0.1,* ${field('a')}`], '', undefined],
    ['names in any case', 'ok', [`WEB1 ${field('a')}`], 'ssh-ed25519', '/k:1'],
    ['a dot that is no joker', 'unknown', [`10x0.0.1,10?0?0?2,1*.0.2 ${field('a')}`], '', undefined],
    ['a key revoked under the other name', 'revoked', [`10.0.0.1 ${field('a')}`, `@revoked web1 ${field('a')}`], 'ssh-ed25519', '/k:2'],
    ['another type', 'other-type', [`10.0.0.1 ${field('a', 'ssh-rsa')}`], 'ssh-rsa', '/k:1'],
    ['the equal one among several', 'ok', [`10.0.0.1 ${field('b')}`, `10.0.0.1 ${field('a')}`], 'ssh-ed25519', '/k:2'],
    ['Windows line ends', 'ok', [`10.0.0.1 ${field('a')}\r`, ''], 'ssh-ed25519', '/k:1'],
    ['hashed names', 'ok', [`${hashed('10.0.0.2')} ${field('b')}`, `${hashed('10.0.0.1')} ${field('a')}`], 'ssh-ed25519', '/k:2'],
  ])('%s: %s', (_, verdict, lines, types, line) => {
    const owner = { host: 'Web1', address: '10.0.0.1', port: 22 }
    const file = known(...lines)
    for (let times = 0; times < 2; times++) {
      expect(checkHostKey(file, owner, blob('a'))).toMatchObject({ verdict, type: 'ssh-ed25519', fingerprint: fingerprintOf(blob('a')) })
      expect(checkHostKey(file, owner, blob('a')).line).toBe(line)
    }
    expect(keyTypesFor(file, owner).join()).toBe(types)
  })

  it('asks for the types of unmarked lines only', () => {
    const file = known(
      `w ${field('a')}`,
      `w ${field('a', 'ssh-rsa')}`,
      `@revoked w ${field('b', 'ssh-dss')}`,
      `@cert-authority * ${field('c', 'x')}`,
    )
    expect(keyTypesFor(file, { host: 'w', port: 22 })).toEqual(['ssh-ed25519', 'ssh-rsa'])
  })

  it('passes over what it cannot read, and says where', () => {
    const text = [
      '',
      '# comment',
      'one',
      'host ssh-ed25519',
      `@what host ${field('a')}`,
      'host ssh-rsa AAAA',
      `|2|a|b ${field('a')}`,
      `ok ${field('a')}`,
    ]
    const file = known(...text)
    expect(file.notes.map((note) => note.split(' ')[0])).toEqual(['/k:3', '/k:4', '/k:5', '/k:6', '/k:7'])
    expect(checkHostKey(file, { host: 'ok', port: 22 }, blob('a')).verdict).toBe('ok')
  })

  it('reads patterns in any case', () => {
    expect(checkHostKey(known(`W*1 ${field('a')}`), { host: 'wEB1', port: 22 }, blob('a')).verdict).toBe('ok')
  })

  it('reads several files', () => {
    const files = ['/one', '/two'].map((file) => ({ file, text: `h ${field(file)}\n` }))
    expect(checkHostKey(parseKnownHosts(files), { host: 'h', port: 22 }, blob('/two')).line).toBe('/two:1')
  })

  it('holds to a key from when it is remembered', () => {
    const file = known()
    const owner = { host: 'h', port: 2222 }
    expect(checkHostKey(file, owner, blob('a')).verdict).toBe('unknown')
    remember(file, lineFor('h', 2222, blob('a')), 'now')
    expect(checkHostKey(file, owner, blob('a')).verdict).toBe('ok')
    expect(checkHostKey(file, owner, blob('b')).verdict).toBe('changed')
  })

  it('refuses a key revoked under the bare name also on another port', () => {
    const file = known(`[h]:2222 ${field('a')}`, `@revoked h ${field('a')}`)
    expect(checkHostKey(file, { host: 'h', port: 2222 }, blob('a')).verdict).toBe('revoked')
  })

  it.each([Buffer.alloc(0), Buffer.from([0, 0, 0, 99, 1])])('knows nothing of a blob that is no key', (key) => {
    expect(checkHostKey(known(`h ${field('a')}`), { host: 'h', port: 22 }, key).verdict).toBe('other-type')
  })

  it('stays fast with 10,000 hashed lines', () => {
    const file = known(...Array.from({ length: 10_000 }, (_, n) => `${hashed(`web${n}`)} ${field('a')}`))
    const cpu = (): number => process.cpuUsage().user / 1000
    const lookUp = (): number => {
      const before = cpu()
      for (let n = 0; n < 20; n++) expect(checkHostKey(file, { host: `web${n * 499}`, port: 22 }, blob('a')).verdict).toBe('ok')
      return cpu() - before
    }
    expect(lookUp()).toBeLessThan(20 * 200)
    expect(lookUp()).toBeLessThan(100)
  })

  it('asks no line of 10,000 for a name that has another key, as long as they are of one type', () => {
    const names = Array.from({ length: 10_000 }, (_, n) => `web${n}`)
    const file = known(...names.map((name) => `${hashed(name)} ${field(name)}`))
    const before = process.cpuUsage().user
    for (const name of names.slice(0, 1000)) {
      expect(keyTypesFor(file, { host: name, address: name, port: 22 })).toEqual(['ssh-ed25519'])
      expect(checkHostKey(file, { host: name, address: name, port: 22 }, blob(name)).verdict).toBe('ok')
    }
    // one walk over all lines takes some 20 ms
    expect((process.cpuUsage().user - before) / 1000).toBeLessThan(1000)
    expect(checkHostKey(file, { host: 'web1', port: 22 }, blob('other')).verdict).toBe('changed')
    expect(checkHostKey(file, { host: 'web0', port: 2222 }, blob('web0')).verdict).toBe('ok')
  })
})

/** Each row is judged by OpenSSH too, against a real server. */
const rows = `
ok          NAME ED
ok          HASH ED
ok          other.example,NAME ED a comment
ok          \t NAME \t ED
ok          [127.0.0.*]:PORT ED
ok          [127.0.0.?]:PORT ED
ok          * ED
ok          127.0.0.1 ED
ok          127.0.0.* ED
ok          NAME OTHER;NAME ED
ok          garbage;NAME ED
ok          @revoked * OTHER;NAME ED
unknown
unknown     #NAME ED
unknown     [127.0.0.1]:1 ED
unknown     [127.0.0.?]:PORT,!NAME ED
unknown     !NAME,!127.0.0.1,* ED
ok          !NAME,* ED
unknown     127.0.0.1 OTHER
unknown     @cert-authority * ED
unknown     @what NAME ED
unknown     NAME ssh-ed25519
unknown     NAME ssh-rsa BLOB
changed     NAME RSA
changed     NAME OTHER
changed     HASH OTHER
changed     * OTHER
changed     @cert-authority * ED;NAME OTHER
revoked     @revoked * ED
revoked     @revoked * ED;NAME ED
revoked     NAME ED;@revoked HASH ED
`
const opensshSays: readonly [string, RegExp][] = [
  ['revoked', /marked as revoked/i],
  ['changed', /REMOTE HOST IDENTIFICATION HAS CHANGED/],
  ['unknown', /No ED25519 host key is known/],
]

describe.skipIf(!canServe)('known_hosts as OpenSSH reads it', () => {
  let sshd: Sshd
  let values: Record<string, string>

  beforeAll(async () => {
    sshd = await startSshd()
    const NAME = `[127.0.0.1]:${sshd.port}`
    const file = join(sshd.dir, 'to-hash')
    writeFileSync(file, `${NAME} ${sshd.hostKey('ed25519')}\n`)
    execFileSync('ssh-keygen', ['-H', '-f', file], { stdio: 'ignore' })
    values = {
      NAME,
      PORT: `${sshd.port}`,
      HASH: readFileSync(file, 'utf8').split(' ')[0]!,
      ED: sshd.hostKey('ed25519'),
      RSA: sshd.hostKey('rsa'),
      OTHER: readFileSync(join(sshd.dir, 'id_ed25519.pub'), 'utf8').trim(),
      BLOB: sshd.hostKey('ed25519').split(' ')[1]!,
    }
  }, 60_000)

  afterAll(() => sshd?.stop())

  const openssh = (file: string): Promise<string> =>
    new Promise((resolve) => {
      const settings = [
        `UserKnownHostsFile=${file}`,
        'GlobalKnownHostsFile=/dev/null',
        'StrictHostKeyChecking=yes',
        'HostKeyAlgorithms=ssh-ed25519',
      ]
      const login = ['BatchMode=yes', 'KexAlgorithms=curve25519-sha256', 'IdentityAgent=none', 'PreferredAuthentications=none']
      const options = [...settings, ...login].flatMap((setting) => ['-o', setting])
      const child = spawn('ssh', ['-F', 'none', ...options, '-p', `${sshd.port}`, 'hf-root@127.0.0.1', 'true'])
      let said = ''
      child.stderr.on('data', (chunk) => {
        said += chunk
      })
      child.on('close', () => resolve(said))
    })

  it.each(rows.trim().split('\n'))('%s', async (row) => {
    const [verdict, rest = ''] = row.split(/ +(.*)/)
    const text = rest.replaceAll(';', '\n').replace(/NAME|PORT|HASH|ED(?=\b)|RSA|OTHER|BLOB/g, (word) => values[word]!)
    const file = join(sshd.dir, 'known')
    writeFileSync(file, `${text}\n`)
    const key = Buffer.from(values.BLOB!, 'base64')
    const ours = checkHostKey(parseKnownHosts([{ file, text }]), { host: 'web1', address: '127.0.0.1', port: sshd.port }, key).verdict
    const said = await openssh(file)
    expect([opensshSays.find(([, heard]) => heard.test(said))?.[0] ?? (/Permission denied/.test(said) ? 'ok' : said), ours]).toEqual([
      verdict,
      rest === 'NAME RSA' ? 'other-type' : verdict,
    ])
  })
})
