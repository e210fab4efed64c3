import type { Readable, Writable } from 'node:stream'

/** The three pipes of a command that runs somewhere. */
export interface Pipes {
  readonly input: Writable
  readonly output: Readable
  readonly errors: Readable
}

/** What a command wants before it takes a script: it asks on stderr, is answered, and says on a line of stdout that it is ready. */
export interface Opening {
  readonly asks: RegExp
  readonly answer: string
  readonly ready: string
}

/** What came back. */
export interface Heard {
  stdout(): Buffer
  stderr(): Buffer
}

export interface Limits {
  readonly maxOutput: number
  /** Called once more than `maxOutput` bytes came. */
  overflow(): void
}

const keptOfStderr = 256 * 1024

/**
 * Gives a command its script and collects what it prints, as bytes: a UTF-8 character may arrive in two packets. Where there is an
 * opening, the answer is sent only when it is asked for, once (a second question ends the input: a wrong password is tried once), and
 * the script only when the command is ready: neither can be taken for the other.
 */
export function feed(pipes: Pipes, script: Buffer, opening: Opening | undefined, limits: Limits): Heard {
  const stdout = bounded(limits.maxOutput)
  const stderr = bounded(keptOfStderr)
  const hear = (chunk: Buffer): void => {
    if (!stdout.add(chunk)) limits.overflow()
  }
  const door = opening && openDoor(pipes.input, opening, script, hear)
  pipes.output.on('data', (chunk: Buffer) => (door ? door.heard(chunk) : hear(chunk)))
  pipes.errors.on('data', (chunk: Buffer) => {
    stderr.add(chunk)
    door?.asked(stderr.bytes().toString('latin1'))
  })
  // a command that ends early closes its pipes: its exit status tells
  pipes.input.on('error', () => {})
  if (!door) pipes.input.end(script)
  return {
    stdout: () => (door ? Buffer.concat([door.held(), stdout.bytes()]) : stdout.bytes()),
    stderr: () => withoutQuestions(stderr.bytes(), opening),
  }
}

function withoutQuestions(stderr: Buffer, opening: Opening | undefined): Buffer {
  return opening ? Buffer.from(stderr.toString('latin1').replace(new RegExp(opening.asks, 'gi'), ''), 'latin1') : stderr
}

interface Door {
  heard(chunk: Buffer): void
  asked(stderr: string): void
  /** What was printed before it was open. */
  held(): Buffer
}

const most = 64 * 1024

function openDoor(input: Writable, { asks, answer, ready }: Opening, script: Buffer, hear: (chunk: Buffer) => void): Door {
  let held: Buffer = Buffer.alloc(0)
  let open = false
  let questions = 0
  const mark = Buffer.from(`${ready}\n`)
  return {
    heard(chunk) {
      if (open) return hear(chunk)
      held = Buffer.concat([held, chunk])
      const at = held.indexOf(mark)
      if (at < 0) {
        held = held.subarray(0, most)
        return
      }
      open = true
      const rest = held.subarray(at + mark.length)
      held = held.subarray(0, at)
      input.end(script)
      hear(rest)
    },
    asked(stderr) {
      if (open) return
      const now = [...stderr.matchAll(new RegExp(asks, 'gi'))].length
      if (now > questions && questions === 0) input.write(`${answer}\n`)
      else if (now > questions) input.end()
      questions = now
    },
    held: () => held,
  }
}

interface Bounded {
  /** Keeps what there is room for; false once something was dropped. */
  add(chunk: Buffer): boolean
  bytes(): Buffer
}

function bounded(limit: number): Bounded {
  const chunks: Buffer[] = []
  let room = limit
  return {
    add(chunk) {
      const kept = chunk.subarray(0, room)
      chunks.push(kept)
      room -= kept.length
      return kept.length === chunk.length
    },
    bytes: () => Buffer.concat(chunks),
  }
}
