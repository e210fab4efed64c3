import { readFileSync } from 'node:fs'
import type { LoadedHost } from '../load/load.js'
import { askHidden, NobodyThere } from './ask.js'
import { type FleetOptions, Mistake } from './options.js'

/** The hosts as they are gone to: with --become, and with the passwords that are asked for or stand in files where the inventory gives none; key files are unlocked on the way. */
export async function withSecrets(hosts: readonly LoadedHost[], options: FleetOptions): Promise<readonly LoadedHost[]> {
  const { askPass, askBecomePass, connectionPasswordFile, becomePasswordFile } = options
  const password = await secretOf(connectionPasswordFile, askPass, 'SSH password: ')
  const forBecome = await secretOf(
    becomePasswordFile,
    askBecomePass,
    password === undefined ? 'BECOME password: ' : 'BECOME password [defaults to SSH password]: ',
  )
  const becomePassword = forBecome === '' ? password : forBecome
  const given = hosts
    .map((host) => withBecome(host, options))
    .map(({ target, ...rest }) => ({
      ...rest,
      target: {
        ...(password !== undefined && { password }),
        ...(becomePassword !== undefined && target.become && { becomePassword }),
        ...target,
      },
    }))
  const { unlockAll } = await import('../host/connect.js')
  await unlockAll(
    given.map(({ target }) => target),
    (question) => askHidden(question).catch(withoutAnswer),
  )
  return given
}

/** --become holds for every host but those that log in as that user anyhow: an appliance's root has no sudo. */
function withBecome({ target, ...rest }: LoadedHost, { become }: FleetOptions): LoadedHost {
  return { ...rest, target: { ...target, become: target.become || (become && target.user !== target.becomeUser) } }
}

/** A key that nobody can unlock stays locked: the login says so, where it would have been needed. */
function withoutAnswer(error: unknown): undefined {
  if (!(error instanceof NobodyThere)) throw error
}

/** What was answered, by question: a rollback goes to its hosts twice, a watch in every run. */
const answers = new Map<string, Promise<string>>()

function answerTo(question: string): Promise<string> {
  const answer = answers.get(question) ?? askHidden(question)
  answers.set(question, answer)
  return answer
}

async function secretOf(file: string | undefined, ask: boolean | undefined, question: string): Promise<string | undefined> {
  if (file === undefined) return ask ? answerTo(question) : undefined
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new Mistake(`the password file cannot be read: ${(error as Error).message}`)
  }
}
