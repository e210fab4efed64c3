import { readFileSync } from 'node:fs'
import type { AnyAuthMethod, AuthenticationType, AuthHandlerMiddleware, BaseAgent, ParsedKey } from 'ssh2'

/** What reads keys; ssh.ts gives ssh2's. */
export interface Keyring {
  parseKey(text: Buffer, passphrase?: string): ParsedKey | Error
  openAgent(socket: string): BaseAgent
}

/** What a login may use. */
export interface Credentials {
  readonly user: string
  readonly password?: string
  /** Key files that are named: tried first, and worth a note when they cannot be read. */
  readonly keyFiles: readonly string[]
  /** Key files that are tried if they are there, where none is named. */
  readonly identities: readonly string[]
  /** Of the agent's keys, only those that stand in the key files. */
  readonly identitiesOnly: boolean
  /** Socket of ssh-agent. */
  readonly agent?: string
}

/** One way to log in; `label` names it for people: `/root/.ssh/id_ed25519`, `the password`. */
interface Way {
  readonly methods: readonly AuthenticationType[]
  readonly label: string
  auth(methods: readonly AuthenticationType[]): AnyAuthMethod
}

/** The ways of one login in OpenSSH's order, and why some key is not among them. */
export interface Ways {
  readonly ways: readonly Way[]
  readonly notes: readonly string[]
}

/** Ways to log in: the named key file, the agent's keys, the usual files (where no key is named), the password. */
export async function findWays(credentials: Credentials, keyring: Keyring): Promise<Ways> {
  const { user, keyFiles, password } = credentials
  const agent = await findAgent(credentials, keyring)
  const keys = filesOf(credentials).map((file) => findKey(file, credentials, agent.keys, keyring))
  const ways = keys.flatMap((found) => found.ways)
  const password_ = password === undefined ? [] : [passwordWay(user, password)]
  return {
    ways: keyFiles.length === 0 ? [...agent.ways, ...ways, ...password_] : [...ways, ...agent.ways, ...password_],
    notes: [...agent.notes, ...keys.flatMap((found) => found.notes)],
  }
}

const filesOf = ({ keyFiles, identities }: Credentials): readonly string[] => (keyFiles.length === 0 ? identities : keyFiles)

/** A login under way: ssh2 asks `handler` for the next way; `report` says what was tried and what the host takes. */
export interface Login {
  readonly handler: AuthHandlerMiddleware
  report(): string
}

/** Goes through the ways, each once, and only those that the host says it takes. */
export function logIn(user: string, { ways, notes }: Ways): Login {
  const left = [...ways]
  const tried: string[] = []
  let takes: readonly AuthenticationType[] | null = null
  return {
    handler: (methods: readonly AuthenticationType[] | null, _partial, next) => {
      takes = methods
      // ssh2 does not know the host's methods before the first try; a password is not to be spent on the wrong one
      if (methods === null && !left[0]?.methods.includes('publickey')) return next({ type: 'none', username: user })
      const at = left.findIndex((way) => methods === null || way.methods.some((method) => methods.includes(method)))
      const [way] = at < 0 ? [] : left.splice(at, 1)
      if (!way) return next(false as never)
      tried.push(way.label)
      next(way.auth(methods ?? way.methods))
    },
    report: () =>
      [
        tried.length > 0 ? `tried ${tried.join(', ')}` : 'nothing to try: no key, no agent, no password',
        ...(takes === null ? [] : [`the host takes ${takes.join(', ') || 'no method'}`]),
        ...notes,
      ].join('; '),
  }
}

interface FoundAgent extends Ways {
  readonly keys: readonly Buffer[]
}

/** An agent that does not answer is a note: ssh2 would end the whole login with its error. */
async function findAgent(credentials: Credentials, keyring: Keyring): Promise<FoundAgent> {
  const { user, agent, identitiesOnly } = credentials
  if (!agent) return { ways: [], notes: [], keys: [] }
  const opened = identitiesOnly
    ? narrowed(keyring.openAgent(agent), await publicKeysOf(credentials, keyring), keyring)
    : keyring.openAgent(agent)
  try {
    const keys = await agentKeys(opened, keyring)
    const label = `${keys.length} ${keys.length === 1 ? 'key' : 'keys'} of the agent`
    const way: Way = { methods: ['publickey'], label, auth: () => ({ type: 'agent', username: user, agent: opened }) }
    return keys.length === 0 ? { ways: [], notes: ['the agent holds no key'], keys } : { ways: [way], notes: [], keys }
  } catch (error) {
    return { ways: [], notes: [`the agent at ${agent} does not answer (${(error as Error).message})`], keys: [] }
  }
}

/** An agent that shows only some of its keys. */
function narrowed(agent: BaseAgent, wanted: readonly Buffer[], keyring: Keyring): BaseAgent {
  const shows = (key: Buffer | ParsedKey): boolean => publicPart(key, keyring).some((shown) => wanted.some((each) => each.equals(shown)))
  const getIdentities: BaseAgent['getIdentities'] = (done) =>
    agent.getIdentities((error, keys) => done(error, (keys as (Buffer | ParsedKey)[] | undefined)?.filter(shows) as never))
  return Object.assign(Object.create(agent) as BaseAgent, { getIdentities })
}

