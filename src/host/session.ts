/** What a script on a host gave back. It succeeded only if `code` is 0 and `stdout` holds the end mark that the caller asked for. */
export interface Ran {
  /** null: the connection was lost or the script died of `signal`. */
  readonly code: number | null
  readonly signal?: string
  readonly stdout: Buffer
  readonly stderr: Buffer
}

export interface RunOptions {
  /** Seconds; then the session is ended and `ConnectionLost` is thrown with what had come. */
  readonly timeout: number
  /** Bytes of stdout that are kept (more ends the session): a host that answers for ever must not fill the controller. */
  readonly maxOutput?: number
}

/** A login on a host, over which scripts run by the stdin of `sh -s` (through sudo where the target says so). */
export interface Session {
  run(script: string, options: RunOptions): Promise<Ran>
  /** Ends the connection; never throws, returns at once. */
  close(): void
}

/** Why a host could not be reached; the message is for people and holds the host's own words. */
export class Unreachable extends Error {
  constructor(
    message: string,
    readonly kind: 'refused' | 'timeout' | 'host-key' | 'authentication' | 'dns' | 'protocol',
  ) {
    super(message)
    this.name = 'Unreachable'
  }
}

/** The connection went away (or a time limit ended it) while a script ran: what the script did is unknown. */
export class ConnectionLost extends Error {
  constructor(
    message: string,
    readonly stdout: Buffer,
  ) {
    super(message)
    this.name = 'ConnectionLost'
  }
}

/** A login that is no shell (an appliance's clish), sudo's requiretty or refusal: reached, but no script can run. */
export class NoShell extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'NoShell'
  }
}
