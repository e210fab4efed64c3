import { run as validRun } from '../generated/validators.js'
import type { RunMemory } from '../script/act.js'
import { stateDir } from '../script/facts.js'
import type { Effect, Section } from '../types.js'

/** What a host keeps of a run that changed it (schemas/run.schema.json), `/var/lib/holdfast/runs/RUN/effects.json`. */
export interface HostRun extends RunMemory {
  readonly run: string
  /** ISO time, by the controller's clock. */
  readonly at: string
  /** `kim@jump1`. */
  readonly who: string
  readonly effects: readonly Effect[]
}

const path = new RegExp(`^${stateDir}/runs/([A-Za-z0-9-]+)/effects\\.json$`)

/** sh that prints the notes of every run that the host keeps. */
export const runsScript = `hf_f ${stateDir}/runs/*/effects.json`

/** The runs that a host keeps, the last first, and those whose notes cannot be read. */
export function readRuns(sections: readonly Section[]): { readonly runs: readonly HostRun[]; readonly damaged: readonly string[] } {
  const runs: HostRun[] = []
  const damaged: string[] = []
  for (const { kind, name, body } of sections) {
    const id = kind === 'file' ? path.exec(name)?.[1] : undefined
    if (id === undefined) continue
    const run = parse(body)
    if (run?.run === id && run.changes.length === run.effects.length) runs.push(run)
    else damaged.push(id)
  }
  return { runs: runs.sort((a, b) => (a.at < b.at ? 1 : -1)), damaged }
}

function parse(text: string): HostRun | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return validRun(value) ? (value as HostRun) : undefined
  } catch {
    return undefined
  }
}
