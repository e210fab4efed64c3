import { spawn } from 'node:child_process'
import { decodeBytes, printable } from '../text.js'

const namespace = 'holdfast-plan'

/** A signature by `ssh-keygen -Y sign` (OpenSSH 8.0), or its words why there is none. `key` is a private key, or a public one whose private half an agent holds. */
export async function sign(bytes: Buffer, key: string): Promise<{ readonly signature: string } | { readonly refused: string }> {
  const ran = await keygen(['-Y', 'sign', '-q', '-f', key, '-n', namespace], bytes)
  return ran.code === 0 && ran.stdout.startsWith('-----BEGIN SSH SIGNATURE-----') ? { signature: ran.stdout } : { refused: ran.words }
}

/** Who signed these bytes, by ssh-keygen's ALLOWED SIGNERS, or why no one there did. `signature` and `allowed` are files. */
export async function verify(
  bytes: Buffer,
  signature: string,
  allowed: string,
): Promise<{ readonly signer: string } | { readonly refused: string }> {
  const found = await keygen(['-Y', 'find-principals', '-s', signature, '-f', allowed], Buffer.alloc(0))
  const principals = found.code === 0 ? found.stdout.split('\n').filter(Boolean) : []
  if (principals.length === 0) return { refused: `nobody in ${allowed} made the signature ${signature} (${found.words})` }
  let last = ''
  for (const signer of principals) {
    const ran = await keygen(['-Y', 'verify', '-f', allowed, '-I', signer, '-n', namespace, '-s', signature], bytes)
    if (ran.code === 0) return { signer }
    last = ran.words
  }
  return { refused: `the signature ${signature} does not hold for it (${last})` }
}

interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly words: string
}

/** The passphrase of a key is asked for on the terminal by ssh-keygen itself. */
function keygen(argv: readonly string[], stdin: Buffer): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn('ssh-keygen', [...argv], { stdio: 'pipe' })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (part: Buffer) => out.push(part))
    child.stderr.on('data', (part: Buffer) => err.push(part))
    child.stdin.on('error', () => {}) // it may end without having read
    child.on('error', (error) => resolve({ code: null, stdout: '', words: `ssh-keygen: ${error.message}` }))
    child.on('close', (code) => {
      const words = printable(decodeBytes(Buffer.concat(err)).trim().split('\n').filter(Boolean).slice(-2).join('; '))
      resolve({ code, stdout: Buffer.concat(out).toString(), words: words || `ssh-keygen ended with ${code}` })
    })
    child.stdin.end(stdin)
  })
}
