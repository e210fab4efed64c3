import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import ssh2, { type Connection, type ServerChannel } from 'ssh2'
import { markWord, ports, type Recording, slowSeconds } from './agreed.js'

/**
 * Many hosts in one process: an SSH server on every address of the loopback network, that takes any public key which signs, and answers
 * a look with a recorded one; which one is said by the port. Prints `ready` once all ports listen; ends with its stdin.
 */
const [keyFile = '', recordingFile = ''] = process.argv.slice(2)
const hostKey = readFileSync(keyFile)
const recording = JSON.parse(readFileSync(recordingFile, 'utf8')) as Recording

const answers: Readonly<Record<keyof typeof ports, { readonly parts: readonly string[]; readonly seconds: number }>> = {
  inSync: { parts: recording.inSync.split(markWord), seconds: 0 },
  pending: { parts: recording.pending.split(markWord), seconds: 0 },
  slow: { parts: recording.inSync.split(markWord), seconds: slowSeconds },
}

/** What one script gets: the recorded look under the script's own mark. */
function answer(script: string, kind: keyof typeof ports, channel: ServerChannel): void {
  const mark = /@holdfast-[0-9a-f]{16}/.exec(script)?.[0]
  if (mark === undefined || !script.includes('hf_main "$@"')) return void end(channel, 'no look came', 1)
  const { parts, seconds } = answers[kind]
  if (seconds === 0) end(channel, parts.join(mark), 0)
  else setTimeout(() => end(channel, parts.join(mark), 0), seconds * 1000)
}

function end(channel: ServerChannel, printed: string, code: number): void {
  channel.write(Buffer.from(printed, 'latin1'))
  channel.exit(code)
  channel.end()
}

function serve(kind: keyof typeof ports): (client: Connection) => void {
  return (client) => {
    client.on('error', () => {})
    client.on('authentication', (attempt) => {
      if (attempt.method !== 'publickey') return attempt.reject(['publickey'])
      if (!attempt.signature || verified(attempt)) return attempt.accept()
      attempt.reject()
    })
    client.on('session', (accept) =>
      accept().on('exec', (take) => {
        const channel = take()
        const script: Buffer[] = []
        channel.on('data', (piece: Buffer) => script.push(piece))
        channel.on('end', () => answer(Buffer.concat(script).toString('latin1'), kind, channel))
        channel.on('error', () => {})
      }),
    )
  }
}

const keys = new Map<string, ReturnType<typeof parsed>>()

const parsed = (data: Buffer) => {
  const key = ssh2.utils.parseKey(data)
  if (key instanceof Error) throw key
  return Array.isArray(key) ? key[0]! : key
}

function verified({ key, blob, signature, hashAlgo }: Extract<ssh2.AuthContext, { method: 'publickey' }>): boolean {
  const id = createHash('sha256').update(key.data).digest('hex')
  const known = keys.get(id) ?? parsed(key.data)
  keys.set(id, known)
  return known.verify(blob ?? Buffer.alloc(0), signature!, hashAlgo) === true
}

const kinds = Object.keys(ports) as readonly (keyof typeof ports)[]
let listening = 0
for (const kind of kinds)
  new ssh2.Server({ hostKeys: [hostKey] }, serve(kind)).listen(ports[kind], '0.0.0.0', () => {
    if (++listening === kinds.length) process.stdout.write('ready\n')
  })
process.stdin.resume().on('end', () => process.exit(0))