/** The public parts of the key files, from the file itself or the .pub beside it. */
async function publicKeysOf(credentials: Credentials, keyring: Keyring): Promise<readonly Buffer[]> {
  const all = filesOf(credentials).flatMap((file) => [file, `${file}.pub`])
  return all.map(readKey).flatMap((text) => {
    const key = keyring.parseKey(text instanceof Error ? Buffer.alloc(0) : text)
    return key instanceof Error ? [] : [key.getPublicSSH()]
  })
}

const agentSeconds = 3

function agentKeys(agent: BaseAgent, keyring: Keyring): Promise<readonly Buffer[]> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${agentSeconds} s`)), agentSeconds * 1000)
    agent.getIdentities((error, keys) => {
      clearTimeout(timer)
      if (error) return reject(error)
      resolve((keys ?? []).flatMap((key) => publicPart(key as Buffer | ParsedKey, keyring)))
    })
  })
}

function publicPart(key: Buffer | ParsedKey, keyring: Keyring): readonly Buffer[] {
  const parsed = 'getPublicSSH' in key ? key : keyring.parseKey(key)
  return parsed instanceof Error ? [] : [parsed.getPublicSSH()]
}

/** At once: a key is short, and for each host the thread pool's way to it costs a millisecond of the processor. */
function readKey(file: string): Buffer | NodeJS.ErrnoException {
  try {
    return readFileSync(file)
  } catch (error) {
    return error as NodeJS.ErrnoException
  }
}

function findKey(file: string, { user, keyFiles }: Credentials, ofAgent: readonly Buffer[], keyring: Keyring): Ways {
  const text = readKey(file)
  if (text instanceof Error) return text.code === 'ENOENT' && keyFiles.length === 0 ? none() : none(`${file}: ${text.message}`)
  const key = parseOnce(text, keyring)
  if (key instanceof Error) return none(`${file} ${whyNot(key)}`)
  if (!key.isPrivateKey()) return none(`${file} holds no private key`)
  if (keyFiles.length === 0 && ofAgent.some((held) => held.equals(key.getPublicSSH()))) return none()
  return { ways: [{ methods: ['publickey'], label: file, auth: () => ({ type: 'publickey', username: user, key }) }], notes: [] }
}

const none = (...notes: readonly string[]): Ways => ({ ways: [], notes })

const isLocked = (key: ParsedKey | Error): boolean => key instanceof Error && /no passphrase given/i.test(key.message)

const whyNot = (error: Error): string =>
  isLocked(error) ? 'needs a passphrase: add it to ssh-agent (ssh-add)' : `cannot be used (${error.message})`

/** The key files of a login that want a passphrase, as far as there is no other way: named files always, the usual ones only if all else is missing. */
export async function lockedKeys(credentials: Credentials, keyring: Keyring): Promise<readonly string[]> {
  const { keyFiles, password } = credentials
  const agent = await findAgent(credentials, keyring)
  const found = filesOf(credentials).map((file) => ({ file, state: lockOf(file, agent.keys, keyring) }))
  const needed = keyFiles.length > 0 || (password === undefined && agent.keys.length === 0 && !found.some(({ state }) => state === 'open'))
  return needed ? found.filter(({ state }) => state === 'locked').map(({ file }) => file) : []
}

function lockOf(file: string, ofAgent: readonly Buffer[], keyring: Keyring): 'open' | 'locked' | 'unusable' {
  const text = readKey(file)
  const key = text instanceof Error ? text : parseOnce(text, keyring)
  if (text instanceof Error || (key instanceof Error && !isLocked(key))) return 'unusable'
  if (!(key instanceof Error)) return 'open'
  const line = readKey(`${file}.pub`)
  const shown = line instanceof Error ? line : keyring.parseKey(line)
  const held = !(shown instanceof Error) && ofAgent.some((each) => each.equals(shown.getPublicSSH()))
  return held ? 'open' : 'locked'
}

/** Opens a key file with its passphrase, for all logins of this process; false: the passphrase is not the right one. */
export async function unlockKey(file: string, passphrase: string, keyring: Keyring): Promise<boolean> {
  const text = readFileSync(file)
  const key = keyring.parseKey(text, passphrase)
  if (!(key instanceof Error)) parsed.set(text.toString('latin1'), key)
  return !(key instanceof Error)
}

const parsed = new Map<string, ParsedKey | Error>()

/** Keys are parsed once for all hosts: an ed25519 key costs more to read than to sign with. */
function parseOnce(text: Buffer, keyring: Keyring): ParsedKey | Error {
  const before = parsed.get(text.toString('latin1'))
  if (before) return before
  const key = keyring.parseKey(text)
  parsed.set(text.toString('latin1'), key)
  return key
}

function passwordWay(user: string, password: string): Way {
  return {
    methods: ['password', 'keyboard-interactive'],
    label: 'the password',
    auth: (methods) => (methods.includes('password') ? { type: 'password', username: user, password } : keyboardAuth(user, password)),
  }
}

/** Answers the first round of hidden prompts with the password, later rounds (a new password, a second factor) with nothing. */
function keyboardAuth(username: string, password: string): AnyAuthMethod {
  let asked = false
  return {
    type: 'keyboard-interactive',
    username,
    prompt: (_name, _instructions, _lang, prompts, finish) => {
      finish(asked ? [] : prompts.map((prompt) => (prompt.echo ? '' : password)))
      asked = true
    },
  }
}
