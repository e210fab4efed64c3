import { createCipheriv, createDecipheriv, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto'

/** A vault password; `id` is the label that it goes by, where it has one. */
export interface VaultPassword {
  readonly id?: string
  readonly password: string
}

export type Unvaulted = { readonly text: string } | { readonly failure: string }

/** Opens what ansible-vault encrypted (format 1.1 and 1.2, AES256), with the passwords of its own label first; the failure says what is missing. */
export function decryptVault(envelope: string, passwords: readonly VaultPassword[]): Unvaulted {
  const [header = '', ...lines] = envelope.trim().split(/\r?\n/)
  const [, version, cipher, label] = header.trim().split(';')
  if (!/^1\.[12]$/.test(version ?? '') || cipher !== 'AES256')
    return { failure: `of a form that is not known here (${header.trim().slice(0, 60)})` }
  const [salt, mac, text] = unhex(lines.map((line) => line.trim()).join(''))
    .toString('latin1')
    .split('\n')
    .map(unhex)
  if (!salt || !mac || !text || mac.length !== 32) return { failure: 'damaged' }
  if (passwords.length === 0) return { failure: 'locked: give --vault-password-file, --vault-id or --ask-vault-pass' }
  for (const { password } of [...passwords.filter(({ id }) => id === label), ...passwords.filter(({ id }) => id !== label)]) {
    const keys = keysOf(password, salt)
    if (!timingSafeEqual(createHmac('sha256', keys.mac).update(text).digest(), mac)) continue
    return { text: unpadded(createDecipheriv('aes-256-ctr', keys.cipher, keys.start).update(text)).toString('utf8') }
  }
  return { failure: `locked by another password${label === undefined ? '' : ` (its label is ${label})`}` }
}

/** The envelope that ansible-vault opens: 1.1, or 1.2 where the password has a label. */
export function encryptVault(text: string, { id, password }: VaultPassword, salt: Buffer = randomBytes(32)): string {
  const keys = keysOf(password, salt)
  const encrypted = createCipheriv('aes-256-ctr', keys.cipher, keys.start).update(padded(Buffer.from(text, 'utf8')))
  const mac = createHmac('sha256', keys.mac).update(encrypted).digest()
  const body = Buffer.from([salt, mac, encrypted].map((part) => part.toString('hex')).join('\n')).toString('hex')
  const header = id === undefined ? '$ANSIBLE_VAULT;1.1;AES256' : `$ANSIBLE_VAULT;1.2;AES256;${id}`
  return `${[header, ...(body.match(/.{1,80}/g) ?? [])].join('\n')}\n`
}

function keysOf(password: string, salt: Buffer): { readonly cipher: Buffer; readonly mac: Buffer; readonly start: Buffer } {
  const derived = pbkdf2Sync(password, salt, 10_000, 80, 'sha256')
  return { cipher: derived.subarray(0, 32), mac: derived.subarray(32, 64), start: derived.subarray(64) }
}

const unhex = (text: string): Buffer => Buffer.from(text, 'hex')

/** PKCS#7, blocks of 16 bytes. */
function padded(text: Buffer): Buffer {
  const missing = 16 - (text.length % 16)
  return Buffer.concat([text, Buffer.alloc(missing, missing)])
}

const unpadded = (text: Buffer): Buffer => text.subarray(0, text.length - (text.at(-1) ?? 0))
